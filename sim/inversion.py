"""The compiled loops of the start: what a panel would see in the long run, and draws from it."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule, rule_loop
from sim.engines import BLOCK, Threads
from sim.lanes import WIDTH
from sim.rng import user_uniform
from sim.rules.activity import open_apps, p_seen
from sim.rules.adoption import drop_hazard, install_utility
from sim.rules.chance import sigmoid
from sim.rules.choice import communicate, working_memory
from sim.rules.groups import read_chats
from sim.rules.habit import communication_share, relax
from sim.rules.records import F32, F64, MESSAGE, U64, Chats, Now, Record, Records, Ties
from sim.rules.whatif import Questions, answer, ask_values, questions
from sim.rules.word import in_use, pack
from sim.state import State

MONTH = 30.0  # days


def talk(state: State, talks: Records, now: Now, speed: float, threads: Threads) -> None:
    """Let all communicate at the present installs and move habits by `speed` towards it."""

    def loop(first: int, last: int) -> None:
        talk_rows(
            first, last, state.users, talks, state.shown.words, state.ties, state.chats, now,
            state.rules, speed, questions(BLOCK), working_memory(),
        )  # fmt: skip

    threads.run(loop, state.n_users)


@rule_loop
def talk_rows(
    first: int, last: int, users: Records, talks: Records, words: U64, ties: Ties,
    chats: Chats, now: Now, rules: Record, speed: float, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Communicate at the present installs and move habits by `speed` towards it."""
    for block in range(first, last, BLOCK):
        end = min(block + BLOCK, last)
        for at in range(block, end, WIDTH):
            communicate(at, 0, WIDTH, talks, 0, words, ties, now, rules, s)
        for i in range(block, end):
            ask_values(i, words[i], np.int64(users[i].revising), asked)
        answer(talks, 0, words, ties, now, rules, asked, s)
        for i in range(block, end):
            settle_user(i, users[i], talks[i], chats, now, rules, speed)


@rule
def settle_user(
    i: int, user: Record, talk: Record, chats: Chats, now: Now, rules: Record, speed: float
) -> None:
    """Let a user read its chats, get used to what it does, and open its apps."""
    read_chats(i, talk, chats)
    for p in range(rules.n_messengers):
        share = communication_share(talk, p, rules)
        user.habit[p] = relax(user.habit[p], share, 1.0 - speed)
    open_apps(user, talk, now, rules)


@rule
def stationary(
    user: Record, talk: Record, p: int, now: Now, rules: Record, habit_scale: F64
) -> tuple[float, float, float, float, float]:
    """Return what keeps messenger `p` with `user` or away, at the present state of others.

    Returns
    -------
    enter, leave : float
        Chances a step of taking it up and of dropping it.
    wants, keeps : float
        Chances of deciding for it when one does not have it and when one does.
    habit : float
        The habit of one who has it.
    """
    u = install_utility(user, talk, p, now, rules)
    if in_use(user) >> p & 1:
        habit = float(user.habit[p])
        u -= rules.keep_value * habit
    else:
        habit = min(1.0, -habit_scale[p] * np.expm1(-talk.value[p]))
    wants, keeps = sigmoid(u), sigmoid(u + rules.keep_value * habit)
    q = now.availability[user.place, MESSAGE, p]
    enter = -np.expm1(-rules.install_rate * now.force.days) * wants
    leave = -np.expm1(-drop_hazard(rules, q, now.force.days)) * (1.0 - keeps)
    return enter, leave, wants, keeps, habit


@rule_loop
def reach_rows(
    first: int, last: int, users: Records, talks: Records, now: Now, rules: Record, bits: int,
    habit_scale: F64, sums: F64,
) -> None:  # fmt: skip
    """Add monthly reach and its slope in B by messenger and band to ``sums[block]``."""
    # a month of m steps shows m states and m - 1 changes between them
    steps = max(0.0, MONTH / now.force.days - 1.0)
    for i in range(first, last):
        user, band = users[i], users[i].band
        if user.online:
            for p in range(rules.n_messengers):
                if bits >> p & 1:
                    enter, leave, wants, keeps, habit = stationary(
                        user, talks[i], p, now, rules, habit_scale
                    )
                    held = enter / (enter + leave)
                    missed, stayed = (1.0 - enter) ** steps, (1.0 - leave) ** steps
                    n = talks[i].openings[p]
                    if not in_use(user) >> p & 1:
                        n = rules.traffic_openings * habit + rules.base_openings[p]
                        n *= user.intensity
                    whole, part = p_seen(MONTH * n), p_seen(MONTH / 2 * n)
                    d_held = held * (1.0 - held) * ((1.0 - wants) + keeps)
                    d_missed = -steps * missed / (1.0 - enter) * enter * (1.0 - wants)
                    holder = stayed * whole + (1.0 - stayed) * part
                    newcomer = (1.0 - missed) * part
                    reach = held * holder + (1.0 - held) * newcomer
                    # the slope leaves out that of `stayed`: Newton is bracketed, see above
                    slope = d_held * (holder - newcomer) - (1.0 - held) * d_missed * part
                    sums[i // BLOCK, p, band, 0] += reach
                    sums[i // BLOCK, p, band, 1] += slope


@rule_loop
def draw_rows(
    first: int, last: int, users: Records, talks: Records, words: U64, now: Now, rules: Record,
    bits: int, share: float, habit_scale: F64, keys: U64,
) -> None:  # fmt: skip
    """Draw the installs of a random `share` of users anew from the stationary law."""
    for i in range(first, last):
        user = users[i]
        if user.online:
            for p in range(rules.n_messengers):
                if bits >> p & 1 and user_uniform(keys[0], 2 * i, p) < share:
                    enter, leave, _, _, habit = stationary(
                        user, talks[i], p, now, rules, habit_scale
                    )
                    has = user_uniform(keys[0], 2 * i + 1, p) < enter / (enter + leave)
                    cleared = np.int64(user.installed) & ~(1 << p)
                    user.installed = np.uint8(cleared | (1 << p) if has else cleared)
                    user.account = user.installed
                    user.habit[p] = habit if has else 0.0
            words[i] = pack(user, rules)
