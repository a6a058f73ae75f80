"""Two people move their calls together when calls fail (docs/model.md, 2.5a).

With hazard iota times the share of habitual calls that fail, a user asks one contact (drawn by
tie weight) to go to a messenger where calls work; both install it.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.octets import read, total
from sim.kernel.rng import uniform
from sim.rules.attitude import leaning
from sim.rules.chance import happens
from sim.rules.contact import contact
from sim.rules.fixed import habits
from sim.rules.push import join
from sim.rules.records import (
    CALL,
    MAX,
    PAIR,
    PAIR_CONTACT,
    PAIR_PLATFORM,
    U64,
    Agreements,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
)
from sim.rules.word import pack, pack_mind


@rule
def failed_calls(user: Record, now: Now) -> float:
    """Return sum_p h_ip (1 - q_ip,call), the share of habitual calls that fail."""
    return total(habits(user) * (1.0 - read(now.availability[user.place, CALL])))


@rule
def appeal(user: Record, p: Int, now: Now, rules: Record) -> float:
    """Return the logit weight of messenger `p` as a place to move calls to.

    One that the user thinks the state reads draws or repels it.
    """
    pull = rules.pair_appeal[p] + rules.risk_value * leaning(user, p)
    return float(now.availability[user.place, CALL, p] * np.exp(pull))


@rule
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


@rule
def most_fed_up(now: Now, rules: Record) -> float:
    """Return the hazard of asking a contact if all calls fail, on every messenger."""
    return float(rules.pair_rate * now.force.days * MAX)


@rule
def is_fed_up(i: Int, user: Record, now: Now, rules: Record, keys: U64) -> bool:
    """Say whether user `i` asks a contact in this step."""
    u, hazard = uniform(keys[PAIR], i), rules.pair_rate * now.force.days
    if u >= most_fed_up(now, rules) or not user.online:
        return False
    return happens(u, hazard * failed_calls(user, now))


@rule
def ask(
    i: Int, users: Records, ties: Ties, now: Now, rules: Record, keys: U64, agreed: Agreements
) -> None:
    """Let user `i` ask a contact to move their calls; note both ends."""
    other = contact(i, ties, uniform(keys[PAIR_CONTACT], i))
    p = destination(users[i], now, rules, uniform(keys[PAIR_PLATFORM], i))
    if other >= 0 and p >= 0 and users[other].online:
        n = agreed.n[0]
        agreed.who[n], agreed.who[n + 1] = i, other
        agreed.platform[n] = agreed.platform[n + 1] = p
        agreed.n[0] = n + 2


@rule
def keep_agreements(
    users: Records, shown: Shown, agreed: Agreements, now: Now, rules: Record, keys: U64
) -> None:
    """Let everybody install what was agreed on, at the end of the step, and show it.

    Installing twice is installing once, so the order of agreements cannot matter.
    """
    for k in range(agreed.n[0]):
        i = np.int64(agreed.who[k])
        join(i, users[i], np.int64(agreed.platform[k]), now.force, keys)
        shown.next_words[i], shown.next_minds[i] = pack(users[i], rules), pack_mind(users[i])
    agreed.n[0] = 0
