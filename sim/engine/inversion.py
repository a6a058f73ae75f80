"""Compiled loops that solve the start: the choice of a sample, and draws of installs.

start.py says which equations are solved, stationary.py the adoption that installs are drawn from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.sample import ALL, NOBODY, Sample, Turn, groups, queue, stand_in
from sim.engine.state import State
from sim.engine.stationary import stationary
from sim.engine.threads import BLOCK, Threads, n_blocks
from sim.kernel.arrays import F32, I64, U64, Int
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.rng import SLOTS
from sim.kernel.vec8 import (
    USED,
    bits_of,
    flags,
    uniform_draws,
    where,
)
from sim.kernel.vec16 import WIDTH, align_stack
from sim.rules import fixed_point
from sim.rules.activity import open_apps
from sim.rules.choice import communicate
from sim.rules.choice_memory import working_memory
from sim.rules.groups import read_chats
from sim.rules.habit import remember
from sim.rules.marginal_value import evaluate
from sim.rules.networks import Chats, Ties
from sim.rules.packed_state import pack_keeping_fears
from sim.rules.records import Environment, PublicState, Record, Records
from sim.rules.tiles import part, public_of, tile_key, tiles, whole
from sim.rules.value_queries import ValueQueries, enqueue_values, value_queries

NO_KEY = np.uint64(0)  # at the start the contact of the step does not matter


def choose_for_sample(
    state: State, sample: Sample, env: Environment, speed: float, threads: Threads
) -> None:
    """Run the choice for the sample at the present installs, and move habits towards it.

    Parameters
    ----------
    speed : float
        Share of the distance that habits move.
    """

    def loop(first: int, last: int) -> None:
        choose_rows(
            first,
            last,
            ALL,
            *_choice_arrays(state),
            sample,
            env,
            state.params,
            speed,
            *_buffers(state),
        )

    threads.run(loop, len(sample.rows))


def _choice_arrays(state: State) -> tuple[Records, U64, Ties, Chats]:
    return state.users, state.public.choice_state, state.ties, state.chats


def _buffers(state: State) -> tuple[I64, ValueQueries, F32]:
    """Return working memory of one thread: users of a block, queries, memory of the choice."""
    tiles = state.layout.tiles
    return np.empty(BLOCK, np.int64), value_queries(BLOCK, tiles), working_memory(tiles)


@rule_loop
def choose_rows(
    first: Int, last: Int, turn: Turn, users: Records, choice_state: U64, ties: Ties, chats: Chats,
    sample: Sample, env: Environment, params: Record, speed: float, line: I64,
    queries: ValueQueries, s: F32,
) -> None:  # fmt: skip
    """Run the choice for those of users first to last of the sample whose turn it is."""
    align_stack()
    for at in range(first, last, BLOCK):
        base = sample.blocks[at // BLOCK] * BLOCK
        end, step_records = min(base + BLOCK, users.shape[0]), sample.step_records
        shift = np.uint32(base - at)  # as in a step: what both use is compiled once
        for slot in range(base + WIDTH * turn.k, end, WIDTH * turn.of):
            communicate(
                slot, 0, WIDTH, users, step_records, shift, choice_state, ties, env, params,
                NO_KEY, s,
            )  # fmt: skip
        n = queue(base, end, turn, ties, line)
        for i in line[:n]:
            enqueue_values(i, choice_state, np.int64(users[i].revising), params, queries)
        evaluate(users, step_records, shift, choice_state, ties, env, params, queries, s)
        for i in line[:n]:
            settle_user(i, users[i], step_records[i - shift], chats, env, params, speed)


@rule
def settle_user(
    i: int, user: Record, step_record: Record, chats: Chats, env: Environment, params: Record,
    speed: float,
) -> None:  # fmt: skip
    """Run the other rules of a user that the start needs: chats, habits, openings."""
    read_chats(i, step_record, chats)
    remember(user, step_record, params, np.float32(1.0 - speed))
    open_apps(user, step_record, env, params)


class Draw(NamedTuple):
    """How installs are drawn again."""

    bits: int  # set of messengers
    share: float  # share of users of the sample who are drawn, at random
    turn: Turn  # of users outside the sample; NOBODY: they publish the states of sample users
    others: float  # share of users outside who are drawn, of those whose turn it is
    speed: float  # share of the distance that their habits move
    habit_scale: F32
    key: np.uint64


def draw(state: State, sample: Sample, env: Environment, how: Draw, threads: Threads) -> None:
    """Draw the installs of users again from their stationary distribution, and publish them."""
    arrays = state.users, state.public, state.ties

    def inside(first: int, last: int) -> None:
        line, *_ = _buffers(state)
        draw_rows(first, last, ALL, *arrays, sample, env, state.params, how, how.share, line)

    def outside(first: int, last: int) -> None:
        buffer, turn, params = _buffers(state), how.turn, state.params
        blocks = np.arange(first // BLOCK, n_blocks(last))
        for some in groups(blocks[sample.place[blocks] < 0], state.n_users, state.layout.tiles):
            n = len(some.step_records)
            mark_rows(0, n, state.users, state.ties, some, how, buffer[0])
            choose_rows(0, n, turn, *_choice_arrays(state), some, env, params, how.speed, *buffer)
            draw_rows(0, n, turn, *arrays, some, env, params, how, how.others, buffer[0])

    threads.run(inside, len(sample.rows))
    if how.turn == NOBODY:
        threads.run(stand_rows, state.n_users, sample, state.public, state.params)
    else:
        threads.run(outside, state.n_users)
    threads.run(show_rows, state.n_users, state.public, state.params)


@rule_loop
def show_rows(first: Int, last: Int, public: PublicState, params: Record) -> None:
    """Make the next choice states of some users the present ones."""
    for o in range(tiles(params)):
        own = public_of(public, o, params)
        for i in range(first, last):
            own.choice_state[i] = own.next_choice_state[i]


@rule_loop
def stand_rows(first: Int, last: Int, sample: Sample, public: PublicState, params: Record) -> None:
    """Write choice states of sample users for the users outside the sample."""
    for o in range(tiles(params)):
        own = public_of(public, o, params)
        n_users = own.belief_state.shape[0]
        for base in range(first, last, BLOCK):
            if sample.place[base // BLOCK] < 0:
                other = stand_in(base, sample, n_users)
                for k in range(min(BLOCK, last - base)):
                    own.next_choice_state[base + k] = own.choice_state[min(other + k, n_users - 1)]


@rule
def to_draw(i: Int, share: float, how: Draw) -> np.int64:
    """Return the set of messengers that are drawn again for user `i`."""
    drawn = np.int64(0)
    for o in range(how.habit_scale.shape[0] // USED):
        draws = uniform_draws(tile_key(how.key, o), 2 * i * SLOTS)
        drawn |= whole(bits_of(draws < share), o)
    return np.int64(how.bits) & drawn


@rule_loop
def mark_rows(
    first: Int, last: Int, users: Records, ties: Ties, some: Sample, how: Draw, line: I64
) -> None:
    """Mark the messengers that users outside the sample draw, if it is their turn.

    Only the marginal values of these messengers are computed then.
    """
    for at in range(first, last, BLOCK):
        base = some.blocks[at // BLOCK] * BLOCK
        n = queue(base, min(base + BLOCK, users.shape[0]), how.turn, ties, line)
        for i in line[:n]:
            users[i].revising = to_draw(i, how.others, how) * users[i].online


@rule_loop
def draw_rows(
    first: Int, last: Int, turn: Turn, users: Records, public: PublicState, ties: Ties,
    some: Sample, env: Environment, params: Record, how: Draw, share: float, line: I64,
) -> None:  # fmt: skip
    """Draw the installs of some users again, if it is their turn."""
    for at in range(first, last, BLOCK):
        base = some.blocks[at // BLOCK] * BLOCK
        n = queue(base, min(base + BLOCK, users.shape[0]), turn, ties, line)
        for i in line[:n]:
            drawn = to_draw(i, share, how) & np.int64(users[i].aware)
            if drawn and users[i].online:
                draw_user(i, users[i], some.step_records[i - base + at], drawn, env, params, how)
            for o in range(tiles(params)):
                own = public_of(public, o, params)
                own.next_choice_state[i] = pack_keeping_fears(i, users[i], own, params, o)


@rule
def draw_user(
    i: Int, user: Record, step_record: Record, drawn: Int, env: Environment, params: Record,
    how: Draw,
) -> None:  # fmt: skip
    """Draw again which of the messengers `drawn` user `i` has."""
    installed = np.int64(user.installed) & ~drawn
    for o in range(tiles(params)):
        s = stationary(user, step_record, env, params, how.habit_scale, o)
        draws = uniform_draws(tile_key(how.key, o), (2 * i + 1) * SLOTS)
        has = part(drawn, o) & bits_of(draws < s.held)
        installed |= whole(has, o)
        habit = where(flags(has), s.habit, 0.0)
        kept = where(flags(part(drawn, o)), habit, fixed_point.habits(user, o))
        fixed_point.set_habits(user, kept, o)
    user.installed = installed
    user.account = installed
