"""When a policy is in force: dates, days of a step, ramps."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from sim.base.strict import Strict


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            raise ValueError("no such day; a date is written 2025-08-13") from None
    if isinstance(value, dt.date) and not 2000 <= value.year <= 2100:
        raise ValueError("allowed: days of the years 2000 to 2100")
    return value


Date = Annotated[dt.date, BeforeValidator(_as_date)]
Span = tuple[float, float, dt.date]  # first and last day of a step, counted from a date
Days = Annotated[float, Field(ge=0, le=3660)]
Rate = Annotated[float, Field(ge=0, le=10)]


class Window(Strict):
    """When a policy is in force."""

    start: Date  # first day in force
    stop: Date | None = None  # first day no longer in force; null: never
    standing: bool = False  # in force before the run, whose start is solved under it

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"stop={self.stop} must lie after start={self.start}")
        return self

    def days_in(self, begin: float, end: float, origin: dt.date) -> float:
        """Return how many days of [begin, end) [days since `origin`] the policy is in force."""
        first, last = self._ends(origin)
        return max(0.0, min(end, last) - max(begin, first))

    def ramp_at(self, day: float, origin: dt.date, ramp_days: float) -> float:
        """Return the level of a ramp from 0 to 1 at `day` [days since `origin`], if in force."""
        elapsed = day - (self.start - origin).days
        return 1.0 if ramp_days == 0 else min(max(elapsed / ramp_days, 0.0), 1.0)

    def progress(self, begin: float, end: float, origin: dt.date, ramp_days: float) -> float:
        """Return the mean level, over the days in force, of a ramp from 0 to 1 in `ramp_days`."""
        first, last = self._ends(origin)
        a, b = max(begin, first) - first, min(end, last) - first
        if b <= a:
            return 0.0
        if ramp_days == 0:
            return 1.0
        rising = (min(b, ramp_days) ** 2 - min(a, ramp_days) ** 2) / (2 * ramp_days)
        return (rising + max(0.0, b - max(a, ramp_days))) / (b - a)

    def _ends(self, origin: dt.date) -> tuple[float, float]:
        """Return the first day in force and the first day after it [days since `origin`]."""
        last = float("inf") if self.stop is None else (self.stop - origin).days
        return (self.start - origin).days, last


def _as_names(value: Any) -> Any:
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


Names = Annotated[tuple[str, ...], BeforeValidator(_as_names), Field(min_length=1)]
