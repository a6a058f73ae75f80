"""The state of a run: users, what they did in the last step, what contacts see of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.compiled import jit_loop
from sim.config import SimConfig
from sim.platforms import CELLULAR
from sim.rules.records import F64, MAX, RULES, TALK, U64, USER, Record, Records, Ties, records
from sim.rules.word import pack
from sim.world.graph import WEIGHT_EXPONENT, Graph
from sim.world.population import Population
from sim.world.settings import BANDS


@dataclass(frozen=True)
class State:
    """All arrays of a run; `ties` and `rules` do not change."""

    users: Records  # USER (n,)
    talks: Records  # TALK (n,)
    words: U64  # (n,) what contacts see, see rules/word.py
    ties: Ties
    rules: Record  # RULES

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return len(self.words)

    def copy(self) -> State:
        """Return a state that can change without changing this one."""
        return State(
            self.users.copy(), self.talks.copy(), self.words.copy(), self.ties, self.rules
        )

    def show(self) -> None:
        """Write every user's word anew, after a change from outside a step."""
        _show_rows(self.users, self.words)


def make_users(population: Population) -> Records:
    """Return users who have nothing installed and have heard of nothing."""
    users = records(USER, population.n_users)
    for name in ("band", "segments", "type", "online", "intensity"):
        users[name] = getattr(population, name)
    users["place"] = population.region * np.uint8(2) + population.vpn
    users["taste"][:, : population.taste.shape[1]] = population.taste
    return users


def make_ties(graph: Graph) -> Ties:
    """Return the graph with the weights of ranks up to the largest degree."""
    longest = int(np.diff(graph.indptr).max(initial=1))
    weight = np.arange(1, longest + 1, dtype=np.float64) ** -WEIGHT_EXPONENT
    total = np.concatenate([[0.0], np.cumsum(weight)])
    return Ties(graph.indptr, graph.indices, weight, total)


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
    rules.pull[:] = np.exp(b.habit_value / 2.0 * np.arange(256) / 255.0)
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
        rules.type_taste[p] = platform.type_taste
        rules.state_access[p] = platform.state_access
    return rules


def make_state(config: SimConfig, population: Population, graph: Graph) -> State:
    """Return the state in which nobody has installed anything."""
    n = population.n_users
    return State(
        make_users(population),
        records(TALK, n),
        np.zeros(n, np.uint64),
        make_ties(graph),
        make_rules(config),
    )


def by_messenger(values: F64, config: SimConfig) -> F64:
    """Return `values` of shape (..., n messengers) with zeros up to ``MAX`` messengers."""
    padding = MAX - len(config.messengers)
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, padding)])


@jit_loop
def _show_rows(users: Records, words: U64) -> None:
    for i in range(words.shape[0]):
        words[i] = pack(users[i])
