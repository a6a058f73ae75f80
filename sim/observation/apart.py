"""Which events and observed points belong to another world than that of a scenario."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.config.variants import filed
from sim.policies.policy import Policy

DAY = dt.timedelta(days=1)  # between an event and the first day of its policy, at most


def events_apart(config: SimConfig, dates: pd.Series) -> pd.Series:
    """Return for dates of events whether they lie behind the day on which the worlds part.

    Those on which a policy of the scenario begins or ends are its own.
    """
    first = first_difference(config)
    turns = [day for one in config.policies.values() for day in (one.start, one.stop) if day]
    apart = [
        first is not None
        and date.date() >= first
        and all(abs(date.date() - day) > DAY for day in turns)
        for date in dates
    ]
    return pd.Series(apart, dates.index, dtype=bool)


def points_apart(config: SimConfig, dates: pd.Series) -> pd.Series:
    """Return for dates of observed months whether the scenario differs from what happened.

    A month counts that ends after the first day on which the policies differ.
    """
    first = first_difference(config)
    if first is None:
        return pd.Series(False, dates.index)
    return dates + pd.offsets.MonthBegin() > pd.Timestamp(first)


def first_difference(config: SimConfig) -> dt.date | None:
    """Return the first day on which a scenario differs from what happened; None if it does not.

    The scenario that happened differs as well once an override has changed it.
    """
    happened = filed(config, config.case.happened)
    days = [
        _parted(config.policies.get(name), happened.get(name))
        for name in {**config.policies, **happened}
        if config.policies.get(name) != happened.get(name)
    ]
    return max(min(days), config.start) if days else None


def _parted(here: Policy | None, there: Policy | None) -> dt.date:
    """Return the first day on which two versions of a policy differ."""
    if here and there and here.model_copy(update={"stop": there.stop}) == there:
        return min(day for day in (here.stop, there.stop) if day)
    return min(one.start for one in (here, there) if one)
