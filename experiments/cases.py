"""Run every case and score it, misses included.

    python -m experiments.cases [OVERRIDE ...] > docs/cases.md

The shipped country and each folder of cases/ are run as they happened. The page begins with a
table of scores (experiments/case_scores.py); then follows what
``python -m experiments.record case_dir=FOLDER`` prints for each folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from experiments import command
from experiments.base_study import markdown
from experiments.case_scores import (
    ALIKE,
    KNOWN,
    MOVED,
    MOVED_SHARE,
    ROUGH,
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

TUNED_ON = "russia_2025"  # the case that the defaults were tuned on: no part of the totals
HEAD = f"""\
What happened elsewhere and before, simulated with behaviour as it was tuned on Russia in 2025.
Only what a case can know is changed: people, platforms, shares at the start, what was done on
which day. So these are tests and not fits. *Strength* says how much its record can bear, and is
the weight of a case in the totals ({", ".join(f"{k} {v:g}" for k, v in WEIGHT.items())}).

- Scored are figures of reach, of apps installed and of VPN use from the first policy on, whose
  source has a standard deviation of at most {ROUGH:g} points; a company's claims are not scored.
- *Persistence*: every platform stays where it started. *Other cases*: a platform moves as the mean
  of the platforms of the other cases did, apart for those whose messages are restricted and for
  all others, if it starts at {KNOWN:g} % or more.
- *Fell*, *rose*: the median of the simulated over the observed move from the start, of moves of at
  least {MOVED:g} points or {100 * MOVED_SHARE:g} % of the start. 1 is right, 0 is nothing, below 0
  the wrong way. *Half to double*: the share of these between {ALIKE[0]:g} and {ALIKE[1]:g}.
- A figure of a day or week is read from the step that it lies in, seven days unless a case has
  shorter ones. So of a block that begins on that day the figure shows the first hours, and the
  model the whole first week.
- *In the 90 % band*: of replications, widened by the error of the source. Parameters are fixed, so
  the band knows nothing of how uncertain they are.
"""


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        folders = [folder for folder in sorted(CASES.glob("*/")) if (folder / "conf").is_dir()]
        configs = {folder.name: _case(folder, overrides) for folder in folders}
        configs[TUNED_ON] = what_happened(*overrides)
    results = {name: run(config) for name, config in configs.items()}
    table = pd.concat([figures(result) for result in results.values()], ignore_index=True)
    print("# Cases: the simulated and the observed record\n")
    print(f"Made by `{command.line('cases', overrides)}`. {MISSED}\n")
    print(HEAD)
    print("\n".join(scores(summary(with_forecasts(table)))), end="\n\n")
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
    whole = total(others)
    yield "## Scores\n"
    right = others[others["gained"] != ""]
    n_right = int((right["gained"] == right["simulated_gained"]).sum())
    best = min(whole["persistence"], whole["other_cases"])
    yield (
        f"Over all cases but `{TUNED_ON}`, which the defaults were tuned on: an error of "
        f"{whole['rmse']:.1f} points ({whole['sigmas']:.1f} standard deviations of the sources), "
        f"which is {100 * whole['rmse'] / whole['persistence']:.0f} % of that of persistence "
        f"({whole['persistence']:.1f}) and {100 * whole['rmse'] / best:.0f} % of that of the best "
        f"simple forecast. The median fall is {_times(whole['fell'])} of the real one and the "
        f"median rise {_times(whole['rose'])}; {100 * whole['alike']:.0f} % of moves are within "
        f"half to double. Who gained most is right in {n_right} of {len(right)} cases. The 90 % "
        f"bands cover {100 * whole['covered']:.0f} % of the figures.\n"
    )
    yield markdown(
        ("case", "strength", "figures", "error, points", "in sigmas", "persistence", "other cases",
         "fell", "rose", "half to double", "gained most", "in the model", "in the 90 % band"),
        (
            (str(c.Index), str(c.strength), str(c.n), f"{c.rmse:.1f}", f"{c.sigmas:.1f}",
             f"{c.persistence:.1f}", f"{c.other_cases:.1f}", _times(c.fell), _times(c.rose),
             f"{c.alike * c.moved:.0f} of {c.moved}" if c.moved else "", str(c.gained),
             str(c.simulated_gained), f"{100 * c.covered:.0f} %")
            for c in cases.itertuples()
        ),
    )  # fmt: skip


def _times(ratio: float) -> str:
    return "" if pd.isna(ratio) else f"{ratio:.2f}"


def _case(folder: Path, overrides: list[str]) -> SimConfig:
    """Return what happened in the case of a folder; what is refused there names it."""
    try:
        return what_happened(f"case_dir={folder}", *overrides)
    except ConfigError as error:
        raise ConfigError(f"{folder.name}: {error}") from None


if __name__ == "__main__":
    main(command.overrides("cases", __doc__))
