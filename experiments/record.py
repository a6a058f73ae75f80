"""Compare a simulation with all observations of a case.

    python -m experiments.record [case_dir=FOLDER] [OVERRIDE ...] > docs/record.md

Runs the scenario of what happened and prints, as Markdown: each observed figure beside the
simulated one, with its error in points and in standard deviations of the source, apart for what is
to be fitted and what is only shown, as company claims; root mean squares; and what the score rests
on. A figure further off than three standard deviations is called missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiments import command
from sim import load_config, run
from sim.base.exit_codes import exit_status_of_errors
from sim.base.units import REACHES
from sim.config.sim_config import SimConfig
from sim.observation.observed import NO_ADDRESS, observations
from sim.observation.operators import REACH, of_whom
from sim.observation.residuals import FAR, available, residuals, score
from sim.observation.waves import with_waves
from sim.runs.results import Result

MISSED = "Missed: further off than three standard deviations of the source (docs/howto_case.md)."


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        config = what_happened(*overrides)
        observed = with_waves(observations(config))
        result = run(config)
    print("# The simulated and the observed record\n")
    print(f"Made by `{command.line('record', overrides)}`. {MISSED}\n")
    print("\n".join(section(result, observed)))


def what_happened(*overrides: str) -> SimConfig:
    """Return the configuration of what happened in a case.

    Raises
    ------
    ConfigError
        If an override is refused.
    """
    name = load_config(*overrides).case.happened
    return load_config(f"+scenario={name}", *overrides)


def section(result: Result, observed: pd.DataFrame) -> Iterator[str]:
    """Yield the lines of what is to be said of one case."""
    config = result.config
    outcomes = pd.concat([result.timeseries, available(config)])
    table = residuals(outcomes, observed)
    seen = table[table["median"].notna()].sort_values(["platform", "operator", "date"])
    yield (
        f"{config.case.title}: scenario `{config.scenario}`, {config.population.n_users:,} users, "
        f"{config.replications} replications, median and 90 % band over them.\n"
    )
    yield f"What the score rests on: {config.case.caveat}\n"
    yield from _points(seen[seen["use"] == "fit"])
    yield "\nShown, not to be fitted:\n"
    yield from _points(seen[seen["use"] == "show"])
    yield "\nRoot mean square errors, apart for what is to be fitted and what is only shown:\n"
    yield from _score(table)
    n_left = len(table) - len(seen)
    yield f"\n{n_left} of {len(table)} figures lie outside the run or have no series."


def _points(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        yield "None."
        return
    yield (
        "| when | platform | what | observed, % | simulated, % (90 % band) | error, points "
        "| in sigmas | |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for p in rows.itertuples():
        span = " to ".join(
            _when(one, p.operator) for one in (p.period, p.until_period) if pd.notna(one)
        )
        yield (
            f"| {span} | {p.platform} | {_what(p.operator, p.base, p.group)}"
            f"{', points' if p.in_points else ''} | {p.bound}{100 * p.value:.1f} "
            f"| {100 * p.median:.1f} ({100 * p.low:.1f} to {100 * p.high:.1f}) "
            f"| {p.error_points:+.1f} | {p.standardised:+.1f} | {_note(p)} |"
        )


def _when(period: pd.Period, operator: str) -> str:
    """Return the name of a period; monthly reach of a day or week is that of its month."""
    kind, first = period.freqstr[0], period.start_time
    if kind == "M" or (kind in "DW" and operator.startswith("monthly")):
        return f"{first:%b %Y}"
    if kind in "DW":
        return f"{'week of ' if kind == 'W' else ''}{first.day} {first:%b %Y}"
    return str(period)


def _what(operator: str, base: str, group: str) -> str:
    name = REACHES[REACH[operator]] if operator in REACH else operator.replace("_", " ")
    return name + of_whom(base, group)


def _note(point: Any) -> str:
    """Say who measured where that is no panel, and whether the point is missed."""
    notes = []
    if point.quality != "panel":
        grade = f"[{point.quality}]({point.source})"
        grade = point.quality if point.source.startswith(NO_ADDRESS) else grade
        notes.append(f"{grade}: {point.measurer}")
        notes += [point.note] if point.note else []
    if point.use == "fit" and abs(point.standardised) > FAR:
        notes.append("**missed**")
    return "; ".join(notes)


def _score(table: pd.DataFrame) -> Iterator[str]:
    yield "| | platform | what | figures | points | sigmas |"
    yield "|---|---|---|---|---|---|"
    for (use, platform, operator), row in score(table).iterrows():
        cells = (use, platform, _what(operator, "12+", "all"), f"{row['n']:.0f}")
        yield f"| {' | '.join(cells)} | {row['points']:.1f} | {row['sigmas']:.1f} |"


if __name__ == "__main__":
    main(command.overrides("record", __doc__))
