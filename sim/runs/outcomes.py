"""Outcomes of whole runs: time to tip, share regained, monthly means of one series."""

from __future__ import annotations

import pandas as pd

from sim.base.errors import ConfigError
from sim.base.units import SUCCESSORS
from sim.measures.registry import MONTHLY
from sim.observation.months import monthly_mean

RUN = ["scenario", "replication"]


def monthly(
    timeseries: pd.DataFrame, scenario: str, platform: str, measure: str, channel: str = "any",
    group: str = "all",
) -> pd.DataFrame:  # fmt: skip
    """Return one series by month, a column a replication.

    Returns
    -------
    DataFrame, index date (first day of the month), columns replication

    Raises
    ------
    ConfigError
        If there is no such series.
    """
    t = timeseries
    rows = t[
        (t["scenario"] == scenario) & (t["platform"] == platform) & (t["measure"] == measure)
        & (t["channel"] == channel) & (t["group"] == group)
    ]  # fmt: skip
    if rows.empty:
        hint = f"; allowed: {SUCCESSORS[measure]}" if measure in SUCCESSORS else ""
        raise ConfigError(f"no series {scenario}, {platform}, {channel}, {measure}, {group}{hint}")
    if measure not in MONTHLY:
        rows = monthly_mean(rows)
    wide: pd.DataFrame = rows.pivot_table(index="date", columns="replication", values="value")
    return wide


def time_to_tip(timeseries: pd.DataFrame, platforms: list[str], share: float) -> pd.Series:
    """Return the date at which `platforms` are first primary for more than `share` of users.

    Returns
    -------
    Series of dates, index scenario, replication; NaT for a run in which it never happens

    Raises
    ------
    ConfigError
        If a platform is not in the table.
    """
    t = timeseries
    known = set(t.loc[t["measure"] == "primary", "platform"])
    for name in platforms:
        if name not in known:
            allowed = ", ".join(sorted(known))
            raise ConfigError(f"platforms={name}: not in this table; allowed: {allowed}")
    rows = t[(t["measure"] == "primary") & (t["group"] == "all") & t["platform"].isin(platforms)]
    held = rows.groupby([*RUN, "date"], observed=True)["value"].sum().reset_index()
    runs = pd.MultiIndex.from_frame(held[RUN].drop_duplicates())
    tipped = held[held["value"] > share]
    return tipped.groupby(RUN, observed=True)["date"].min().reindex(runs)


def regained(path: pd.Series, before: pd.Timestamp, lift: pd.Timestamp) -> float:
    """Return the share of a loss between two dates that is regained at the end of a series.

    1: all was regained after `lift`; 0: nothing; NaN if nothing was lost.

    Parameters
    ----------
    path : Series, index date
        A series of one run, or its median.
    """
    lost = path.asof(before) - path.asof(lift)
    return float((path.iloc[-1] - path.asof(lift)) / lost) if lost else float("nan")
