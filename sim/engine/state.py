"""The state of a run: users, what contacts see of them, ties, chats, abuse, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from sim.config.platforms import CELLULAR
from sim.config.settings import BANDS, TYPES
from sim.config.sim_config import SimConfig
from sim.engine.call_shares import call_shares
from sim.engine.threads import Threads
from sim.kernel.arrays import I64, U32
from sim.kernel.compiled import jit_loop
from sim.kernel.parallel_map import each, parts
from sim.kernel.vec16 import WIDTH
from sim.population.chats import Seats
from sim.population.graph import WEIGHT_EXPONENT
from sim.population.population import Population
from sim.population.rows import Rows
from sim.rules.declare import DERIVED, declared
from sim.rules.fixed_point import CONCERN_STEPS, INTENSITY_STEPS, to_fixed_point
from sim.rules.networks import NOWHERE, WINDOW, Chats, Ties
from sim.rules.packed_state import (
    HABIT_STEPS,
    HABIT_WIDTH,
    PLACE_BIT,
    level_params,
    publish_user,
)
from sim.rules.records import MAX, Layout, PublicState, Record, Records, layout, records

MOVES = ("platform", "moved", "bound")  # fields of chats that a run changes


@dataclass(frozen=True)
class State:
    """All arrays of a run; ties, parameters and members of chats do not change."""

    users: Records  # USER (n,)
    public: PublicState
    ties: Ties
    params: Record  # PARAMS
    chats: Chats
    abuse: Records  # ABUSE (n kinds,)
    own: dict[str, Records]  # (n,) of registered rules, by name

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return len(self.users)

    @property
    def layout(self) -> Layout:
        """Return the records of this run."""
        return layout(len(self.params.base_openings) // MAX)

    def copy(self) -> State:
        """Return a state with copies of the arrays that a run changes; the others are shared."""
        return State(
            self.users.copy(),
            PublicState(*(public.copy() for public in self.public)),
            self.ties,
            self.params,
            self.chats._replace(**{name: getattr(self.chats, name).copy() for name in MOVES}),
            self.abuse.copy(),
            {name: array.copy() for name, array in self.own.items()},
        )

    def changing(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the arrays that a run changes, by name; a copy has its own."""
        public = {f"public.{name}": array for name, array in self.public._asdict().items()}
        chats = {f"chats.{name}": getattr(self.chats, name) for name in MOVES}
        own = {f"own.{name}": array for name, array in self.own.items()}
        return {"users": self.users, **public, **chats, "abuse": self.abuse, **own}

    def swap_buffers(self) -> State:
        """Return the state of the next step: what users have published is now visible."""
        choice_state, belief_state, next_choice_state, next_belief_state = self.public
        return replace(
            self,
            public=PublicState(next_choice_state, next_belief_state, choice_state, belief_state),
        )  # fmt: skip

    def publish(self, threads: Threads) -> None:
        """Publish all users at once, after a change from outside a step."""
        threads.run(publish_rows, self.n_users, self.users, self.public, self.params)


def tree_leaves(node: Any) -> Iterator[Any]:
    """Yield the arrays and values of a tree of dataclasses, named tuples and dicts."""
    if is_dataclass(node):
        inner = [getattr(node, field.name) for field in fields(node)]
    elif isinstance(node, dict):
        inner = list(node.values())
    elif hasattr(node, "_fields"):
        inner = list(node)
    else:
        yield node
        return
    for each_one in inner:
        yield from tree_leaves(each_one)


def make_users(population: Population, n_tiles: int = 1, n_threads: int | None = None) -> Records:
    """Return users who have nothing installed and are aware of nothing."""
    users, p = records(layout(n_tiles).user, population.n_users), population

    def make(part: tuple[int, int]) -> None:
        at = slice(*part)
        some = users[at]
        for name in ("band", "segments", "type", "online", "abroad"):
            some[name] = getattr(p, name)[at]
        some["concern"] = to_fixed_point(p.concern[at], CONCERN_STEPS, np.uint16)
        some["intensity"] = to_fixed_point(p.intensity[at], INTENSITY_STEPS, np.uint16)
        some["place"] = p.region[at] * np.uint8(2) + p.vpn[at]
        some["taste"][:, : p.taste.shape[1]] = p.taste[at]

    each(make, parts(p.n_users), n_threads)
    return users


def make_ties(rows: Rows) -> Ties:
    """Return the ties, with the weights of all ranks up to the largest degree."""
    longest = int(rows.degree.max(initial=1))
    weight = np.arange(1, longest + 1, dtype=np.float64) ** -WEIGHT_EXPONENT
    total = np.concatenate([[0.0], np.cumsum(weight)])
    return Ties(
        rows.order, rows.slice_start, rows.indices, rows.seat, rows.degree,
        weight.astype(np.float32), total.astype(np.float32),
    )  # fmt: skip


def first_ties(ties: Ties, users: I64) -> I64:
    """Return the position in ``ties.indices`` of the first tie of each user; see `tie_at`."""
    lane = users // WINDOW * WINDOW + ties.seat[users]
    return np.asarray(ties.slice_start[lane // WIDTH] + lane % WIDTH)


def seats(ties: Ties) -> U32:
    """Return the position of each user in ``ties.order``, shape (n,)."""
    n = len(ties.degree)
    position = np.empty(n, np.uint32)
    position[ties.order[:n]] = np.arange(n, dtype=np.uint32)  # empty lanes are last
    return position


def make_chats(seats: Seats) -> Chats:
    """Return the chats of a run, on no messenger yet."""
    n = seats.kind.size
    return Chats(
        np.full(n, NOWHERE, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8),
        seats.kind, seats.indptr, seats.members, seats.window, seats.begin, seats.of_user,
    )  # fmt: skip


def make_params(config: SimConfig) -> Record:
    """Return the parameters as rules read them; those that the start solves are 0."""
    params = records(layout(config.tiles).params, 1)[0]
    params.n_messengers = len(config.messengers)
    b, outside = config.behaviour, config.platforms[CELLULAR]
    for parameter in declared("PARAMETERS"):
        if parameter.storage != DERIVED:
            setattr(params, parameter.name, getattr(b, parameter.name))
    params.outside[:] = np.exp([outside.message_value, outside.call_value])
    params.topic_share[:] = 1.0 - b.sensitive_share, b.sensitive_share
    abroad = config.population.abroad
    params.outside_abroad[:] = params.outside * np.exp(-abroad.call_price)
    params.abroad_weight = abroad.weight
    for o, halves in enumerate(_abroad_choice_states(config)):
        params.abroad_low[o], params.abroad_high[o] = halves
    for name, value in level_params(b.habit_value, b.chilling_value)._asdict().items():
        setattr(params, name, value)
    params.pair_appeal[:] = -np.inf
    for p, name in enumerate(config.messengers):
        platform = config.platforms[name]
        if platform.standalone is not None:
            params.standalone[:, p] = [platform.standalone[band] for band in BANDS]
        if platform.pair_appeal is not None:
            params.pair_appeal[p] = platform.pair_appeal
        params.base_openings[p] = (platform.openings or 0.0) / config.behaviour.content_openings
        params.habit_openings[p] = platform.habit_openings
        params.mandate_openings[p] = platform.mandate_openings
        params.prior[:, p] = [(platform.belief or {}).get(kind, 0.0) for kind in TYPES]
    return params


def _abroad_choice_states(config: SimConfig) -> Iterator[tuple[int, int]]:
    """Yield the halves of the choice state of contacts abroad, tile by tile.

    They have the messengers that the configuration says, with habits of a half, and no place there
    is restricted.
    """
    for first in range(0, MAX * config.tiles, MAX):
        low, high = n_places(config) - 1 << PLACE_BIT, 0
        for p, name in enumerate(config.messengers[first : first + MAX]):
            low |= config.platforms[name].abroad << p
            high |= HABIT_STEPS // 2 << HABIT_WIDTH * p
        yield low, high


def n_places(config: SimConfig) -> int:
    """Return the number of places: each region without and with a VPN, and abroad."""
    return 2 * len(config.population.regions) + 1


def make_state(
    config: SimConfig, population: Population, rows: Rows, seats: Seats,
    n_threads: int | None = None,
) -> State:  # fmt: skip
    """Return the state in which no user has installed anything."""
    n, tiles = population.n_users, config.tiles
    users = make_users(population, tiles, n_threads)

    def share(part: tuple[int, int]) -> None:
        users.call_share[slice(*part)] = call_shares(config, *part)

    each(share, parts(n), n_threads)
    return State(
        users,
        PublicState(*(np.zeros(tiles * size, np.uint64) for size in (n + 1, n, n + 1, n))),
        make_ties(rows),
        make_params(config),
        make_chats(seats),
        records(layout(tiles).abuse, len(config.abuse)),
        {},
    )


@jit_loop
def publish_rows(
    first: int, last: int, users: Records, public: PublicState, params: Record
) -> None:
    """Publish some users at once."""
    now = PublicState(
        public.next_choice_state, public.next_belief_state,
        public.choice_state, public.belief_state,
    )  # fmt: skip
    for i in range(first, last):
        publish_user(i, users[i], now, params)
