"""The compiled loops of the start: what a panel would see in the long run, and draws from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.sample import ALL, NOBODY, Sample, Turn, groups, queue, stand_in, user_at
from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, n_blocks
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.rng import SLOTS
from sim.kernel.vec8 import WIDTH as VEC8
from sim.kernel.vec8 import (
    Vec8,
    add_to,
    bits_of,
    exp,
    flags,
    power,
    read,
    sigmoid,
    uniform_draws,
    where,
)
from sim.kernel.vec16 import WIDTH, align_stack
from sim.rules import fixed_point
from sim.rules.activity import open_apps, p_seen
from sim.rules.adoption import drop_hazard, network_benefit, own_utilities
from sim.rules.choice import communicate
from sim.rules.choice_memory import working_memory
from sim.rules.groups import read_chats
from sim.rules.habit import remember
from sim.rules.marginal_value import ValueQueries, enqueue_values, evaluate, value_queries
from sim.rules.packed_state import FEARS, bits_without_fears, in_use
from sim.rules.records import (
    F32,
    F64,
    I64,
    MESSAGE,
    U64,
    Chats,
    Environment,
    Int,
    PublicState,
    Record,
    Records,
    Ties,
)

NO_LUCK = np.uint64(0)  # at the start it does not matter whom users talk with
MONTH = 30.0  # days


def choose_for_sample(
    state: State, sample: Sample, env: Environment, speed: float, threads: Threads
) -> None:
    """Let the sample communicate at the present installs and move habits by `speed` to it."""

    def loop(first: int, last: int) -> None:
        choose_rows(first, last, ALL, *_talkers(state), sample, env, state.params, speed, *_room())

    threads.run(loop, len(sample.rows))


def _talkers(state: State) -> tuple[Records, U64, Ties, Chats]:
    return state.users, state.public.choice_state, state.ties, state.chats


def _room() -> tuple[I64, ValueQueries, F32]:
    return np.empty(BLOCK, np.int64), value_queries(BLOCK), working_memory()


@rule_loop
def choose_rows(
    first: Int, last: Int, turn: Turn, users: Records, choice_state: U64, ties: Ties, chats: Chats,
    sample: Sample, env: Environment, params: Record, speed: float, line: I64,
    queries: ValueQueries, s: F32,
) -> None:  # fmt: skip
    """Let those of users first to last of the sample communicate whose turn it is."""
    align_stack()
    for at in range(first, last, BLOCK):
        base = sample.blocks[at // BLOCK] * BLOCK
        end, step_records = min(base + BLOCK, users.shape[0]), sample.step_records
        shift = np.uint32(base - at)  # as in a step: what both use is compiled once
        for slot in range(base + WIDTH * turn.k, end, WIDTH * turn.of):
            communicate(
                slot, 0, WIDTH, step_records, shift, choice_state, ties, env, params, NO_LUCK, s
            )
        n = queue(base, end, turn, ties, line)
        for i in line[:n]:
            enqueue_values(i, choice_state[i], np.int64(users[i].revising), queries)
        evaluate(step_records, shift, choice_state, ties, env, params, queries, s)
        for i in line[:n]:
            settle_user(i, users[i], step_records[i - shift], chats, env, params, speed)


@rule
def settle_user(
    i: int, user: Record, step_record: Record, chats: Chats, env: Environment, params: Record,
    speed: float,
) -> None:  # fmt: skip
    """Let a user read its chats, get used to what it does, and open its apps."""
    read_chats(i, step_record, chats)
    remember(user, step_record, params, np.float32(1.0 - speed))
    open_apps(user, step_record, env, params)


class Stationary(NamedTuple):
    """What keeps messengers with a user or away, at the present state of others."""

    enter: Vec8  # chances a step of taking one up and of dropping it
    leave: Vec8
    wants: Vec8  # chances of deciding for it when one does not have it and when one does
    keeps: Vec8
    habit: Vec8  # of one who has it


@rule
def stationary(
    user: Record, step_record: Record, env: Environment, params: Record, habit_scale: F32
) -> Stationary:
    """Return what keeps messengers with `user` or away."""
    has, habit = flags(in_use(user)), fixed_point.habits(user)
    would = read(habit_scale) * (1.0 - exp(0.0 - read(step_record.value)))
    would = where(would < 1.0, would, 1.0)
    u = network_benefit(read(step_record.value), params) + own_utilities(
        user, step_record, env, params
    )
    u = where(has, u - params.keep_value * habit, u)
    habit = where(has, habit, would)
    wants, keeps = sigmoid(u), sigmoid(u + params.keep_value * habit)
    works = read(env.availability[user.place, MESSAGE])
    enter = -np.expm1(-params.install_rate * env.effects.days) * wants
    drops = 1.0 - exp(0.0 - drop_hazard(params, works, env.effects.days))
    return Stationary(enter, drops * (1.0 - keeps), wants, keeps, habit)


@rule_loop
def reach_rows(
    first: Int, last: Int, users: Records, sample: Sample, env: Environment, params: Record,
    habit_scale: F32, sums: F64,
) -> None:  # fmt: skip
    """Add monthly reach and its slope in B by band and messenger to ``sums[block]``."""
    for at in range(first, last):
        user = users[sample.rows[at]]
        if user.online:
            reach, slope = month(user, sample.step_records[at], env, params, habit_scale)
            row = sums[at // BLOCK, user.band]
            add_to(row, 0, reach)
            add_to(row, VEC8, slope)


@rule
def month(
    user: Record, step_record: Record, env: Environment, params: Record, habit_scale: F32
) -> tuple[Vec8, Vec8]:
    """Return the chances that a panel sees `user` in a month by messenger, and their slopes in B.

    A month of m steps shows m states and m - 1 changes between them.
    """
    steps = max(0.0, MONTH / env.effects.days - 1.0)
    s = stationary(user, step_record, env, params, habit_scale)
    held = s.enter / (s.enter + s.leave)
    missed, stayed = power(1.0 - s.enter, steps), power(1.0 - s.leave, steps)
    would = params.traffic_openings * s.habit + read(params.base_openings)
    n = where(flags(in_use(user)), read(step_record.openings), fixed_point.intensity(user) * would)
    whole, part = p_seen(MONTH * n), p_seen(MONTH / 2 * n)
    d_held = held * (1.0 - held) * ((1.0 - s.wants) + s.keeps)
    d_missed = steps * missed / (1.0 - s.enter) * s.enter * (1.0 - s.wants)
    holder = stayed * whole + (1.0 - stayed) * part
    newcomer = (1.0 - missed) * part
    # the slope leaves out that of `stayed`: Newton is bracketed, see sim/engine/start.py
    slope = d_held * (holder - newcomer) + (1.0 - held) * d_missed * part
    return held * holder + (1.0 - held) * newcomer, slope


class Draw(NamedTuple):
    """How installs are drawn anew."""

    bits: int  # messengers
    share: float  # of users of the sample who are drawn, at random
    turn: Turn  # of users outside; if nobody's, they show what users of the sample show
    others: float  # share of those who are drawn of those whose turn it is
    speed: float  # at which their habits move
    habit_scale: F32
    key: np.uint64


def draw(state: State, sample: Sample, env: Environment, how: Draw, threads: Threads) -> None:
    """Draw the installs of users anew from the stationary law, and show them."""
    given = state.users, state.public, state.ties

    def inside(first: int, last: int) -> None:
        line, *_ = _room()
        draw_rows(first, last, ALL, *given, sample, env, state.params, how, how.share, line)

    def outside(first: int, last: int) -> None:
        buffer, turn, params = _room(), how.turn, state.params
        blocks = np.arange(first // BLOCK, n_blocks(last))
        for some in groups(blocks[sample.place[blocks] < 0], state.n_users):
            n = len(some.step_records)
            mark_rows(0, n, state.users, state.ties, some, how, buffer[0])
            choose_rows(0, n, turn, *_talkers(state), some, env, params, how.speed, *buffer)
            draw_rows(0, n, turn, *given, some, env, params, how, how.others, buffer[0])

    threads.run(inside, len(sample.rows))
    if how.turn == NOBODY:
        threads.run(stand_rows, state.n_users, sample, state.public)
    else:
        threads.run(outside, state.n_users)
    threads.run_parts(_show_some, state.n_users, state.public)


def _show_some(first: int, last: int, public: PublicState) -> None:
    """Let some users show what they are to show next."""
    public.choice_state[first:last] = public.next_choice_state[first:last]


@rule_loop
def stand_rows(first: Int, last: Int, sample: Sample, public: PublicState) -> None:
    """Let who is not in the sample show what somebody in it shows."""
    n_users = public.belief_state.shape[0]
    for base in range(first, last, BLOCK):
        if sample.place[base // BLOCK] < 0:
            other = stand_in(base, sample, n_users)
            for k in range(min(BLOCK, last - base)):
                public.next_choice_state[base + k] = public.choice_state[
                    min(other + k, n_users - 1)
                ]


@rule
def to_draw(i: Int, share: float, how: Draw) -> np.int64:
    """Return the bits of the messengers that are drawn anew for user `i`."""
    return np.int64(how.bits) & bits_of(uniform_draws(how.key, 2 * i * SLOTS) < share)


@rule_loop
def mark_rows(
    first: Int, last: Int, users: Records, ties: Ties, some: Sample, how: Draw, line: I64
) -> None:
    """Let users outside the sample whose turn it is value what they draw, nothing else."""
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
    """Draw anew what some users have whose turn it is."""
    for at in range(first, last, BLOCK):
        base = some.blocks[at // BLOCK] * BLOCK
        n = queue(base, min(base + BLOCK, users.shape[0]), turn, ties, line)
        for i in line[:n]:
            drawn = to_draw(i, share, how)
            if drawn and users[i].online:
                draw_user(i, users[i], some.step_records[i - base + at], drawn, env, params, how)
            fears = np.int64(public.choice_state[i]) & FEARS  # they are settled
            public.next_choice_state[i] = np.uint64(bits_without_fears(users[i], params) | fears)


@rule
def draw_user(
    i: Int, user: Record, step_record: Record, drawn: Int, env: Environment, params: Record,
    how: Draw,
) -> None:  # fmt: skip
    """Draw anew whether user `i` has the messengers `drawn`."""
    s = stationary(user, step_record, env, params, how.habit_scale)
    held = s.enter / (s.enter + s.leave)
    found = drawn & bits_of(uniform_draws(how.key, (2 * i + 1) * SLOTS) < held)
    user.installed = np.uint8((np.int64(user.installed) & ~drawn) | found)
    user.account = user.installed
    habit = where(flags(found), s.habit, 0.0)
    fixed_point.set_habits(user, where(flags(drawn), habit, fixed_point.habits(user)))


def look_at_start(state: State, env: Environment, threads: Threads) -> None:
    """Note whom everybody reaches at the start: later reach is compared with it."""

    def loop(first: int, last: int) -> None:
        for some in groups(np.arange(first // BLOCK, n_blocks(last)), state.n_users):
            n = len(some.step_records)
            choose_rows(0, n, ALL, *_talkers(state), some, env, state.params, 0.0, *_room())
            start_rows(0, n, some, state.at_start)

    threads.run(loop, state.n_users)


@rule_loop
def start_rows(first: Int, last: Int, some: Sample, at_start: Records) -> None:
    """Write reachable and secure ties."""
    for at in range(first, last):
        step_record = some.step_records[at]
        kept = at_start[user_at(some, at)]
        for c in range(2):
            kept.reachable[c] = np.uint16(fixed_point.share_steps(step_record.reachable[c]))
            kept.secure[c] = np.uint16(fixed_point.share_steps(step_record.secure[c]))
