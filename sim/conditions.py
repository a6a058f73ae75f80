"""What policies mean for every user in one step: availability, gates, hazards.

Policies are continuous in time and steps only cut it: a grade in force for five of a step's
seven days counts 5/7, a hazard is integrated over the days in force. Halving the step converges.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np

from sim.config import SimConfig
from sim.platforms import CHANNELS
from sim.policies import (
    Campaign,
    Mandate,
    Policy,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Trend,
    Window,
    platforms_of,
)
from sim.rng import purpose_key
from sim.rules.availability import availability, fill_tables
from sim.rules.records import (
    F64,
    FORCE,
    MANDATE,
    MAX,
    U8,
    Now,
    Record,
    Records,
    records,
)


@dataclass
class Conditions:
    """The policies of one scenario, asked step by step what is in force."""

    config: SimConfig
    _tables: dict[bytes, tuple[F64, U8]] = field(default_factory=dict)
    _steps: dict[int, Now] = field(default_factory=dict)  # replications ask for the same steps

    def at(self, step: int) -> Now:
        """Return what is in force during step `step` (from 0)."""
        if step not in self._steps:
            self._steps[step] = self._now(step)
        return self._steps[step]

    def _now(self, step: int) -> Now:
        days = self.config.step_days
        span = (step * days, (step + 1) * days, self.config.start)
        force = records(FORCE, 1)[0]
        force.days = days
        force.passing[:] = 1.0
        for policy in self.config.policies.values():
            self._apply(policy, span, force)
        force.trend_openings[:] = np.exp(force.trend)
        q = self._availability(restriction_grades(self.config, span))
        return Now(force, q, *self._pair_tables(q), self._mandates(span))

    def _apply(self, policy: Policy, span: Span, force: Record) -> None:
        """Add to `force` what a policy does to everybody alike in the step."""
        in_force = policy.days_in(*span)
        for p in (self.config.messengers.index(name) for name in platforms_of(policy)):
            match policy:
                case RegistrationGate():
                    force.passing[p] *= 1.0 - policy.grade * in_force / force.days
                case Campaign():
                    force.awareness[p] += policy.awareness_rate * in_force
                    force.trial[p] += policy.trial_rate * in_force
                case Preinstallation():
                    force.preinstall[p] += policy.rate * in_force
                case Trend():
                    force.trend[p] += policy.rate * _elapsed(policy, span)
                case Restriction() | Mandate():
                    pass  # they act by place and by segment, see below

    def _availability(self, grades: F64) -> F64:
        """Return q from grades by region: shape (C, 2, MAX)."""
        efficacy = self.config.behaviour.vpn_efficacy
        q = np.ones((2 * grades.shape[0], 2, MAX))
        for place, c, p in np.argwhere(np.repeat(grades, 2, axis=0) > 0):
            lifted = self.config.platforms[self.config.messengers[p]].circumvention
            q[place, c, p] = availability(grades[place // 2, c, p], lifted, efficacy, place % 2)
        return q

    def _pair_tables(self, q: F64) -> tuple[F64, U8]:
        """Return the tables by pairs of places; steps with equal availability share them."""
        key = q.tobytes()
        if key not in self._tables:
            n_places = q.shape[0]
            tables = (
                np.empty((n_places, *q.shape)),
                np.empty((n_places, n_places, 2), np.uint8),
            )
            b = self.config.behaviour
            fill_tables(q, self._values(), np.array([b.message_loss, b.call_loss]), *tables)
            self._tables[key] = tables
        return self._tables[key]

    def _values(self) -> F64:
        """Return a_pc, shape (2, MAX); -inf where the messenger lacks the channel [utils]."""
        values = np.full((2, MAX), -np.inf)
        for p, name in enumerate(self.config.messengers):
            platform = self.config.platforms[name]
            for c, channel in enumerate(CHANNELS):
                if channel in platform.channels:
                    values[c, p] = (platform.message_value, platform.call_value)[c]
        return values

    def _mandates(self, span: Span) -> Records:
        """Return the mandates in force."""
        policies = [
            p for p in self.config.policies.values() if isinstance(p, Mandate) and p.days_in(*span)
        ]
        mandates = records(MANDATE, len(policies))
        for mandate, policy in zip(mandates, policies, strict=True):
            mandate.platform = self.config.messengers.index(policy.platform)
            mandate.segment = 1 << list(self.config.population.segments).index(policy.segment)
            mandate.hazard = policy.rate * policy.days_in(*span)
            mandate.ceiling = policy.ceiling
            mandate.reached = policy.progress(*span, policy.ramp_days)
            # by segment, not by policy: another date or rate reaches the same people first
            mandate.key = purpose_key(self.config.seed, 0, f"rollout.{policy.segment}")
        return mandates


Span = tuple[float, float, dt.date]  # first and last day of a step, counted from a date


def restriction_grades(config: SimConfig, span: Span) -> F64:
    """Return the mean grade over a step: shape (n regions, 2, MAX).

    Where several restrictions apply on a day the strongest counts, so the step is cut at every
    date on which one of them starts, stops or ends its ramp.
    """
    grades = np.zeros((len(config.population.regions), 2, MAX))
    restrictions = [p for p in config.policies.values() if isinstance(p, Restriction)]
    for begin, end in pairwise(_cuts(restrictions, span)):
        piece = np.zeros_like(grades)
        for policy in restrictions:
            if policy.days_in(begin, end, span[2]) > 0:
                progress = policy.progress(begin, end, span[2], policy.ramp_days)
                _raise(piece, config, policy, policy.grade * progress)
        grades += piece * ((end - begin) / (span[1] - span[0]))
    return grades


def _raise(piece: F64, config: SimConfig, policy: Restriction, grade: float) -> None:
    """Raise `piece` to `grade` wherever `policy` applies."""
    names = list(config.population.regions)
    regions = names if policy.regions == ("all",) else policy.regions
    channels = CHANNELS if policy.channel == "any" else (policy.channel,)
    where = np.ix_(
        [names.index(r) for r in regions],
        [CHANNELS.index(c) for c in channels],
        [config.messengers.index(p) for p in policy.platforms],
    )
    piece[where] = np.maximum(piece[where], grade)


def _cuts(restrictions: list[Restriction], span: Span) -> list[float]:
    """Return the days between which every grade is linear and no two of them cross."""
    begin, end, origin = span
    dates = {begin, end}
    for policy in restrictions:
        first = float((policy.start - origin).days)
        dates |= {first, first + policy.ramp_days}
        if policy.stop is not None:
            dates.add(float((policy.stop - origin).days))
    cuts = sorted(d for d in dates if begin <= d <= end)
    crossings = [
        crossing
        for a, b in pairwise(cuts)
        for one, two in combinations(restrictions, 2)
        if (crossing := _crossing(one, two, (a, b, origin))) is not None
    ]
    return sorted({*cuts, *crossings})


def _crossing(one: Restriction, two: Restriction, piece: Span) -> float | None:
    """Return the day inside `piece` at which two ramps meet, or None."""
    a, b, origin = piece
    gap_a, gap_b = (
        one.grade * one.ramp_at(day, origin, one.ramp_days)
        - two.grade * two.ramp_at(day, origin, two.ramp_days)
        for day in (a, b)
    )
    return a + (b - a) * gap_a / (gap_a - gap_b) if gap_a * gap_b < 0 else None


def _elapsed(policy: Window, span: Span) -> float:
    """Return the years a trend has run, the mean over the step; once stopped it stays."""
    begin, end, origin = span
    first = (policy.start - origin).days
    length = float("inf") if policy.stop is None else (policy.stop - policy.start).days

    def integral(day: float) -> float:
        running = min(max(day - first, 0.0), length)
        return running**2 / 2 + (max(day - first - length, 0.0) * running if running else 0.0)

    return (integral(end) - integral(begin)) / (end - begin) / 365.25
