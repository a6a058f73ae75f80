"""The policies of a scenario as an environment for each step: availability, hazards, news.

Policies are continuous in time. A grade in force for five of the seven days of a step counts 5/7;
a hazard is integrated over the days in force. So results converge as the step is halved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock

import numpy as np

from sim.config.platforms import CELLULAR, CHANNELS
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.kernel.rng import purpose_key
from sim.policies.grades import efficacy_after, restricted, shut
from sim.policies.policy import Order, Policy, Step
from sim.policies.window import Span
from sim.rules.availability import PairTables, availability, pair_tables, surprise
from sim.rules.networks import INVITED, ORDERED
from sim.rules.promotion import hazard_bounds
from sim.rules.records import CALL, MANDATE, NEWS, Environment, Record, Records, layout, records

Onsets = Mapping[str, float]  # day on which conditional compliance began, by policy
UNREADABLE = 0.5  # a platform counts as secure if the state reads less than this share


@dataclass
class PolicySchedule:
    """The policies of one scenario, as an `Environment` for each step; replications share it."""

    config: SimConfig
    _tables: dict[bytes, PairTables] = field(default_factory=dict)  # by availability
    _steps: dict[tuple[object, ...], Environment] = field(default_factory=dict)
    _efficacies: list[tuple[float, float]] = field(default_factory=list)  # by step: mean, at end
    _surprises: dict[tuple[object, ...], list[tuple[F64, F64]]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)  # runs on several threads share the schedule

    def at(self, step: int, onsets: Onsets | None = None) -> Environment:
        """Return what is in force during step `step` (from 0).

        Parameters
        ----------
        onsets : mapping of str to float, optional
            Day of the run on which a platform began to comply because it had lost users.
        """
        key = (step, *sorted((onsets or {}).items()))
        if key not in self._steps:
            self._steps[key] = self._env(step, onsets or {})
        return self._steps[key]

    def _policies(self, onsets: Onsets) -> dict[str, Policy]:
        """Return the policies with the dates of this run.

        A policy whose condition has not been met is left out.
        """
        dated = {}
        for name, policy in self.config.policies.items():
            if policy.waits_for() is not None:
                if name not in onsets:
                    continue
                start = self.config.start + dt.timedelta(days=int(np.ceil(onsets[name])))
                policy = policy.model_copy(update={"start": max(start, policy.start)})
            dated[name] = policy
        return dated

    def _env(self, step: int, onsets: Onsets) -> Environment:
        policies = self._policies(onsets)
        span = self.config.step_span(step)
        effects = self._effects(policies, span)
        q = self._availability(policies, step, span)
        surprise = self._surprise(policies, step, onsets)
        tables = self._pair_tables(q, self._values - effects.price[:, :-1])
        in_force = [policy for policy in policies.values() if policy.days_in(*span)]
        demands = [(p, order) for p in in_force if (order := p.mandates())]
        moves = [(p, order) for p in in_force if (order := p.moves())]
        people = self.config.population
        mandates = self._orders(demands, [*people.segments], "", span)
        effects.varied, effects.regional = tables.varied, tables.regional
        effects.ordered = self._set_of(order for _, order in moves if order.binding)
        effects.lapsing = self._set_of(_ended(policies.values(), span))
        return Environment(
            effects,
            q.astype(np.float32),
            surprise.astype(np.float32),
            np.minimum(1.0, q + surprise).astype(np.float32),
            *tables[:5],
            mandates,
            hazard_bounds(mandates, self.config.tiles),
            self._orders(moves, [*people.chats], "chats.", span),
            self._news(policies, span),
        )

    def _effects(self, policies: dict[str, Policy], span: Span) -> Record:
        """Return what policies do to all users alike in the step."""
        effects = records(layout(self.config.tiles).effects, 1)[0]
        effects.days = self.config.step_days
        effects.passing[:] = 1.0
        effects.loss = 1.0
        for name, platform in self.config.platforms.items():
            effects.access[self._columns[name]] = platform.state_access
            effects.detection[self._columns[name]] = platform.moderation
        for policy in policies.values():
            if policy.days_in(*span) > 0 or policy.lasts:
                policy.act(Step(self.config, span, effects))
        effects.trend_openings[:] = np.exp(effects.trend)
        effects.outside[:] = np.exp(-effects.price[:, -1])
        for p in range(len(self.config.messengers)):
            effects.unreadable |= int(effects.access[p] < UNREADABLE) << p
        return effects

    @property
    def _room(self) -> int:
        """Return the messengers that arrays have room for, P."""
        return layout(self.config.tiles).messengers

    @cached_property
    def _columns(self) -> dict[str, int]:
        """Return the column of each platform in arrays of messengers and cellular."""
        return {name: p for p, name in enumerate(self.config.messengers)} | {CELLULAR: -1}

    def _availability(self, policies: dict[str, Policy], step: int, span: Span) -> F64:
        """Return q by place (the last one abroad), channel and messenger, shape (C, 2, P)."""
        n = len(self.config.messengers)
        grades, off = np.zeros((2, len(self.config.regions), len(CHANNELS), self._room))
        grades[..., :n] = restricted(self.config, policies.values(), span)
        off[..., :n] = shut(self.config, policies.values(), span)
        efficacy = self._efficacy(step)
        lifted = np.zeros(self._room)
        for p, name in enumerate(self.config.messengers):
            lifted[p] = self.config.platforms[name].circumvention
        for policy in policies.values():
            if built_in := policy.proxies():
                p, share = self._columns[built_in[0]], built_in[1]
                in_force = policy.days_in(*span) / self.config.step_days
                lifted[p] += max(share - lifted[p], 0.0) * in_force
        vpn = np.arange(2.0)[:, None, None]  # every region without and with a VPN
        here = availability(grades[:, None], lifted, efficacy, vpn) * (1.0 - off[:, None])
        q = np.ones((2 * grades.shape[0] + 1, 2, self._room))
        q[:-1] = here.reshape(-1, 2, self._room)
        q[:, CALL, np.isneginf(self._values[CALL])] = 1.0  # messengers without calls
        return q

    def _surprise(self, policies: dict[str, Policy], step: int, onsets: Onsets) -> F64:
        """Return F by place, channel and messenger: failure that people are not used to by then.

        People are used to the policies that stand at the start.
        """
        days, memory = self.config.step_days, self.config.behaviour.failure_memory
        with self._lock:
            steps = self._surprises.setdefault(tuple(sorted(onsets.items())), [])
            while len(steps) <= step:
                k = len(steps)
                failing = 1.0 - self._availability(policies, k, self.config.step_span(k))
                used = steps[-1][1] if k else self._usual_failure()
                steps.append(surprise(failing, used, days, memory))
            return steps[step][0]

    def _usual_failure(self) -> F64:
        """Return 1 - q of the policies that stand at the start, as the start is solved with."""
        standing = self.config.standing
        before = PolicySchedule(self.config.model_copy(update={"policies": standing}))
        return 1.0 - before._availability(standing, 0, self.config.step_span(0))

    def _efficacy(self, step: int) -> float:
        """Return the share of a restriction that a VPN lifts, the mean over the step."""
        with self._lock:
            while len(self._efficacies) <= step:
                k = len(self._efficacies)
                efficacy = self._efficacies[-1][1] if k else self.config.behaviour.vpn_efficacy
                policies, span = self.config.policies.values(), self.config.step_span(k)
                self._efficacies.append(efficacy_after(efficacy, self.config, policies, span))
            return self._efficacies[step][0]

    def _pair_tables(self, q: F64, values: F64) -> PairTables:
        """Return the tables by pairs of places; steps with equal numbers share them.

        Parameters
        ----------
        values : array of shape (2, P)
            `_values` less prices [utils].
        """
        key = q.tobytes() + values.tobytes()
        if key not in self._tables:
            b = self.config.behaviour
            losses = np.array([b.message_loss, b.call_loss])
            self._tables[key] = pair_tables(q, values, losses)
        return self._tables[key]

    @cached_property
    def _values(self) -> F64:
        """Return a_pc, shape (2, P); -inf where the messenger lacks the channel [utils]."""
        values = np.full((2, self._room), -np.inf)
        for p, name in enumerate(self.config.messengers):
            platform = self.config.platforms[name]
            for c, channel in enumerate(CHANNELS):
                if channel in platform.channels:
                    values[c, p] = (platform.message_value, platform.call_value)[c]
        return values

    def _orders(
        self, found: list[tuple[Policy, Order]], names: list[str], unit: str, span: Span
    ) -> Records:
        """Return the orders in force in the step, to people or to chats of the segments `names`.

        Parameters
        ----------
        unit : str
            Of the roll-out, part of its random key.
        """
        mandates = records(MANDATE, len(found))
        for mandate, (policy, order) in zip(mandates, found, strict=True):
            mandate.platform = self._columns[order.platform]
            mandate.kind = names.index(order.segment)
            mandate.segment = 1 << mandate.kind
            mandate.outcome = ORDERED if order.binding else INVITED
            mandate.hazard = order.rate * policy.days_in(*span)
            mandate.ceiling = order.ceiling
            mandate.reached = policy.progress(*span, order.ramp_days)
            # by segment, not by policy: with another date or rate the same people come first
            mandate.key = purpose_key(self.config.seed, 0, f"rollout.{unit}{order.segment}")
        return mandates

    def _set_of(self, orders: Iterable[Order]) -> int:
        """Return the set of messengers that orders name."""
        return sum({1 << self._columns[order.platform] for order in orders})

    def _news(self, policies: dict[str, Policy], span: Span) -> Records:
        """Return the stories that spread during the step."""
        stories = {n: news for n, p in self.config.policies.items() if (news := p.news())}
        bits = list(stories)
        names = [n for n in bits if n in policies and policies[n].days_in(*span)]
        found = records(NEWS, len(names))
        for story, name in zip(found, names, strict=True):
            news, days = stories[name], policies[name].days_in(*span)
            story.platform = self._columns[news.platform]
            story.bit = bits.index(name)
            story.shock[:] = news.shock
            story.media = news.awareness_rate * days
            story.lasting = news.lasting
            story.contact = news.contact_rate * days
            story.audience = sum(1 << self._columns[m] for m in news.audience)
            story.salt = purpose_key(0, 0, f"story.{name}")
        return found


def _ended(policies: Iterable[Policy], span: Span) -> Iterator[Order]:
    """Yield what institutions demanded until the step began, or until some day before."""
    begin, _, origin = span
    for policy in policies:
        if policy.stop is not None and (policy.stop - origin).days <= begin:
            for order in (policy.mandates(), policy.moves()):
                if order and order.binding:
                    yield order
