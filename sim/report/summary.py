"""What terminal and report tell of a run: lines, months, monthly series, points, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import pandas as pd

from sim.base.units import REACHES
from sim.config.sim_config import SimConfig
from sim.config.titles import policy_title
from sim.config.variants import variants
from sim.measures.registry import MONTHLY, measures
from sim.observation.apart import first_difference
from sim.observation.months import monthly_mean
from sim.observation.observed import observations
from sim.observation.operators import EVERYBODY, REACH, of_whom
from sim.observation.residuals import FAR, missed, residuals
from sim.policies.checks import not_reached
from sim.runs.results import Tables

SERIES = ["platform", "channel", "measure"]


class Row(NamedTuple):
    """One line of the table: its series and its format."""

    label: str
    platform: str
    channel: str
    measure: str
    form: str  # "percent" or "number"
    is_harm: bool = False
    is_paired: bool = False


def rows(config: SimConfig) -> list[Row]:
    """Return the lines of the table: adoption, then its costs, then abuse."""
    labels = {name: config.platforms[name].printed for name in config.messengers}
    reach = [
        Row(f"{label}, {word}", name, "any", measure, "percent")
        for name, label in labels.items()
        for measure, word in REACHES.items()
    ]
    others = [
        Row(label, *series, one.form, one.is_harm, one.is_paired)
        for one in sorted(measures(), key=lambda one: 2 if one.abuse else int(one.is_harm))
        if config.compare_to or not one.is_paired
        for series, label in one.printed(config)
    ]
    return reach + others


def months(result: Tables) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """Return the first whole month and the case's headline month (or else the last whole one).

    Without a whole month: the first day, and None.
    """
    is_monthly = result.timeseries["measure"] == "mau"
    whole = sorted(result.timeseries.loc[is_monthly, "date"].unique())
    if not whole:
        return pd.Timestamp(result.config.start), None
    headline = pd.Timestamp(result.config.case.headline_month)
    return whole[0], headline if headline in whole else whole[-1]


def every_monthly_series(result: Tables) -> dict[str, pd.DataFrame]:
    """Return the `monthly_series` of all scenarios, by name."""
    return result.once("monthly", lambda: _every_monthly_series(result))


def _every_monthly_series(result: Tables) -> dict[str, pd.DataFrame]:
    everybody = result.timeseries[result.timeseries["group"] == "all"]
    scenarios = (result.config.scenario, *result.config.compare_to)
    return {name: monthly_series(everybody, name) for name in scenarios}


def monthly_series(timeseries: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Return monthly means of every series of group `all`: one column a replication."""
    mine = timeseries[(timeseries["scenario"] == scenario) & (timeseries["group"] == "all")]
    series = mine.groupby(SERIES, observed=True)  # by number: names for each row are slow
    names = list(series.size().index)
    flat = mine[["date", "replication", "value"]].assign(platform=series.ngroup())
    is_monthly = reduce(or_, (mine["measure"] == name for name in MONTHLY))  # isin is slow
    long = pd.concat([flat[is_monthly], monthly_mean(flat[~is_monthly])])
    wide = long.pivot_table(index=["date", "platform"], columns="replication", values="value")
    keys = [(date, *names[number]) for date, number in wide.index]
    return wide.set_axis(pd.MultiIndex.from_tuples(keys, names=["date", *SERIES]))


COVERED = {  # what intervals cover, by config.parameters
    "defaults": "chance alone, not uncertainty about parameters or the model",
    "posterior": "society, chance and the fitted parameters (docs/transport.md), not what the "
    "model leaves out",
}
SOCIETIES = {  # of replications, by config.parameters; ties, start and the order of roll-outs
    "defaults": "one synthetic society",
    "posterior": "a synthetic society each",
}


def warnings(result: Tables) -> Iterator[str]:
    """Yield warnings to read before quoting a number."""
    config = result.config
    yield from variants(config)
    users = f"{config.population.n_users:,} users"
    if config.replications == 1:
        yield f"This is one run, without an interval, of one synthetic society of {users}."
    else:
        yield (
            f"The interval is over {config.replications} replications, with "
            f"{SOCIETIES[config.parameters]} of {users}: it covers {COVERED[config.parameters]}."
        )
    if later := not_reached(config):
        begins = "begins" if len(later) == 1 else "begin"
        names = ", ".join(map(policy_title, later))
        yield f"Not reached, as the run ends on {config.end}: {names} {begins} later."
    if months(result)[1] is None:
        yield "The run holds no whole month: there is no table of months, and no report."
    measured = reach_points(result)
    off = measured[missed(measured)]
    if len(measured):
        yield f"{how_many_missed(measured)}{_list(off, config)}."
    happened = config.case.happened
    if len(off) and first_difference(config) is not None:
        yield f"This scenario is not what happened: compare with +scenario={happened}."
    yield "Aggregate reach cannot identify most behavioural parameters: see docs/defaults.md."


def how_many_missed(points: pd.DataFrame) -> str:
    """Say how many observed points the run misses by far, relative to the error of the source."""
    n = int(missed(points).sum())
    are = "is" if n == 1 else "are"
    return (
        f"{n} of {len(points)} observed points {are} missed "
        f"by over {FAR:g} times the error of the source"
    )


def reach_points(result: Tables) -> pd.DataFrame:
    """Return observed reach within the run together with the simulated reach.

    Points that are only to be shown, such as company claims, are left out. Columns as of
    `residuals`.
    """
    return result.once("points", lambda: _reach_points(result))


def _reach_points(result: Tables) -> pd.DataFrame:
    observed, t = observations(result.config), result.timeseries
    is_sum = observed["platform"].str.contains("+", regex=False)
    is_level = observed["operator"].isin(list(REACH)) & (observed["bound"] == "")
    reach = observed[(observed["use"] == "fit") & is_level & ~is_sum]
    is_reach = reduce(or_, (t["measure"] == name for name in REACH.values()))  # isin is slow
    points = residuals(t[is_reach & (t["scenario"] == result.config.scenario)], reach)
    return points[points["median"].notna()]


def observed_in(result: Tables, month: pd.Timestamp) -> dict[tuple[str, str], float]:
    """Return observed reach in the whole population in a month, by platform and measure.

    Only those `reach_points` that refer to the same people as the lines of the table.
    """
    seen = reach_points(result)
    seen = seen[(seen["date"] == month) & (seen["base"] == EVERYBODY) & (seen["group"] == "all")]
    keys = zip(seen["platform"], seen["operator"].map(REACH), strict=True)
    return dict(zip(keys, map(float, seen["value"]), strict=True))


def kind_of(point: Any) -> str:
    """Return the kind of reach of an observed point, and its people if not the population."""
    return REACHES[REACH[point.operator]] + of_whom(point.base, point.group)


def _list(off: pd.DataFrame, config: SimConfig) -> str:
    worst = off.reindex(off["standardised"].abs().sort_values(ascending=False).index)[:5]
    named = ", ".join(
        f"{config.platforms[p.platform].printed} {kind_of(p)} {p.date:%b %Y} {p.error_points:+.1f}"
        for p in worst.itertuples()
    )
    return f" (worst: {named})" if named else ""
