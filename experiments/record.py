"""Compare a simulation with all observations of a case.

    python -m experiments.record [case_dir=FOLDER] [OVERRIDE ...] > docs/record.md

Runs the scenario of what happened and prints, as Markdown: each observed figure beside the
simulated one, with its error in points and in standard deviations of the source, apart for what is
to be fitted and what is only shown, as company claims; root mean squares; what the score rests on;
and the score beside that of a world in which nothing moves. A figure further off than three
standard deviations is called missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiments import command
from experiments.case_scores import figures, summary, with_forecasts
from sim import Result, load_config, run
from sim.base.exit_codes import exit_status_of_errors
from sim.base.units import REACHES
from sim.config.sim_config import SimConfig
from sim.observation.observed import NO_ADDRESS, observations
from sim.observation.operators import REACH, of_whom
from sim.observation.residuals import FAR, available, residuals, score
from sim.observation.waves import with_waves

MISSED = "Missed: further off than three standard deviations of the source (docs/howto_case.md)."


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        config = what_happened(*overrides)
        observed = with_waves(observations(config))
        result = run(config)
    print("# The simulated and the observed record\n")
    print(f"Made by `{command.line('record', overrides)}`. {MISSED}\n")
    print("\n".join(section(result, observed)), end="\n\n")
    print(beside_persistence(summary(with_forecasts(figures(result)))))


def what_happened(*overrides: str) -> SimConfig:
    """Return the configuration of what happened in a case.

    Raises
    ------
    ConfigError
        If an override is refused.
    """
    name = load_config(*overrides).case.happened
    return load_config(f"+scenario={name}", *overrides)


def beside_persistence(scored: pd.DataFrame) -> str:
    """Say how far off the scored figures are, and how far if nothing had moved.

    Parameters
    ----------
    scored : DataFrame, as of `case_scores.summary`
        Of one case; empty if none of its figures is scored.
    """
    if scored.empty:
        return "No figure is scored; docs/cases.md says which would be."
    score = scored.iloc[0]
    return (
        f"Scored as in docs/cases.md: {score['n']} figures, an error of {score['rmse']:.1f} "
        f"points; if every platform had stayed where it started, {score['persistence']:.1f}."
    )


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
    left = table[table["median"].isna()]
    names = dict.fromkeys(f"{p.platform} {when(p.period)}" for p in left.itertuples())
    listed = f": {', '.join(names)}" if names else ""
    yield f"\n{len(left)} of {len(table)} figures lie outside the run or have no series{listed}."


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
        span = when(p.period) + (f" to {when(p.until_period)}" if pd.notna(p.until) else "")
        yield (
            f"| {span} | {p.platform} | {_what(p.operator, p.base, p.group)}"
            f"{', points' if p.in_points else ''} | {p.bound}{100 * p.value:.1f} "
            f"| {100 * p.median:.1f} ({100 * p.low:.1f} to {100 * p.high:.1f}) "
            f"| {p.error_points:+.1f} | {p.standardised:+.1f} | {_note(p)} |"
        )


def when(period: pd.Period) -> str:
    """Return a day, week, month, quarter or year as it is said."""
    kind, day = period.freqstr[0], f"{period.start_time.day} {period.start_time:%b %Y}"
    said = {"D": day, "W": f"week of {day}", "Q": f"Q{period.quarter} {period.year}"}
    return said.get(kind, str(period.year) if kind in "AY" else f"{period.start_time:%b %Y}")


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
