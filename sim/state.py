"""The state of a run: users, what they did in the last step, what contacts see of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.compiled import jit_loop
from sim.config import SimConfig
from sim.platforms import CELLULAR
from sim.rules.records import (
    ABUSE,
    F64,
    MAX,
    NOWHERE,
    RULES,
    TALK,
    U64,
    USER,
    Chats,
    Record,
    Records,
    Ties,
    records,
)  # fmt: skip
from sim.rules.word import FEAR_STEPS, HABIT_STEPS, MOST_FEAR, pack
from sim.world.chats import Seats
from sim.world.graph import WEIGHT_EXPONENT, Graph
from sim.world.population import TASTE_UNIT, Population
from sim.world.settings import BANDS, TYPES


@dataclass(frozen=True)
class State:
    """All arrays of a run; `ties`, `rules` and the seats in `chats` do not change."""

    users: Records  # USER (n,)
    talks: Records  # TALK (n,)
    words: U64  # (n,) what contacts see, see rules/word.py
    ties: Ties
    rules: Record  # RULES
    chats: Chats
    abuse: Records  # ABUSE (n kinds,)

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return len(self.words)

    def copy(self) -> State:
        """Return a state that can change without changing this one."""
        return State(
            self.users.copy(), self.talks.copy(), self.words.copy(), self.ties, self.rules,
            self.chats._replace(
                platform=self.chats.platform.copy(),
                moved=self.chats.moved.copy(),
                bound=self.chats.bound.copy(),
            ),
            self.abuse.copy(),
        )  # fmt: skip

    def show(self) -> None:
        """Write every user's word anew, after a change from outside a step."""
        _show_rows(self.users, self.words)


def make_users(population: Population) -> Records:
    """Return users who have nothing installed and have heard of nothing."""
    users = records(USER, population.n_users)
    for name in ("band", "segments", "type", "online", "abroad", "intensity", "concern"):
        users[name] = getattr(population, name)
    users["place"] = population.region * np.uint8(2) + population.vpn
    users["taste"][:, : population.taste.shape[1]] = population.taste * np.float32(TASTE_UNIT)
    return users


def make_ties(graph: Graph) -> Ties:
    """Return the graph with the weights of ranks up to the largest degree."""
    longest = int(np.diff(graph.indptr).max(initial=1))
    weight = np.arange(1, longest + 1, dtype=np.float64) ** -WEIGHT_EXPONENT
    total = np.concatenate([[0.0], np.cumsum(weight)])
    return Ties(graph.indptr, graph.indices, weight, total)


def make_chats(seats: Seats) -> Chats:
    """Return the chats of a run, on no messenger yet."""
    n = seats.kind.size
    return Chats(
        np.full(n, NOWHERE, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8),
        seats.kind, seats.indptr, seats.members, seats.of_user,
    )  # fmt: skip


def levels(habit_value: float, chilling_value: float) -> F64:
    """Return exp(eta/2 h - lambda/2 f) by topic and level of habit and fear, shape (2, 256)."""
    level = np.arange(256)
    habit = habit_value / 2.0 * (level & 31) / HABIT_STEPS
    fear = chilling_value / 2.0 * MOST_FEAR * ((level >> 5) / FEAR_STEPS) ** 2
    return np.exp([habit, habit - fear])


def make_rules(config: SimConfig) -> Record:
    """Return the parameters as rules use them; solved values start as 0 (see sim/start.py)."""
    rules = records(RULES, 1)[0]
    rules.n_messengers = len(config.messengers)
    b, outside = config.behaviour, config.platforms[CELLULAR]
    for name in type(b).model_fields:
        if name in (RULES.names or ()):
            setattr(rules, name, getattr(b, name))
    rules.channel_share[:] = 1.0 - b.call_share, b.call_share
    rules.outside[:] = np.exp([outside.message_value, outside.call_value])
    rules.topic_share[:] = 1.0 - b.sensitive_share, b.sensitive_share
    abroad = config.population.abroad
    rules.outside_abroad[:] = rules.outside * np.exp(-abroad.call_price)
    rules.abroad_weight = abroad.weight
    rules.abroad_word = _abroad_word(config)
    rules.pull[:] = levels(b.habit_value, b.chilling_value)
    rules.pair_appeal[:] = -np.inf
    for p, name in enumerate(config.messengers):
        platform = config.platforms[name]
        if platform.standalone is not None:
            rules.standalone[p] = [platform.standalone[band] for band in BANDS]
        if platform.pair_appeal is not None:
            rules.pair_appeal[p] = platform.pair_appeal
        rules.base_openings[p] = platform.openings or 0.0
        rules.habit_openings[p] = platform.habit_openings
        rules.mandate_openings[p] = platform.mandate_openings
        rules.prior[:, p] = [(platform.belief or {}).get(kind, 0.0) for kind in TYPES]
    return rules


def _abroad_word(config: SimConfig) -> int:
    """Return what contacts abroad show: who is there, half used to it, restricted nowhere."""
    word = n_places(config) - 1 << 8
    for p, name in enumerate(config.messengers):
        word |= config.platforms[name].abroad << p | HABIT_STEPS // 2 << 16 + 8 * p
    return word


def n_places(config: SimConfig) -> int:
    """Return the number of places: each region without and with a VPN, and abroad."""
    return 2 * len(config.population.regions) + 1


def make_state(config: SimConfig, population: Population, graph: Graph, seats: Seats) -> State:
    """Return the state in which nobody has installed anything."""
    n = population.n_users
    return State(
        make_users(population),
        records(TALK, n),
        np.zeros(n, np.uint64),
        make_ties(graph),
        make_rules(config),
        make_chats(seats),
        records(ABUSE, len(config.abuse)),
    )


def by_messenger(values: F64, config: SimConfig) -> F64:
    """Return `values` of shape (..., n messengers) with zeros up to ``MAX`` messengers."""
    padding = MAX - len(config.messengers)
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, padding)])


@jit_loop
def _show_rows(users: Records, words: U64) -> None:
    for i in range(words.shape[0]):
        words[i] = pack(users[i])
