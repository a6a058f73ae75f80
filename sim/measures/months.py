"""The calendar months that the steps of a run count towards.

What a step observes is the state at its beginning. It stands for the time around it, from half a
step before to half a step after, so that the mean of a month is the trapezoidal rule: it has the
error of the square of a step, and does not lag behind by half a step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from sim.config.sim_config import SimConfig


class MonthPart(NamedTuple):
    """The part of a month that one step stands for."""

    first: dt.date  # first day of the month
    days: float
    is_last: bool  # whether no later step stands for a part of the month


def parts_of_months(config: SimConfig, step: int) -> Iterator[MonthPart]:
    """Yield the parts of months that step `step` (from 0) stands for.

    The first step stands for no time before the run, the last one for all that is left of it.
    """
    is_final = step == config.n_steps - 1
    # rounded, so that steps that are no binary fractions meet the ends of months
    begin = round(max(0.0, step - 0.5) * config.step_days, 6)
    end = round((step + (1.0 if is_final else 0.5)) * config.step_days, 6)
    while begin < end:
        first = (config.start + dt.timedelta(days=int(begin))).replace(day=1)
        boundary = float((next_month(first) - config.start).days)
        yield MonthPart(first, min(end, boundary) - begin, is_final or boundary <= end)
        begin = min(end, boundary)


def length(first: dt.date) -> int:
    """Return the days of the month that begins on `first`."""
    return (next_month(first) - first).days


def next_month(first: dt.date) -> dt.date:
    """Return the first day of the month after the one that begins on `first`."""
    return (first + dt.timedelta(days=32)).replace(day=1)
