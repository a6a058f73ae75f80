"""Hold the simulation against every observed point, June 2025 to February 2026.

    python -m experiments.record [OVERRIDE ...] > docs/record.md

Runs ``as_happened`` and prints, as Markdown: each monthly and daily reach point observed beside
the simulated one with the error in percentage points; errors by platform, before and after
messages were throttled; cellular calls and WhatsApp use. Patterns: ``experiments.patterns``.
"""

from __future__ import annotations

import sys

import pandas as pd

from sim import load_config, run
from sim.errors import ConfigError
from sim.observed import compare_with_observed, monthly_mean, observed_indicators
from sim.results import Result

THROTTLED = pd.Timestamp("2025-12-31")  # from then on messages were throttled nationwide
PERIODS = ("Jun-Dec 2025", "Jan-Feb 2026")
LAST = pd.Timestamp("2026-02-28")
FAR = 3.0  # percentage points


def main(overrides: list[str]) -> None:
    """Print the page."""
    try:
        happened = run(load_config("+scenario=as_happened", *overrides))
    except ConfigError as error:
        sys.exit(str(error))
    points = _points(happened)
    print("# The simulated and the observed record\n")
    print(f"Made by `{' '.join(('python -m experiments.record', *overrides))}`", end="; ")
    config = happened.config
    print(f"{config.population.n_users:,} users, {config.replications} replications, median.\n")
    print(
        "The defaults were tuned on these points: this is a fit, not a forecast (defaults.md).\n"
    )
    print(_point_table(points))
    print("\n## Root mean square error by platform, percentage points\n")
    print(_error_table(points))
    print("\n## Use\n")
    print(_use_table(happened))


def _points(result: Result) -> pd.DataFrame:
    points = compare_with_observed(result.timeseries, "as_happened", result.config.case.name)
    return points[points["date"] <= LAST]


def _point_table(points: pd.DataFrame) -> str:
    lines = [
        "| month | platform | reach | observed, % | simulated, % (90 % band) | error, points | |",
        "|---|---|---|---|---|---|---|",
    ]
    for p in points.itertuples():
        note = "company claim" if p.quality == "company" else ""
        if abs(p.error_points) > FAR:
            note = f"{note}, **missed**" if note else "**missed**"
        lines.append(
            f"| {p.date:%b %Y} | {p.platform} | {'monthly' if p.measure == 'mau' else 'daily'} "
            f"| {100 * p.observed:.1f} "
            f"| {100 * p.median:.1f} ({100 * p.low:.1f}-{100 * p.high:.1f}) "
            f"| {p.error_points:+.1f} | {note} |"
        )
    return "\n".join(lines)


def _error_table(points: pd.DataFrame) -> str:
    measured = points[points["quality"] != "company"]
    period = (measured["date"] <= THROTTLED).map({True: PERIODS[0], False: PERIODS[1]})
    table = measured.assign(period=period, square=measured["error_points"] ** 2).pivot_table(
        index=["platform", "measure"], columns="period", values="square", aggfunc="mean"
    )
    lines = [f"| platform | reach | {PERIODS[0]} | {PERIODS[1]} |", "|---|---|---|---|"]
    for (platform, measure), row in table.iterrows():
        cells = ["" if pd.isna(row[period]) else f"{row[period] ** 0.5:.2f}" for period in PERIODS]
        name = "monthly" if measure == "mau" else "daily"
        lines.append(f"| {platform} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _use(result: Result, scenario: str, platform: str, channel: str) -> pd.Series:
    """Return the median monthly use, index date."""
    t = result.timeseries
    rows = t[
        (t["scenario"] == scenario) & (t["group"] == "all") & (t["measure"] == "use")
        & (t["platform"] == platform) & (t["channel"] == channel)
    ]  # fmt: skip
    return monthly_mean(rows).groupby("date")["value"].median()


def _change(series: pd.Series, before: str, after: str) -> float:
    return float(series[after] / series[before] - 1.0)


def _use_table(result: Result) -> str:
    calls = _change(_use(result, "as_happened", "cellular", "call"), "2025-07-01", "2025-10-01")
    whatsapp = sum(_use(result, "as_happened", "whatsapp", c) for c in ("message", "call"))
    fall = _change(whatsapp, "2025-06-01", "2025-11-01")
    observed = observed_indicators(result.config.case.name)
    lines = ["| indicator | observed | simulated |", "|---|---|---|"]
    simulated = {
        "cellular_call_traffic_change": f"{100 * calls:+.0f} % (Jul-Oct 2025)",
        "whatsapp_time_per_user_change": f"{100 * fall:+.0f} % (Jun-Nov 2025)",
    }
    for indicator in observed.itertuples():
        value = simulated.get(indicator.indicator, "not simulated")
        span = f"{indicator.from_date:%b %Y} to {indicator.to_date:%b %Y}"
        lines.append(
            f"| {indicator.indicator} ({span}) | {100 * indicator.value:+.0f} % | {value} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
