"""Two people move their calls together when calls fail (docs/model.md, 2.5).

With hazard iota times the share of habitual calls that fail, a user asks one contact (drawn by
tie weight) to go to a messenger where calls work; both install it.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import uniform
from sim.rules.beliefs import leaning
from sim.rules.chance import happens
from sim.rules.contact import contact
from sim.rules.push import join
from sim.rules.records import (
    CALL,
    PAIR,
    PAIR_CONTACT,
    PAIR_PLATFORM,
    U64,
    Int,
    Now,
    Record,
    Records,
    Ties,
)  # fmt: skip


@jit
def failed_calls(user: Record, now: Now, rules: Record) -> float:
    """Return sum_p h_ip (1 - q_ip,call), the share of habitual calls that fail."""
    lost = 0.0
    for p in range(rules.n_messengers):
        lost += user.habit[p] * (1.0 - now.availability[user.place, CALL, p])
    return float(lost)


@jit
def appeal(user: Record, p: int, now: Now, rules: Record) -> float:
    """Return the logit weight of messenger `p` as a place to move calls to.

    One that the user thinks the state reads draws or repels it.
    """
    pull = rules.pair_appeal[p] + rules.risk_value * leaning(user, p)
    return float(now.availability[user.place, CALL, p] * np.exp(pull))


@jit
def destination(user: Record, now: Now, rules: Record, u: float) -> int:
    """Return the messenger at quantile `u` of the appeals, -1 where there is none."""
    total = 0.0
    for p in range(rules.n_messengers):
        total += appeal(user, p, now, rules)
    left = u * total
    for p in range(rules.n_messengers):
        left -= appeal(user, p, now, rules)
        if left < 0.0:
            return p
    return -1


@jit
def is_fed_up(i: Int, user: Record, now: Now, rules: Record, keys: U64) -> bool:
    """Say whether user `i` asks a contact in this step."""
    u = uniform(keys[PAIR], i)
    hazard = rules.pair_rate * now.force.days * failed_calls(user, now, rules)
    return bool(user.online and happens(u, hazard))


@jit
def ask(i: Int, users: Records, ties: Ties, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` ask a contact to move their calls; mark both ends.

    Marks are only ever set in this half of a step, so the order of users cannot matter.
    """
    other = contact(i, ties, uniform(keys[PAIR_CONTACT], i))
    p = destination(users[i], now, rules, uniform(keys[PAIR_PLATFORM], i))
    if other >= 0 and p >= 0 and users[other].online:
        users[i].asked[p] = 1
        users[other].asked[p] = 1


@jit
def answer(i: int, user: Record, force: Record, rules: Record, keys: U64) -> None:
    """Let user `i` install what was agreed on, and clear the marks."""
    for p in range(rules.n_messengers):
        if user.asked[p]:
            join(i, user, p, force, keys)
            user.asked[p] = 0
