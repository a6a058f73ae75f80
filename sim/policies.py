"""What happens to everybody on dates, as configured: one class a kind of policy.

A policy is in force from `start` (its first day) until `stop` (the first day it no longer holds;
null: to the end of the run). Policies are composed by name, so that a command line can change or
delete one: ``policies.call_restriction.grade=0.5``, ``~policies.call_restriction``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sim.strict import Share, Strict


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
Days = Annotated[float, Field(ge=0, le=3660)]
Rate = Annotated[float, Field(ge=0, le=10)]


class Window(Strict):
    """When a policy is in force."""

    start: Date
    stop: Date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"stop={self.stop} must lie after start={self.start}")
        return self

    def days_in(self, begin: float, end: float, origin: dt.date) -> float:
        """Return how many days of [begin, end), counted from `origin`, are in force."""
        first = (self.start - origin).days
        last = float("inf") if self.stop is None else (self.stop - origin).days
        return max(0.0, min(end, last) - max(begin, first))

    def ramp_at(self, day: float, origin: dt.date, ramp_days: float) -> float:
        """Return how far a ramp from 0 to 1 has come at `day`, while in force."""
        elapsed = day - (self.start - origin).days
        return 1.0 if ramp_days == 0 else min(max(elapsed / ramp_days, 0.0), 1.0)

    def progress(self, begin: float, end: float, origin: dt.date, ramp_days: float) -> float:
        """Return the mean over the days in force of a ramp from 0 to 1 in `ramp_days`."""
        first = (self.start - origin).days
        last = float("inf") if self.stop is None else (self.stop - origin).days
        a, b = max(begin, first) - first, min(end, last) - first
        if b <= a:
            return 0.0
        if ramp_days == 0:
            return 1.0
        rising = (min(b, ramp_days) ** 2 - min(a, ramp_days) ** 2) / (2 * ramp_days)
        return (rising + max(0.0, b - max(a, ramp_days))) / (b - a)


def _as_names(value: Any) -> Any:
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


Names = Annotated[tuple[str, ...], BeforeValidator(_as_names), Field(min_length=1)]


class Restriction(Window):
    """A channel of some platforms made to fail; where several apply, the strongest counts."""

    kind: Literal["restriction"] = "restriction"
    platforms: Names
    channel: Literal["message", "call", "any"]
    grade: Share  # share of attempts that fail [1]
    ramp_days: Days = 0.0
    regions: Names = ("all",)


class RegistrationGate(Window):
    """New accounts are hindered; return to an old account is not."""

    kind: Literal["registration_gate"] = "registration_gate"
    platforms: Names
    grade: Share  # share of registrations that fail [1]


class Mandate(Window):
    """An institution makes its segment install a platform, account and all."""

    kind: Literal["mandate"] = "mandate"
    platform: str
    segment: str
    rate: Rate  # hazard of those reached [1/day]
    ceiling: Share = 1.0  # share of the segment that can be made to [1]
    ramp_days: Days = 0.0  # the roll-out reaches one member after another in this time


class Preinstallation(Window):
    """New phones come with the app, without an account."""

    kind: Literal["preinstallation"] = "preinstallation"
    platform: str
    rate: Rate  # hazard of buying a phone [1/day]


class Campaign(Window):
    """Media and officials name a platform: people hear of it, some try it."""

    kind: Literal["campaign"] = "campaign"
    platform: str
    awareness_rate: Rate  # hazard of hearing of it [1/day]
    trial_rate: Rate = 0.0  # hazard of trying it, once aware [1/day]


class Trend(Window):
    """A drift of a platform's stand-alone value. A trend, declared; not an explanation."""

    kind: Literal["trend"] = "trend"
    platform: str
    rate: float = Field(ge=-10, le=10)  # [utils/year]


Policy = Annotated[
    Restriction | RegistrationGate | Mandate | Preinstallation | Campaign | Trend,
    Field(discriminator="kind"),
]


def platforms_of(policy: Policy) -> tuple[str, ...]:
    """Return the platforms that `policy` names."""
    if isinstance(policy, Restriction | RegistrationGate):
        return policy.platforms
    return (policy.platform,)
