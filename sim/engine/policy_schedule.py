"""The policies of a scenario as an environment for each step: availability, hazards, news.

Policies are continuous in time. A grade in force for five of the seven days of a step counts 5/7;
a hazard is integrated over the days in force. So results converge as the step is halved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from sim.config.platforms import CELLULAR, CHANNELS
from sim.config.policies import (
    BankDelay,
    Campaign,
    Compliance,
    GroupMove,
    InformationEvent,
    Mandate,
    Moderation,
    Onboarding,
    Policy,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Story,
    Trend,
    VpnFine,
    VpnSupport,
)
from sim.config.sim_config import SimConfig
from sim.config.window import Span, Window
from sim.engine.grades import as_restrictions, efficacy_after, mean_grades
from sim.kernel.rng import purpose_key
from sim.rules.availability import PairTables, availability, pair_tables
from sim.rules.promotion import hazard_bounds
from sim.rules.records import (
    CALL,
    EFFECTS,
    F64,
    INVITED,
    MANDATE,
    MAX,
    NEWS,
    ORDERED,
    Environment,
    Record,
    Records,
    records,
)
from sim.rules.records import (
    CELLULAR as CELLULAR_COLUMN,
)

Onsets = Mapping[str, float]  # day on which conditional compliance began, by policy
UNREADABLE = 0.5  # a platform counts as secure if the state reads less than this share


@dataclass
class PolicySchedule:
    """The policies of one scenario, as an `Environment` for each step; replications share it."""

    config: SimConfig
    _tables: dict[bytes, PairTables] = field(default_factory=dict)  # by availability
    _steps: dict[tuple[object, ...], Environment] = field(default_factory=dict)
    _efficacies: list[tuple[float, float]] = field(default_factory=list)  # by step: mean, at end
    _lock: Lock = field(default_factory=Lock)  # runs on several threads share the schedule

    def at(self, step: int, onsets: Onsets | None = None) -> Environment:
        """Return what is in force during step `step` (from 0).

        Parameters
        ----------
        onsets : mapping of str to float, optional
            Day of the run on which a platform began to comply because it had lost users.
        """
        key = (step, *sorted((onsets or {}).items()))
        if key not in self._steps:
            self._steps[key] = self._env(step, self._policies(onsets or {}))
        return self._steps[key]

    def _policies(self, onsets: Onsets) -> dict[str, Policy]:
        """Return the policies with the dates of this run.

        Compliance whose condition has not been met is left out.
        """
        dated = {}
        for name, policy in self.config.policies.items():
            if isinstance(policy, Compliance) and policy.lost_users is not None:
                if name not in onsets:
                    continue
                start = self.config.start + dt.timedelta(days=int(np.ceil(onsets[name])))
                policy = policy.model_copy(update={"start": max(start, policy.start)})
            dated[name] = policy
        return dated

    def _env(self, step: int, policies: dict[str, Policy]) -> Environment:
        span = self.config.step_span(step)
        effects = self._effects(policies, span)
        q = self._availability(policies, step, span)
        tables = self._pair_tables(q)
        mandates = self._mandates(policies, Mandate, list(self.config.population.segments), span)
        effects.varied, effects.regional = tables.varied, tables.regional
        return Environment(
            effects,
            q.astype(np.float32),
            *tables[:5],
            mandates,
            hazard_bounds(mandates),
            self._mandates(policies, GroupMove, list(self.config.population.chats), span),
            self._news(policies, span),
        )

    def _effects(self, policies: dict[str, Policy], span: Span) -> Record:
        """Return what policies do to all users alike in the step."""
        effects = records(EFFECTS, 1)[0]
        effects.days = self.config.step_days
        effects.passing[:] = 1.0
        effects.loss = 1.0
        for name, platform in self.config.platforms.items():
            effects.access[self._columns[name]] = platform.state_access
            effects.detection[self._columns[name]] = platform.moderation
        for policy in policies.values():
            # a trend keeps its effect after it has stopped
            if policy.days_in(*span) > 0 or isinstance(policy, Trend):
                self._apply(policy, span, effects)
        effects.trend_openings[:] = np.exp(effects.trend)
        for p in range(len(self.config.messengers)):
            effects.unreadable |= int(effects.access[p] < UNREADABLE) << p
        return effects

    @cached_property
    def _shutdowns(self) -> list[Restriction]:
        return as_restrictions(self.config, self.config.policies.values())

    @cached_property
    def _columns(self) -> dict[str, int]:
        """Return the column of each platform in arrays of messengers and cellular."""
        return {name: p for p, name in enumerate(self.config.messengers)} | {
            CELLULAR: CELLULAR_COLUMN
        }

    def _apply(self, policy: Policy, span: Span, effects: Record) -> None:
        """Add to `effects` what one policy does in the step."""
        in_force = policy.days_in(*span)
        share = in_force / effects.days
        match policy:
            case VpnFine():
                effects.vpn_cost += policy.cost * share
            case VpnSupport():
                effects.vpn_cost -= policy.help * share
            case BankDelay():
                effects.loss *= 1.0 - policy.prevented * share
            case Moderation():
                k = self._columns[policy.platform]
                effects.detection[k] = 1.0 - (1.0 - effects.detection[k]) * (
                    1.0 - policy.effort * share
                )
            case RegistrationGate():
                for name in policy.platforms:
                    effects.passing[self._columns[name]] *= 1.0 - policy.grade * share
            case Campaign() | Preinstallation() | Onboarding() | Trend() | Compliance():
                self._apply_to(self._columns[policy.platform], policy, span, effects)
            case _:
                pass  # acts by place, by segment or as a story, see the other methods

    def _apply_to(self, p: int, policy: Policy, span: Span, effects: Record) -> None:
        """Add to `effects` what a policy does for its one messenger `p`."""
        in_force = policy.days_in(*span)
        share = in_force / effects.days
        match policy:
            case Campaign():
                effects.awareness[p] += policy.awareness_rate * in_force
                effects.trial[p] += policy.trial_rate * in_force
            case Preinstallation():
                effects.preinstall[p] += policy.rate * in_force
            case Onboarding():
                effects.onboarding[p] += policy.help * share
            case Trend():
                effects.trend[p] += policy.rate * _elapsed(policy, span)
            case Compliance():
                effects.access[p] += max(policy.degree - effects.access[p], 0.0) * share

    def _availability(self, policies: dict[str, Policy], step: int, span: Span) -> F64:
        """Return q by place (the last one abroad), channel and messenger, shape (C, 2, MAX)."""
        restrictions = [p for p in policies.values() if isinstance(p, Restriction)]
        obeyed = [p for p in policies.values() if isinstance(p, Compliance)]
        grades = mean_grades(self.config, restrictions, span, obeyed)
        shut = mean_grades(self.config, self._shutdowns, span)
        efficacy = self._efficacy(step)
        lifted = np.zeros(MAX)
        for p, name in enumerate(self.config.messengers):
            lifted[p] = self.config.platforms[name].circumvention
        vpn = np.arange(2.0)[:, None, None]  # every region without and with a VPN
        here = availability(grades[:, None], lifted, efficacy, vpn) * (1.0 - shut[:, None])
        q = np.ones((2 * grades.shape[0] + 1, 2, MAX))
        q[:-1] = here.reshape(-1, 2, MAX)
        q[:, CALL, np.isneginf(self._values()[CALL])] = 1.0  # messengers without calls
        return q

    def _efficacy(self, step: int) -> float:
        """Return the share of a restriction that a VPN lifts, the mean over the step."""
        with self._lock:
            while len(self._efficacies) <= step:
                k = len(self._efficacies)
                efficacy = self._efficacies[-1][1] if k else self.config.behaviour.vpn_efficacy
                policies, span = self.config.policies.values(), self.config.step_span(k)
                self._efficacies.append(efficacy_after(efficacy, self.config, policies, span))
            return self._efficacies[step][0]

    def _pair_tables(self, q: F64) -> PairTables:
        """Return the tables by pairs of places; steps with equal availability share them."""
        key = q.tobytes()
        if key not in self._tables:
            b = self.config.behaviour
            losses = np.array([b.message_loss, b.call_loss])
            self._tables[key] = pair_tables(q, self._values(), losses)
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

    def _mandates(
        self, policies: dict[str, Policy], kind: type[Mandate | GroupMove], names: list[str],
        span: Span,
    ) -> Records:  # fmt: skip
        """Return the mandates (to people) or group moves (of chats) in force in the step."""
        found: list[Any] = [
            p for p in policies.values() if isinstance(p, kind) and p.days_in(*span)
        ]
        mandates = records(MANDATE, len(found))
        unit = "" if kind is Mandate else "chats."
        for mandate, policy in zip(mandates, found, strict=True):
            mandate.platform = self._columns[policy.platform]
            mandate.kind = names.index(policy.segment)
            mandate.segment = 1 << mandate.kind
            mandate.outcome = ORDERED
            if isinstance(policy, GroupMove) and policy.by == "invitation":
                mandate.outcome = INVITED
            mandate.hazard = policy.rate * policy.days_in(*span)
            mandate.ceiling = policy.ceiling
            mandate.reached = policy.progress(*span, policy.ramp_days)
            # by segment, not by policy: with another date or rate the same people come first
            mandate.key = purpose_key(self.config.seed, 0, f"rollout.{unit}{policy.segment}")
        return mandates

    def _news(self, policies: dict[str, Policy], span: Span) -> Records:
        """Return the stories that spread during the step."""
        bits = [n for n, policy in self.config.policies.items() if isinstance(policy, Story)]
        names = [n for n in bits if n in policies and policies[n].days_in(*span)]
        news = records(NEWS, len(names))
        for story, name in zip(news, names, strict=True):
            policy = policies[name]
            assert isinstance(policy, Story)
            story.platform = self._columns[policy.platform]
            story.bit = bits.index(name)
            story.shock[:] = policy.shock.by_type()
            story.media = policy.awareness_rate * policy.days_in(*span)
            story.lasting = isinstance(policy, Compliance)
            story.contact = policy.contact_rate * policy.days_in(*span)
            if isinstance(policy, InformationEvent):
                story.audience = sum(1 << self._columns[m] for m in policy.audience)
            story.salt = purpose_key(0, 0, f"story.{name}")
        return news


def _elapsed(policy: Window, span: Span) -> float:
    """Return the years that a trend has run, the mean over the step; they stay after its stop."""
    begin, end, origin = span
    first = (policy.start - origin).days
    length = float("inf") if policy.stop is None else (policy.stop - policy.start).days

    def integral(day: float) -> float:
        running = min(max(day - first, 0.0), length)
        return running**2 / 2 + (max(day - first - length, 0.0) * running if running else 0.0)

    return (integral(end) - integral(begin)) / (end - begin) / 365.25
