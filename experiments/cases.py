"""Run every case and score it, misses included.

    python -m experiments.cases [OVERRIDE ...] > docs/cases.md

The shipped country and each folder of cases/ are run as they happened. The page begins with a
table of scores (experiments/case_scores.py); then follows what
``python -m experiments.record case_dir=FOLDER`` prints for each folder. After a change of a rule,
``population.n_users=3000`` is enough: a minute on two cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from experiments import command
from experiments.base_study import markdown
from experiments.case_record import ROUGH
from experiments.case_scores import (
    ALIKE,
    KNOWN,
    MOVED,
    MOVED_SHARE,
    WEIGHT,
    figures,
    summary,
    total,
    with_forecasts,
)
from experiments.record import MISSED, section, what_happened
from sim import run
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.conf import CASES
from sim.config.sim_config import SimConfig
from sim.observation.observed import observations
from sim.observation.waves import with_waves

FEW = 3  # scored figures; a case with fewer is said by too little
TUNED_ON = "russia_2025"  # the case that the defaults were tuned on: no part of the totals
HEAD = f"""\
What happened elsewhere and before, simulated with behaviour as it was tuned on Russia in 2025.
Only what a case can know is changed: people, platforms, shares at the start, what was done on
which day. So these are tests and not fits. *Strength* says how much its record can bear, and is
the weight of a case in the totals ({", ".join(f"{k} {v:g}" for k, v in WEIGHT.items())}).

- Scored are figures of reach, of apps installed and of VPN use from the first policy on that are
  to be fitted or are of the press (all that some cases have), if their source has a standard
  deviation of at most {ROUGH:g} points. Later waves of one pollster count as changes since the
  wave before.
- *Persistence*: every platform stays where it started. *Other cases*: a platform moves as the mean
  of the platforms of the other cases did, apart for those whose messages are restricted and for
  all others, if it starts at {KNOWN:g} % or more.
- *Fell*, *rose*: the median of the simulated over the observed move from the start, of moves of at
  least {MOVED:g} points or {100 * MOVED_SHARE:g} % of the start. 1 is right, 0 is nothing, below 0
  the wrong way. *Half to double*: the share of these between {ALIKE[0]:g} and {ALIKE[1]:g}.
- *Gained most*: the platform that rose most on record, and whether it did in the model.
- A figure of a day or week is read from the steps that it lies in, seven days unless a case has
  shorter ones.
- *In the 90 % band*: of replications, widened by the error of the source. Parameters are fixed, so
  the band knows nothing of how uncertain they are.
"""


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        folders = [folder for folder in sorted(CASES.glob("*/")) if (folder / "conf").is_dir()]
        configs = {folder.name: case_config(folder, overrides) for folder in folders}
        configs[TUNED_ON] = what_happened(*overrides)
    results = {name: run(config) for name, config in configs.items()}
    table = pd.concat([figures(result) for result in results.values()], ignore_index=True)
    print("# Cases: the simulated and the observed record\n")
    print(f"Made by `{command.line('cases', overrides)}`. {MISSED}\n")
    print(HEAD)
    scored = summary(with_forecasts(table))
    print("\n".join(scores(scored)), end="\n\n")
    print(too_little(scored, list(configs)), end="\n\n")
    for name in [folder.name for folder in folders]:
        print(f"## {name}\n")
        print(
            "\n".join(section(results[name], with_waves(observations(configs[name])))), end="\n\n"
        )


def scores(cases: pd.DataFrame) -> Iterator[str]:
    """Yield the table of scores and what it adds up to.

    Parameters
    ----------
    cases : DataFrame, as of `case_scores.summary`
    """
    others = cases.drop(index=TUNED_ON, errors="ignore")
    others = others.sort_values("strength", key=lambda names: -names.map(WEIGHT), kind="stable")
    yield "## Scores\n"
    yield f"{_in_words(total(others), others)}\n"
    yield markdown(
        ("case", "strength", "figures", "error, points", "in sigmas", "persistence", "other cases",
         "fell", "rose", "half to double", "gained most", "in the 90 % band"),
        (
            (str(c.Index), str(c.strength), str(c.n), f"{c.rmse:.1f}", f"{c.sigmas:.1f}",
             f"{c.persistence:.1f}", f"{c.other_cases:.1f}", _times(c.fell), _times(c.rose),
             f"{c.alike * c.moved:.0f} of {c.moved}" if c.moved else "",
             _gained(str(c.gained), str(c.simulated_gained)), f"{100 * c.covered:.0f} %")
            for c in cases.loc[[*others.index, *cases.index.difference(others.index)]].itertuples()
        ),
    )  # fmt: skip


def too_little(cases: pd.DataFrame, names: list[str]) -> str:
    """Say of which cases hardly a figure or none is scored.

    Parameters
    ----------
    cases : DataFrame, as of `case_scores.summary`
    names : list of str
        Of all cases, those without a scored figure included.
    """
    few = [f"`{case}` ({n})" for case, n in cases["n"].items() if n < FEW]
    none = [f"`{name}`" for name in names if name not in cases.index]
    lines = [
        f"{text}: {', '.join(some)}."
        for text, some in (
            (f"Said by too little, fewer than {FEW} scored figures", few),
            ("Without any, so in no total; only to be looked at", none),
        )
        if some
    ]
    return " ".join(lines)


def _in_words(whole: pd.Series, others: pd.DataFrame) -> str:
    """Return the totals in words."""
    right = others[others["gained"] != ""]
    n_right = int((right["gained"] == right["simulated_gained"]).sum())
    best = min(whole["persistence"], whole["other_cases"])
    return (
        f"Over {len(others)} cases, without `{TUNED_ON}`, which the defaults were tuned on: an "
        f"error of {whole['rmse']:.1f} points, which is "
        f"{100 * whole['rmse'] / whole['persistence']:.0f} % of that of persistence "
        f"({whole['persistence']:.1f}) and {100 * whole['rmse'] / best:.0f} % of that of the best "
        f"simple forecast; in the median case {whole['sigmas']:.1f} standard deviations of the "
        f"sources. The median fall is {_times(whole['fell'])} of the real one and the "
        f"median rise {_times(whole['rose'])}; {100 * whole['alike']:.0f} % of moves are within "
        f"half to double. Who gained most is right in {n_right} of {len(right)} cases. The 90 % "
        f"bands cover {100 * whole['covered']:.0f} % of the figures."
    )


def _gained(observed: str, simulated: str) -> str:
    """Say which platform gained most, and which one did in the model if it is another."""
    return observed if observed == simulated else f"{observed}, not {simulated}"


def _times(ratio: float) -> str:
    return "" if pd.isna(ratio) else f"{ratio:.2f}"


def case_config(folder: Path, overrides: list[str]) -> SimConfig:
    """Return what happened in the case of a folder; what is refused there names it."""
    try:
        return what_happened(f"case_dir={folder}", *overrides)
    except ConfigError as error:
        raise ConfigError(f"{folder.name}: {error}") from None


if __name__ == "__main__":
    main(command.overrides("cases", __doc__))
