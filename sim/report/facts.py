"""Facts of a run for its report: effects with intervals, groups, misses, uncertainty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from math import nan
from typing import Any, NamedTuple

import pandas as pd

from sim.base.numbers import Number
from sim.base.units import BAND
from sim.config.sim_config import SimConfig
from sim.config.titles import scenario_title
from sim.measures.registry import find
from sim.measures.series import Series
from sim.observation.apart import first_difference
from sim.observation.months import monthly_mean
from sim.report.finding import finding
from sim.report.readings import readings
from sim.report.summary import (
    COVERED,
    SERIES,
    Row,
    every_monthly_series,
    how_many_missed,
    months,
    observed_in,
    reach_points,
    rows,
)
from sim.runs.results import Tables

MOVED = 2  # messengers named in the first sentence
READABLE = {name: find(name).word for name in ("exposure_phone", "exposure_apps")}


class Line(NamedTuple):
    """One measure: before, after, what each counterfactual changes, what was observed."""

    row: Row
    before: Number
    after: Number
    # by counterfactual: scenario minus counterfactual, paired; of measures that compare with the
    # first one, that one alone
    effects: dict[str, Number]
    observed: str


class Facts(NamedTuple):
    """Everything that a report is written from."""

    config: SimConfig
    before: dt.date
    after: dt.date
    lines: list[Line]
    groups: pd.DataFrame  # by group: effect on daily reach of each messenger, and on state reading
    observed: pd.DataFrame  # as summary.reach_points, by date
    answer: list[str]
    finding: str  # the answer in a title
    levels: dict[Series, Number]  # of the later month, in the scenario
    changes: dict[Series, Number]  # what they differ by from the first counterfactual
    # of the later month, by scenario: a row a series of `levels`, a column a replication
    told: dict[str, pd.DataFrame]
    readings: dict[str, Any]  # as of sim.report.readings


TOLD = (
    "dau",
    "use",
    "displaced",
    "worse_off",
    "no_means",
    "exposure_phone",
    "exposure_apps",
    "welfare",
)  # measures of title and tiles


def facts(result: Tables) -> Facts | None:
    """Return the facts of a run; None if it holds no whole month."""
    return result.once("facts", lambda: _facts(result))


def _facts(result: Tables) -> Facts | None:
    before, after = months(result)
    if after is None:
        return None
    config = result.config
    seen = reach_points(result)
    lines = list(_lines(result, before, after))
    groups = _groups(result, after)
    answer = list(_answer(config, after, lines, seen))
    seen = seen.sort_values("date", kind="stable")
    told = _told(result, after)
    here, *others = told.values()
    levels, changes = _numbers(here), _numbers(here - others[0]) if others else {}
    title = finding(config, after.date(), levels, changes)
    return Facts(
        config, before.date(), after.date(), lines, groups, seen, answer, title, levels, changes,
        told, readings(result),
    )  # fmt: skip


def _told(result: Tables, after: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return what title and tiles tell of the later month, by scenario."""
    return {
        name: table.loc[after].loc[lambda rows: rows.index.get_level_values("measure").isin(TOLD)]
        for name, table in every_monthly_series(result).items()
    }


def _numbers(values: pd.DataFrame) -> dict[Series, Number]:
    """Return the numbers of series, one a row, with one replication a column."""
    ends = values.quantile(list(BAND.values()), axis=1).T
    if values.shape[1] == 1:
        ends.iloc[:, [0, 2]] = nan
    found = {}
    for key, (low, median, high) in zip(values.index, ends.to_numpy(), strict=True):
        series = Series(*map(str, key))
        found[series] = Number(median, low, high, find(series.measure).form)
    return found


def fact_table(found: Facts) -> pd.DataFrame:
    """Return the lines of a report as a table to read: adoption first, costs below it.

    Returns
    -------
    DataFrame, index label of the measure
        Both months and the effect relative to each counterfactual, with 90 % intervals: per
        cent and percentage points where the measure is a share; the observed value [%], if any.
    """
    rows = {
        line.row.label: {
            f"{found.before:%b %Y}": str(line.before),
            f"{found.after:%b %Y}": line.after.level(),
            **{f"less {other}": effect.change for other, effect in line.effects.items()},
            f"observed {found.after:%b %Y}": line.observed,
        }
        for line in found.lines
    }
    return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def _lines(result: Tables, before: pd.Timestamp, after: pd.Timestamp) -> Iterator[Line]:
    config = result.config
    monthly = every_monthly_series(result)
    observed = observed_in(result, after)
    for row in rows(config):
        key = (row.platform, row.channel, row.measure)
        here, *others = (table.xs(key, level=SERIES) for table in monthly.values())
        effects = {
            name: Number.of(here.loc[after] - other.loc[after], row.form)
            for name, other in zip(config.compare_to, others, strict=True)
            if name == config.compare_to[0] or not row.is_paired
        }
        point = observed.get((row.platform, row.measure))
        yield Line(
            row,
            Number.of(here.loc[before], row.form),
            Number.of(here.loc[after], row.form),
            effects,
            "" if point is None else f"{100 * point:.1f}",
        )


def _answer(
    config: SimConfig, after: pd.Timestamp, lines: list[Line], seen: pd.DataFrame
) -> Iterator[str]:
    """Yield three sentences: adoption, cost, uncertainty."""
    when = f"{after:%B %Y}"
    if config.compare_to:
        yield from _effect(config, when, lines)
    else:
        yield from _levels(when, lines)
    yield _how_sure(config, seen)


def _how_sure(config: SimConfig, seen: pd.DataFrame) -> str:
    """Say what the intervals cover, and how many observed points the run misses."""
    society = f"one society of {config.population.n_users:,} users"
    sure = f"this is one run of {society}, without intervals"
    if config.replications > 1:
        replications = f"{config.replications} replications of {society}"
        sure = f"the intervals are over {replications} and cover {COVERED[config.parameters]}"
    misses = "no observed reach of this period can be compared with the run"
    if len(seen):
        is_other = first_difference(config) is not None
        theirs = "; they are of what happened, not of this scenario" if is_other else ""
        misses = f"{how_many_missed(seen)}{theirs}"
    return f"How sure: {sure}; {misses}."


def _effect(config: SimConfig, when: str, lines: list[Line]) -> Iterator[str]:
    """Say what a scenario changes relative to its first counterfactual."""
    other = config.compare_to[0]
    by_key = {(line.row.platform, line.row.channel, line.row.measure): line for line in lines}
    reach = [line for line in lines if line.row.measure == "dau"]
    reach.sort(key=lambda line: -abs(line.effects[other].median))
    moved = ", ".join(
        f"of {_name(line)} is {line.effects[other].moved('higher', 'lower')}"
        for line in reach[:MOVED]
        if not line.effects[other].is_nought
    )
    reached = (
        f"the daily reach {moved} (the largest changes)" if moved else "daily reach is the same"
    )
    calls = by_key["cellular", "call", "use"].effects[other]._replace(form="percent")
    yield (
        f"Compared with {scenario_title(config, other)}, in {when}, {reached}; ordinary phone "
        f"calls make up {calls.moved('more', 'less')} of all communication"
        f"{_abuse(config, other, by_key)}."
    )
    cost = {key[1:]: line.effects[other] for key, line in by_key.items() if key[0] == "any"}
    yield (
        "At what cost: "
        f"{cost['call', 'displaced'].level(' %')} of calls and "
        f"{cost['message', 'displaced'].level(' %')} of messages go by other means than "
        f"otherwise; {cost['any', 'worse_off'].level(' %')} of people are worse off; "
        f"{cost['call', 'no_means'].moved('more', 'fewer')} of ties are without means of calling "
        f"and {cost['message', 'no_means'].moved('more', 'fewer')} of writing; of all "
        f"communication, {cost['any', 'exposure_phone'].moved('more', 'less')} is readable by "
        f"the state as calls and SMS, and {cost['any', 'exposure_apps'].moved('more', 'less')} "
        f"on apps; welfare is {cost['any', 'welfare'].moved('higher', 'lower', 'index points')}."
    )


def _abuse(config: SimConfig, other: str, by_key: Mapping[tuple[str, str, str], Line]) -> str:
    """Say how abuse changes, which is the stated reason for restrictions; empty without abuse."""
    changes: list[str] = []
    for kind, abuse in config.abuse.items():
        what, of = ("losses", "to") if abuse.takes == "money" else ("incidents", "of")
        change = by_key["any", "any", f"{kind}_{what}"].effects[other]._replace(form="percent")
        are = "" if changes else "are "
        name = kind.replace("_", " ")
        changes.append(f"{what} {of} {name} {are}{change.moved('higher', 'lower', '%')}")
    return f"; {', '.join(changes)} (100 %: the level at the start)" if changes else ""


def _levels(when: str, lines: list[Line]) -> Iterator[str]:
    """Yield levels of a scenario that has no counterfactual: adoption, then cost."""
    reach = [line for line in lines if line.row.measure == "dau"]
    reach.sort(key=lambda line: -line.after.median)
    shares = ", ".join(f"{_name(line)} {line.after.level(' %')}" for line in reach)
    yield f"In {when}, daily reach is: {shares}."
    costs = (line for line in lines if line.row.is_harm)
    paid = "; ".join(f"{line.row.label.lower()} {line.after.level()}" for line in costs)
    yield f"At what cost: {paid} (shares in %, welfare as an index)."


def _name(line: Line) -> str:
    """Return the messenger of a line."""
    return line.row.label.rpartition(",")[0]


def _groups(result: Tables, after: pd.Timestamp) -> pd.DataFrame:
    """Return effects by group [points], means of the same month as for the whole population."""
    config = result.config
    if not config.compare_to or not all(map(config.output.keeps, ("dau", *READABLE))):
        return pd.DataFrame()
    t = result.timeseries
    is_read = (t["measure"] == "exposure_phone") | (t["measure"] == "exposure_apps")
    daily = (t["measure"] == "dau") | (is_read & (t["channel"] == "any"))
    # steps that overlap the month, and the next one, which gives the length of the last
    step = pd.Timedelta(days=config.step_days)
    near = (t["date"] > after - step) & (t["date"] < after + pd.offsets.MonthBegin() + step)
    studied, other = (t["scenario"] == name for name in _pair(config))  # isin is 100 times slower
    kept = t[daily & near & (studied | other)]
    names = (
        kept["platform"]
        .astype(str)
        .where(kept["measure"] == "dau", kept["measure"].astype(str).map(READABLE))
    )
    series = kept.assign(name=names).groupby(["group", "name", "scenario"], observed=True)
    keys = series.size().index.to_frame(index=False)
    means = monthly_mean(kept[["date", "replication", "value"]].assign(platform=series.ngroup()))
    means = means[means["date"] == after].join(keys, on="platform")
    means = means.set_index(["group", "name", "replication", "scenario"])["value"]
    here, there = (means.xs(name, level="scenario") for name in _pair(config))
    effect = (100 * (here - there)).reset_index()
    table = effect.pivot_table(
        index="group", columns="name", values="value", aggfunc="median", observed=True, sort=False
    )
    return table[[*config.messengers, *READABLE.values()]].drop(index="all")


def _pair(config: SimConfig) -> tuple[str, str]:
    """Return the scenario and the first one it is compared with."""
    return config.scenario, config.compare_to[0]
