"""Patterns P1-P10: what happened, what the model makes of it, misses included.

    python -m experiments.patterns [OVERRIDE ...] > docs/patterns.md
    python -m experiments.patterns parameters=posterior replications=64
                                   > docs/patterns_posterior.md

Runs ``as_happened`` and ``call_ban_only`` with its baseline and prints, as Markdown, one table:
pattern, observed, simulated with the 90 % band over replications, verdict. The criterion of each
verdict stands in the function that writes it and in the table. Of a posterior many draws are
taken: the median of eight would decide verdicts by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments import command
from sim import Result, compare, load_config
from sim.base.exit_codes import exit_status_of_errors
from sim.base.units import BAND
from sim.observation.observed import observations, observed_reach
from sim.runs.outcomes import monthly

HAPPENED, ALONE = "as_happened", "call_ban_only"
JUL, AUG, SEP, OCT, DEC = (f"2025-{month:02}-01" for month in (7, 8, 9, 10, 12))
JAN, FEB, APR = (f"2026-{month:02}-01" for month in (1, 2, 4))
NEAR = 3.0  # points of reach
TOLD = {
    "defaults": """\
The bands hold no parameter error. Defaults were tuned in sight
of P1-P5, P7, P8 and P10 (defaults.md); P6 and P9 were not used.""",
    "posterior": """\
Each replication runs with another draw of the posterior,
which saw nothing after December 2025 (validation.md); the bands hold that error, too.""",
}
# Shares of the 12+ population by age band (UN, 2025), to join bands as polls do.
AGES = {"12-17": 0.085, "18-24": 0.084, "55-64": 0.143, "65+": 0.208}
YOUNG, OLD = ("12-17", "18-24"), ("55-64", "65+")


class Line(NamedTuple):
    """One row of the table."""

    pattern: str
    what: str
    observed: str
    simulated: str
    criterion: str
    holds: bool | None  # None: the model cannot express it


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        happened = compare(load_config(f"+scenario={HAPPENED}", *overrides))
        alone = compare(load_config(f"+scenario={ALONE}", *overrides))
    config = happened.config
    print("# Patterns that happened, and the model\n")
    print(f"Made by `{command.line('patterns', overrides)}`; ", end="")
    print(f"{config.population.n_users:,} users, {config.replications} replications: median and")
    print(f"90 % band over them; verdicts are of the median. {TOLD[config.parameters]}\n")
    print(
        "| pattern | what | observed | simulated | holds if | verdict |\n|---|---|---|---|---|---|"
    )
    for line in lines(happened, alone):
        verdict = {True: "holds", False: "**missed**", None: "**not in the model**"}[line.holds]
        print("| " + " | ".join((*line[:5], verdict)) + " |")


def lines(happened: Result, alone: Result) -> Iterator[Line]:
    """Yield the rows of the table."""
    yield from _call_ban(alone, happened)
    yield from _throttling(happened)
    yield from _telegram(happened)
    yield from _max(happened)
    yield from _polls(happened)
    yield from _ages(happened)
    yield from _fraud(happened)
    yield Line(
        "P9", "channels stay: top 30 of Telegram in Max", "1.4 of 87 mln subscriptions", "-",
        "channels are not in the model, only their pull", None,
    )  # fmt: skip
    yield from _vpn(happened)


def _of(result: Result, platform: str, measure: str, channel: str = "any", group: str = "all",
        scenario: str = "") -> pd.DataFrame:  # fmt: skip
    """Return a monthly series in percent of the 12+ population, a column a replication."""
    name = scenario or result.config.scenario
    return 100 * monthly(result.timeseries, name, platform, measure, channel, group)


def _band(values: pd.Series | np.ndarray, unit: str = "", form: str = "+.1f") -> str:
    """Write median and 90 % band."""
    low, middle, high = (format(q, form) for q in np.quantile(values, list(BAND.values())))
    return f"{middle}{unit} ({low} to {high})"


def _change(table: pd.DataFrame, before: str, after: str) -> pd.Series:
    """Return the relative change between two months in percent, one value a replication."""
    return 100 * (table.loc[after] / table.loc[before] - 1)


def _seen(result: Result, platform: str, measure: str) -> pd.Series:
    """Return observed reach in percent, index date."""
    t = observed_reach(observations(result.config))
    rows = t[(t["platform"] == platform) & (t["measure"] == measure)]
    return 100 * rows.set_index("date")["value"]


def _call_ban(result: Result, happened: Result) -> Iterator[Line]:
    for name in ("whatsapp", "telegram"):
        effect = (
            _of(result, name, "mau").loc[DEC]
            - _of(result, name, "mau", scenario="baseline").loc[DEC]
        )
        yield Line(
            "P1", f"calls restricted and nothing else: monthly reach of {name}, Dec", "not lower",
            _band(effect, " points"), "within 2 points of the world without",
            abs(effect.median()) < 2,
        )  # fmt: skip
    calls = _of(happened, "cellular", "use", "call")
    for after, observed in ((AUG, "+15 to +30 %"), (OCT, "+25 % (operators: +9 to +42)")):
        rise = _change(calls, JUL, after)
        yield Line(
            "P1", f"cellular calls, {_span(JUL, after)}", observed, _band(rise, " %", "+.0f"),
            "15 to 35 %", 15 <= rise.median() <= 35,
        )  # fmt: skip


def _throttling(result: Result) -> Iterator[Line]:
    reach, seen = _of(result, "whatsapp", "mau"), _seen(result, "whatsapp", "mau")
    for before, after in ((AUG, DEC), (DEC, JAN), (JAN, FEB)):
        change = _change(reach, before, after)
        observed = 100 * (seen[after] / seen[before] - 1)
        yield Line(
            "P2", f"WhatsApp, monthly, {_span(before, after)}", f"{observed:+.1f} %",
            _band(change, " %"), "within 2.5 points", abs(change.median() - observed) < 2.5,
        )  # fmt: skip


def _telegram(result: Result) -> Iterator[Line]:
    reach, seen = _of(result, "telegram", "mau"), _seen(result, "telegram", "mau")
    rise = reach.loc[JAN] - reach.loc[DEC]
    yield Line(
        "P3", "Telegram, monthly, rises as WhatsApp is throttled, Dec-Jan",
        f"{seen[JAN] - seen[DEC]:+.1f} points", _band(rise, " points"), "+0.9 to +2.9",
        0.9 <= rise.median() <= 2.9,
    )  # fmt: skip
    flat = reach.loc[FEB] - reach.loc[JAN]
    yield Line(
        "P3", "then flat under its own slowdown, Jan-Feb", f"{seen[FEB] - seen[JAN]:+.1f} points",
        _band(flat, " points"), "within 1 point of 0", abs(flat.median()) < 1,
    )  # fmt: skip
    daily = _change(_of(result, "telegram", "dau"), JAN, FEB)
    yield Line(
        "P3", "the same: daily reach", "-2 %", _band(daily, " %"), "-5 to 0 %",
        -5 <= daily.median() <= 0,
    )  # fmt: skip


def _max(result: Result) -> Iterator[Line]:
    reach, seen = _of(result, "max", "mau"), _seen(result, "max", "mau")
    months = [m for m in seen.index if m in reach.index and m >= pd.Timestamp(AUG)]
    for month in months:
        error = reach.loc[month].median() - seen[month]
        yield Line(
            "P4", f"Max, monthly, {month:%b %Y}", f"{seen[month]:.1f} %",
            _band(reach.loc[month], " %", ".1f"), "within 3 points", bool(abs(error) < NEAR),
        )  # fmt: skip
    spans = list(pairwise(months))
    hazard = [_hazard(reach.loc[a].median(), reach.loc[b].median(), a, b) for a, b in spans]
    there = [_hazard(seen[a], seen[b], a, b) for a, b in spans]
    yield Line(
        "P4", "its hazard a month on the rest of the population, by interval",
        ", ".join(f"{h:.2f}" for h in there), ", ".join(f"{h:.2f}" for h in hazard),
        "each within .10", all(abs(a - b) < 0.1 for a, b in zip(hazard, there, strict=True)),
    )  # fmt: skip
    daily, daily_seen = _of(result, "max", "dau"), _seen(result, "max", "dau")
    for month in (AUG, SEP, DEC):
        ratio = daily.loc[month] / reach.loc[month]
        observed = daily_seen[month] / seen[month]
        yield Line(
            "P5", f"Max, daily / monthly, {pd.Timestamp(month):%b %Y}", f"{observed:.2f}",
            _band(ratio, form=".2f"), "within .10",
            bool(abs(ratio.median() - observed) < 0.1),
        )  # fmt: skip


def _hazard(before: float, after: float, a: pd.Timestamp, b: pd.Timestamp) -> float:
    """Return the constant hazard a month that takes the rest from one share to another [%]."""
    return float(np.log((100 - before) / (100 - after)) / ((b - a).days / 30.4))


def _polls(result: Result) -> Iterator[Line]:
    """Yield what people say they use: what they open daily, far less than they have."""
    daily, reach = _of(result, "max", "dau"), _of(result, "max", "mau")
    for month, poll, said in ((AUG, "Levada", 6.0), (SEP, "ExtremeScan", 9.0)):
        there = _seen(result, "max", "mau")[month]
        opened, has = daily.loc[month], reach.loc[month].median()
        yield Line(
            "P6", f"Max in polls, {pd.Timestamp(month):%b %Y}, far below its monthly reach",
            f"{said:.0f} % of adults name it ({poll}), reach {there:.0f} %",
            f"opened on a day by {_band(opened, ' %', '.1f')}, reach {has:.0f} %",
            "daily users within 4 points of the poll and below half of the reach",
            bool(abs(opened.median() - said) < 4 and opened.median() < has / 2),
        )  # fmt: skip
    primary = _of(result, "max", "primary").loc[SEP]
    yield Line(
        "P6", "the same, Sep 2025: those who talk mostly there (several answers allowed)",
        "9 % (ExtremeScan)", f"primary for {_band(primary, ' %', '.1f')}",
        "within 4 points of the poll", bool(abs(primary.median() - 9) < 4),
    )  # fmt: skip


def _ages(result: Result) -> Iterator[Line]:
    """Yield the age gradients; the young and old of the poll are 12-24 and 55+."""
    reported = (
        ("telegram", "80 / 26 % = 3.1", 2.2, 4.0),
        ("whatsapp", "about 1 to 1.3", 0.8, 1.5),
    )
    for name, observed, low, high in reported:
        by_age = {b: _of(result, name, "dau", group=f"age={b}").iloc[0] for b in AGES}
        young, old = (
            sum(AGES[b] * by_age[b] for b in bands) / sum(AGES[b] for b in bands)
            for bands in (YOUNG, OLD)
        )
        ratio = young / old
        yield Line(
            "P7", f"{name}, daily reach, age 12-24 over 55+", observed,
            _band(ratio, form=".2f"), f"{low} to {high}",
            bool(low <= ratio.median() <= high),
        )  # fmt: skip


def _fraud(result: Result) -> Iterator[Line]:
    paths = {name: _attempts(result, name) for name in result.config.platforms}
    before, week, month = (pd.Timestamp(d) for d in ("2025-08-04", "2025-08-18", "2025-09-08"))
    apps = paths["whatsapp"] + paths["telegram"]
    drop = 100 * (apps.asof(week) / apps.asof(before) - 1)
    yield Line(
        "P8", "fraud attempts in WhatsApp and Telegram, a week after the restriction",
        "-70 % (T-Bank, Vympelcom)", _band(drop, " %", "+.0f"), "-85 to -50 %",
        bool(-85 <= drop.median() <= -50),
    )  # fmt: skip
    cellular = paths["cellular"]
    rise = 100 * (cellular.asof(month) / cellular.asof(before) - 1)
    yield Line(
        "P8", "fraud attempts by cellular, four weeks after",
        "calls from abroad +83 % (ministry), about x2 (Sber)", _band(rise, " %", "+.0f"),
        "a rise of 20 to 150 %", bool(20 <= rise.median() <= 150),
    )  # fmt: skip
    share = 100 * paths["max"].asof(month) / sum(path.asof(month) for path in paths.values())
    yield Line(
        "P8", "Max among fraud attempts, early September", "8-9 % of calls (Sber)",
        _band(share, " %", ".1f"), "4 to 14 %", bool(4 <= share.median() <= 14),
    )  # fmt: skip


def _attempts(result: Result, platform: str) -> pd.DataFrame:
    """Return attempts by step, a column a replication."""
    t = result.timeseries
    rows = t[
        (t["scenario"] == HAPPENED) & (t["group"] == "all")
        & (t["measure"] == "fraud_attempts") & (t["platform"] == platform)
    ]  # fmt: skip
    wide: pd.DataFrame = rows.pivot_table(index="date", columns="replication", values="value")
    return wide


def _vpn(result: Result) -> Iterator[Line]:
    vpn = _of(result, "any", "vpn")
    rise, early = vpn.loc[APR] - vpn.loc[JAN], (vpn.loc[DEC] - vpn.loc[SEP]).median()
    share = vpn.loc[APR].median()
    yield Line(
        "P10", "VPN use surges as Telegram is slowed and blocked, Jan-Apr 2026",
        "reports only; 41 % of 12+ use Telegram by VPN (the founder, April 2026)",
        f"{_band(rise, ' points')}, to {share:.0f} %; Sep-Dec {early:+.1f}",
        "5 points or more, faster than before",
        bool(rise.median() >= 5 and rise.median() > early),
    )  # fmt: skip


def _span(before: str, after: str) -> str:
    return f"{pd.Timestamp(before):%b}-{pd.Timestamp(after):%b}"


if __name__ == "__main__":
    main(command.overrides("patterns", __doc__))
