"""What the terminal shows after a run: a table a person understands, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from rich.table import Table

from sim.config import SimConfig
from sim.observed import compare_with_observed, monthly_mean, observed_reach
from sim.platforms import CELLULAR
from sim.results import BAND, Result

FAR = 3.0  # percentage points: a simulated point further off than this is called missed


class Row(NamedTuple):
    """One line of the table: which series, how to write it."""

    label: str
    platform: str
    channel: str
    measure: str
    form: str  # "percent" or "number"


def rows(config: SimConfig) -> list[Row]:
    """Return the lines of the table: adoption, and never without what it costs."""
    labels = {name: config.platforms[name].label for name in config.messengers}
    reach = [
        Row(f"{label}, {word}", name, "any", measure, "percent")
        for name, label in labels.items()
        for word, measure in (("monthly reach", "mau"), ("daily reach", "dau"))
    ]
    return [
        *reach,
        Row("Cellular calls (a person a day)", CELLULAR, "call", "use", "number"),
        Row("Exposure: communication open to the state", "any", "any", "exposure", "percent"),
        Row("Isolated from calls in apps", "any", "call", "isolation", "percent"),
        Row("Isolated from messages in apps", "any", "message", "isolation", "percent"),
        Row("Welfare (utils)", "any", "any", "welfare", "number"),
    ]


def table(result: Result) -> Table | None:
    """Return the table of a month before and a month after; None if no whole month was run."""
    config = result.config
    before, after = months(result)
    if after is None:
        return None
    monthly = {
        name: _monthly(result.timeseries, name) for name in (config.scenario, *config.compare_to)
    }
    observed = observed_reach(config.case.name).set_index(["date", "platform", "measure"])["value"]
    out = Table(title=f"{config.scenario}: {config.case.title}, % of people aged 12+")
    out.add_column("")
    out.add_column(f"before\n{before:%b %Y}", justify="right")
    out.add_column(f"after\n{after:%b %Y}", justify="right")
    out.add_column("90 % band", justify="right")
    for name in config.compare_to:
        out.add_column(f"{name}\n{after:%b %Y}", justify="right")
    out.add_column(f"observed\n{after:%b %Y}", justify="right")
    for row in rows(config):
        key = (row.platform, row.channel, row.measure)
        here = monthly[config.scenario].xs(key, level=["platform", "channel", "measure"])
        others = [monthly[name].loc[(after, *key)].median() for name in config.compare_to]
        seen = observed.get((after, row.platform, row.measure))
        low, high = here.loc[after].quantile(list(BAND))
        cells = [here.loc[before].median(), here.loc[after].median()]
        out.add_row(
            row.label,
            *(_write(value, row) for value in cells),
            f"{_write(low, row)} - {_write(high, row)}",
            *(_write(value, row) for value in others),
            "" if seen is None else _write(float(seen), row),
        )
    return out


def months(result: Result) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """Return the first whole month and the case's headline month (else the last whole one)."""
    is_monthly = result.timeseries["measure"] == "mau"
    whole = sorted(result.timeseries.loc[is_monthly, "date"].unique())
    if not whole:
        return pd.Timestamp(result.config.start), None
    headline = pd.Timestamp(result.config.case.headline_month)
    return whole[0], headline if headline in whole else whole[-1]


def _monthly(timeseries: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Return monthly means of every series of group `all`: one column a replication."""
    mine = timeseries[(timeseries["scenario"] == scenario) & (timeseries["group"] == "all")]
    index = ["date", "platform", "channel", "measure"]
    parts = [mine[mine["measure"] == "mau"]]
    for (channel, measure), steps in mine[mine["measure"] != "mau"].groupby(
        ["channel", "measure"], observed=True
    ):
        parts.append(monthly_mean(steps).assign(channel=channel, measure=measure))
    long = pd.concat(
        [
            part[[*index, "replication", "value"]].astype(dict.fromkeys(index[1:], str))
            for part in parts
        ]
    )
    return long.pivot_table(index=index, columns="replication", values="value")


def _write(value: float, row: Row) -> str:
    return f"{100 * value:.1f}" if row.form == "percent" else f"{value:.3f}"


def warnings(result: Result) -> Iterator[str]:
    """Yield what to keep in mind before quoting a number."""
    config = result.config
    yield (
        f"The band is over {config.replications} replications of one synthetic society of "
        f"{config.population.n_users:,} users: it holds neither parameter nor model error."
    )
    points = compare_with_observed(result.timeseries, config.scenario, config.case.name)
    measured = points[points["quality"] != "company"]
    missed = measured[measured["error_points"].abs() > FAR]
    if len(measured):
        yield (
            f"{len(missed)} of {len(measured)} observed points are missed by more than {FAR:g} "
            f"points{_list(missed)}."
        )
    if config.scenario != "as_happened" and len(missed):
        yield "This scenario is not what happened: compare with +scenario=as_happened."
    yield "Aggregate reach cannot identify most behavioural parameters: see docs/defaults.md."


def _list(missed: pd.DataFrame) -> str:
    worst = missed.reindex(missed["error_points"].abs().sort_values(ascending=False).index)[:5]
    named = ", ".join(
        f"{p.platform} {p.measure} {p.date:%b %Y} {p.error_points:+.1f}"
        for p in worst.itertuples()
    )
    return f" (worst: {named})" if named else ""
