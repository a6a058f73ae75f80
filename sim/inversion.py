"""The compiled loops of the start: what a panel would see in the long run, and draws from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.compiled import rule, rule_loop
from sim.engines import BLOCK, Threads
from sim.lanes import WIDTH
from sim.octets import WIDTH as OCTET
from sim.octets import (
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
from sim.rng import SLOTS
from sim.rules import fixed
from sim.rules.activity import open_apps, p_seen
from sim.rules.adoption import drop_hazard, network_benefit, own_utilities
from sim.rules.choice import communicate
from sim.rules.groups import read_chats
from sim.rules.habit import remember
from sim.rules.records import (
    F32,
    F64,
    MESSAGE,
    TALK,
    U64,
    Chats,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
    records,
)
from sim.rules.tie import working_memory
from sim.rules.whatif import Questions, answer, ask_values, questions
from sim.rules.word import in_use, pack
from sim.sample import Sample, stand_in
from sim.state import State

NO_LUCK = np.uint64(0)  # at the start it does not matter whom users talk with
MONTH = 30.0  # days


def talk(state: State, sample: Sample, now: Now, speed: float, threads: Threads) -> None:
    """Let the sample communicate at the present installs and move habits by `speed` to it."""

    def loop(first: int, last: int) -> None:
        talk_rows(
            first, last, state.users, sample, state.shown.words, state.ties, state.chats, now,
            state.rules, speed, questions(BLOCK), working_memory(),
        )  # fmt: skip

    threads.run(loop, len(sample.rows))


@rule_loop
def talk_rows(
    first: Int, last: Int, users: Records, sample: Sample, words: U64, ties: Ties, chats: Chats,
    now: Now, rules: Record, speed: float, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Run `talk_block` for the users first to last of the sample."""
    for at in range(first, last, BLOCK):
        base = sample.blocks[at // BLOCK] * BLOCK
        talk_block(
            base, users, sample.talks, base - at, words, ties, chats, now, rules, speed, asked, s
        )


@rule
def talk_block(
    base: Int, users: Records, talks: Records, shift: Int, words: U64, ties: Ties, chats: Chats,
    now: Now, rules: Record, speed: float, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Let the block of users from `base` on communicate; talks[i - shift] is that of user i."""
    end = min(base + BLOCK, users.shape[0])
    for at in range(base, end, WIDTH):
        communicate(at, 0, WIDTH, talks, shift, words, ties, now, rules, NO_LUCK, s)
    for i in range(base, end):
        ask_values(i, words[i], np.int64(users[i].revising), asked)
    answer(talks, shift, words, ties, now, rules, asked, s)
    for i in range(base, end):
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
    # the slope leaves out that of `stayed`: Newton is bracketed, see sim/start.py
    slope = d_held * (holder - newcomer) + (1.0 - held) * d_missed * part
    return held * holder + (1.0 - held) * newcomer, slope


class Draw(NamedTuple):
    """How installs are drawn anew."""

    bits: int  # messengers
    share: float  # of users of the sample who are drawn, at random
    others: float  # the same outside of it; 0: they show what users of the sample show
    speed: float  # at which habits move
    habit_scale: F32
    key: np.uint64


def draw(state: State, sample: Sample, now: Now, how: Draw, threads: Threads) -> None:
    """Draw the installs of users anew from the stationary law, and show them."""

    def loop(first: int, last: int) -> None:
        draw_rows(
            first, last, state.users, sample, state.shown, state.ties, state.chats, now,
            state.rules, how, records(TALK, BLOCK), questions(BLOCK), working_memory(),
        )  # fmt: skip

    threads.run(loop, state.n_users)
    np.copyto(state.shown.words, state.shown.next_words)


@rule_loop
def draw_rows(
    first: Int, last: Int, users: Records, sample: Sample, shown: Shown, ties: Ties, chats: Chats,
    now: Now, rules: Record, how: Draw, talks: Records, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Draw block by block; who is not in the sample first says what decides its draws."""
    for base in range(first, last, BLOCK):
        end, place = min(base + BLOCK, last), sample.place[base // BLOCK]
        if place >= 0:
            for i in range(base, end):
                talk, drawn = sample.talks[place * BLOCK + i - base], to_draw(i, how.share, how)
                draw_user(i, users[i], talk, drawn, now, rules, how)
                shown.next_words[i] = pack(users[i], rules)
        elif how.others == 0.0:
            for i in range(base, end):
                shown.next_words[i] = shown.words[stand_in(i, sample, users.shape[0])]
        else:
            for i in range(base, end):
                users[i].revising = to_draw(i, how.others, how) * users[i].online
            talk_block(
                base, users, talks, base, shown.words, ties, chats, now, rules, how.speed, asked, s
            )
            for i in range(base, end):
                draw_user(i, users[i], talks[i - base], users[i].revising, now, rules, how)
                shown.next_words[i] = pack(users[i], rules)


@rule
def to_draw(i: Int, share: float, how: Draw) -> np.int64:
    """Return the bits of the messengers that are drawn anew for user `i`."""
    return np.int64(how.bits) & bits_of(luck(how.key, 2 * i * SLOTS) < share)


@rule
def draw_user(
    i: Int, user: Record, talk: Record, drawn: Int, now: Now, rules: Record, how: Draw
) -> None:
    """Draw anew whether user `i` has the messengers `drawn`."""
    if drawn and user.online:
        s = stationary(user, talk, now, rules, how.habit_scale)
        held = s.enter / (s.enter + s.leave)
        found = drawn & bits_of(luck(how.key, (2 * i + 1) * SLOTS) < held)
        user.installed = np.uint8((np.int64(user.installed) & ~np.int64(drawn)) | found)
        user.account = user.installed
        habit = where(flags(found), s.habit, 0.0)
        fixed.keep_habits(user, where(flags(drawn), habit, fixed.habits(user)))


def look_at_start(state: State, now: Now, threads: Threads) -> None:
    """Note whom everybody reaches at the start: later reach is compared with it."""

    def loop(first: int, last: int) -> None:
        start_rows(
            first, last, state.at_start, state.shown.words, state.ties, now, state.rules,
            records(TALK, BLOCK), working_memory(),
        )  # fmt: skip

    threads.run(loop, state.n_users)


@rule_loop
def start_rows(
    first: Int, last: Int, at_start: Records, words: U64, ties: Ties, now: Now, rules: Record,
    talks: Records, s: F32,
) -> None:  # fmt: skip
    """Write reachable and secure ties."""
    for base in range(first, last, BLOCK):
        end = min(base + BLOCK, last)
        for at in range(base, end, WIDTH):
            communicate(at, 0, WIDTH, talks, base, words, ties, now, rules, NO_LUCK, s)
        for i in range(base, end):
            talk, kept = talks[i - base], at_start[i]
            for c in range(2):
                kept.reachable[c] = np.uint16(fixed.share_steps(talk.reachable[c]))
                kept.secure[c] = np.uint16(fixed.share_steps(talk.secure[c]))
