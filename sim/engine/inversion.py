"""The compiled loops of the start: what a panel would see in the long run, and draws from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.engine.sample import ALL, NOBODY, Sample, Turn, groups, queue, stand_in, user_at
from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, n_blocks
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.lanes import WIDTH, align_stack
from sim.kernel.octets import WIDTH as OCTET
from sim.kernel.octets import (
    Octet,
    add_to,
    bits_of,
    exp,
    flags,
    luck,
    power,
    read,
    sigmoid,
    where,
)
from sim.kernel.rng import SLOTS
from sim.rules import fixed
from sim.rules.activity import open_apps, p_seen
from sim.rules.adoption import drop_hazard, network_benefit, own_utilities
from sim.rules.choice import communicate
from sim.rules.groups import read_chats
from sim.rules.habit import remember
from sim.rules.records import (
    F32,
    F64,
    I64,
    MESSAGE,
    U64,
    Chats,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
)
from sim.rules.tie import working_memory
from sim.rules.whatif import Questions, answer, ask_values, questions
from sim.rules.word import FEARS, in_use, quick_bits

NO_LUCK = np.uint64(0)  # at the start it does not matter whom users talk with
MONTH = 30.0  # days


def talk(state: State, sample: Sample, now: Now, speed: float, threads: Threads) -> None:
    """Let the sample communicate at the present installs and move habits by `speed` to it."""

    def loop(first: int, last: int) -> None:
        talk_rows(first, last, ALL, *_talkers(state), sample, now, state.rules, speed, *_room())

    threads.run(loop, len(sample.rows))


def _talkers(state: State) -> tuple[Records, U64, Ties, Chats]:
    return state.users, state.shown.words, state.ties, state.chats


def _room() -> tuple[I64, Questions, F32]:
    return np.empty(BLOCK, np.int64), questions(BLOCK), working_memory()


@rule_loop
def talk_rows(
    first: Int, last: Int, turn: Turn, users: Records, words: U64, ties: Ties, chats: Chats,
    sample: Sample, now: Now, rules: Record, speed: float, line: I64, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Let those of users first to last of the sample communicate whose turn it is."""
    align_stack()
    for at in range(first, last, BLOCK):
        base = sample.blocks[at // BLOCK] * BLOCK
        end, talks = min(base + BLOCK, users.shape[0]), sample.talks
        shift = np.uint32(base - at)  # as in a step: what both use is compiled once
        for slot in range(base + WIDTH * turn.k, end, WIDTH * turn.of):
            communicate(slot, 0, WIDTH, talks, shift, words, ties, now, rules, NO_LUCK, s)
        n = queue(base, end, turn, ties, line)
        for i in line[:n]:
            ask_values(i, words[i], np.int64(users[i].revising), asked)
        answer(talks, shift, words, ties, now, rules, asked, s)
        for i in line[:n]:
            settle_user(i, users[i], talks[i - shift], chats, now, rules, speed)


@rule
def settle_user(
    i: int, user: Record, talk: Record, chats: Chats, now: Now, rules: Record, speed: float
) -> None:
    """Let a user read its chats, get used to what it does, and open its apps."""
    read_chats(i, talk, chats)
    remember(user, talk, rules, np.float32(1.0 - speed))
    open_apps(user, talk, now, rules)


class Stationary(NamedTuple):
    """What keeps messengers with a user or away, at the present state of others."""

    enter: Octet  # chances a step of taking one up and of dropping it
    leave: Octet
    wants: Octet  # chances of deciding for it when one does not have it and when one does
    keeps: Octet
    habit: Octet  # of one who has it


@rule
def stationary(
    user: Record, talk: Record, now: Now, rules: Record, habit_scale: F32
) -> Stationary:
    """Return what keeps messengers with `user` or away."""
    has, habit = flags(in_use(user)), fixed.habits(user)
    would = read(habit_scale) * (1.0 - exp(0.0 - read(talk.value)))
    would = where(would < 1.0, would, 1.0)
    u = network_benefit(read(talk.value), rules) + own_utilities(user, talk, now, rules)
    u = where(has, u - rules.keep_value * habit, u)
    habit = where(has, habit, would)
    wants, keeps = sigmoid(u), sigmoid(u + rules.keep_value * habit)
    works = read(now.availability[user.place, MESSAGE])
    enter = -np.expm1(-rules.install_rate * now.force.days) * wants
    drops = 1.0 - exp(0.0 - drop_hazard(rules, works, now.force.days))
    return Stationary(enter, drops * (1.0 - keeps), wants, keeps, habit)


@rule_loop
def reach_rows(
    first: Int, last: Int, users: Records, sample: Sample, now: Now, rules: Record,
    habit_scale: F32, sums: F64,
) -> None:  # fmt: skip
    """Add monthly reach and its slope in B by band and messenger to ``sums[block]``."""
    for at in range(first, last):
        user = users[sample.rows[at]]
        if user.online:
            reach, slope = month(user, sample.talks[at], now, rules, habit_scale)
            row = sums[at // BLOCK, user.band]
            add_to(row, 0, reach)
            add_to(row, OCTET, slope)


@rule
def month(
    user: Record, talk: Record, now: Now, rules: Record, habit_scale: F32
) -> tuple[Octet, Octet]:
    """Return the chances that a panel sees `user` in a month by messenger, and their slopes in B.

    A month of m steps shows m states and m - 1 changes between them.
    """
    steps = max(0.0, MONTH / now.force.days - 1.0)
    s = stationary(user, talk, now, rules, habit_scale)
    held = s.enter / (s.enter + s.leave)
    missed, stayed = power(1.0 - s.enter, steps), power(1.0 - s.leave, steps)
    would = rules.traffic_openings * s.habit + read(rules.base_openings)
    n = where(flags(in_use(user)), read(talk.openings), fixed.intensity(user) * would)
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


def draw(state: State, sample: Sample, now: Now, how: Draw, threads: Threads) -> None:
    """Draw the installs of users anew from the stationary law, and show them."""
    given = state.users, state.shown, state.ties

    def inside(first: int, last: int) -> None:
        line, *_ = _room()
        draw_rows(first, last, ALL, *given, sample, now, state.rules, how, how.share, line)

    def outside(first: int, last: int) -> None:
        room, turn, rules = _room(), how.turn, state.rules
        blocks = np.arange(first // BLOCK, n_blocks(last))
        for some in groups(blocks[sample.place[blocks] < 0], state.n_users):
            n = len(some.talks)
            mark_rows(0, n, state.users, state.ties, some, how, room[0])
            talk_rows(0, n, turn, *_talkers(state), some, now, rules, how.speed, *room)
            draw_rows(0, n, turn, *given, some, now, rules, how, how.others, room[0])

    threads.run(inside, len(sample.rows))
    if how.turn == NOBODY:
        threads.run(stand_rows, state.n_users, sample, state.shown)
    else:
        threads.run(outside, state.n_users)
    threads.run_parts(_show_some, state.n_users, state.shown)


def _show_some(first: int, last: int, shown: Shown) -> None:
    """Let some users show what they are to show next."""
    shown.words[first:last] = shown.next_words[first:last]


@rule_loop
def stand_rows(first: Int, last: Int, sample: Sample, shown: Shown) -> None:
    """Let who is not in the sample show what somebody in it shows."""
    n_users = shown.minds.shape[0]
    for base in range(first, last, BLOCK):
        if sample.place[base // BLOCK] < 0:
            other = stand_in(base, sample, n_users)
            for k in range(min(BLOCK, last - base)):
                shown.next_words[base + k] = shown.words[min(other + k, n_users - 1)]


@rule
def to_draw(i: Int, share: float, how: Draw) -> np.int64:
    """Return the bits of the messengers that are drawn anew for user `i`."""
    return np.int64(how.bits) & bits_of(luck(how.key, 2 * i * SLOTS) < share)


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
    first: Int, last: Int, turn: Turn, users: Records, shown: Shown, ties: Ties, some: Sample,
    now: Now, rules: Record, how: Draw, share: float, line: I64,
) -> None:  # fmt: skip
    """Draw anew what some users have whose turn it is."""
    for at in range(first, last, BLOCK):
        base = some.blocks[at // BLOCK] * BLOCK
        n = queue(base, min(base + BLOCK, users.shape[0]), turn, ties, line)
        for i in line[:n]:
            drawn = to_draw(i, share, how)
            if drawn and users[i].online:
                draw_user(i, users[i], some.talks[i - base + at], drawn, now, rules, how)
            fears = np.int64(shown.words[i]) & FEARS  # they are settled
            shown.next_words[i] = np.uint64(quick_bits(users[i], rules) | fears)


@rule
def draw_user(
    i: Int, user: Record, talk: Record, drawn: Int, now: Now, rules: Record, how: Draw
) -> None:
    """Draw anew whether user `i` has the messengers `drawn`."""
    s = stationary(user, talk, now, rules, how.habit_scale)
    held = s.enter / (s.enter + s.leave)
    found = drawn & bits_of(luck(how.key, (2 * i + 1) * SLOTS) < held)
    user.installed = np.uint8((np.int64(user.installed) & ~drawn) | found)
    user.account = user.installed
    habit = where(flags(found), s.habit, 0.0)
    fixed.keep_habits(user, where(flags(drawn), habit, fixed.habits(user)))


def look_at_start(state: State, now: Now, threads: Threads) -> None:
    """Note whom everybody reaches at the start: later reach is compared with it."""

    def loop(first: int, last: int) -> None:
        for some in groups(np.arange(first // BLOCK, n_blocks(last)), state.n_users):
            n = len(some.talks)
            talk_rows(0, n, ALL, *_talkers(state), some, now, state.rules, 0.0, *_room())
            start_rows(0, n, some, state.at_start)

    threads.run(loop, state.n_users)


@rule_loop
def start_rows(first: Int, last: Int, some: Sample, at_start: Records) -> None:
    """Write reachable and secure ties."""
    for at in range(first, last):
        talk = some.talks[at]
        kept = at_start[user_at(some, at)]
        for c in range(2):
            kept.reachable[c] = np.uint16(fixed.share_steps(talk.reachable[c]))
            kept.secure[c] = np.uint16(fixed.share_steps(talk.secure[c]))
