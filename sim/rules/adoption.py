"""Installing and dropping a messenger by its marginal value (docs/model.md, 2.4)."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.octets import Octet, flags, lowest, read, where
from sim.rng import user_uniform
from sim.rules.attitude import leaning
from sim.rules.chance import befalling, sigmoid
from sim.rules.fixed import habit, taste
from sim.rules.groups import chats_on
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Int, Now, Record
from sim.rules.word import in_use


@rule
def drop_hazard(rules: Record, availability: Octet, days: float) -> Octet:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return rules.drop_rate * (1.0 + rules.failure_exit * (1.0 - availability)) * days


@rule
def begin(i: Int, user: Record, invited: Int, now: Now, rules: Record, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders; those that a chat or a story name, too."""
    revising = np.int64(0)
    if user.online:
        has = in_use(user)
        entering = where(flags(user.aware), rules.install_rate * now.force.days, 0.0)
        works = read(now.availability[user.place, MESSAGE])
        hazards = where(flags(has), drop_hazard(rules, works, now.force.days), entering)
        revising = befalling(keys[REVISE], i, hazards) | user.alert | (invited & ~has)
    user.revising, user.alert = np.uint8(revising), 0


@rule
def install_utility(user: Record, talk: Record, p: Int, now: Now, rules: Record) -> float:
    """Return U_ip of having `p` on the first phone (docs/model.md, 2.4) [utils]."""
    v = np.float64(talk.value[p])  # may be less than nothing by rounding
    if rules.network_shape != 1.0:
        v *= abs(v) ** (rules.network_shape - 1.0)
    u = rules.network_value * v + rules.chat_value * chats_on(talk, p)
    u += rules.standalone[p, user.band] + now.force.trend[p]
    u += rules.taste_sd * taste(user, p) + rules.risk_value * leaning(user, p)
    bit = 1 << p
    if user.mandated & bit and not user.second & bit:
        u += rules.mandate_value
    if user.installed & bit:
        u += rules.keep_value * habit(user, p) if user.account & bit else rules.preinstall_value
    else:
        u += now.force.onboarding[p]
    return float(u)


@rule
def settle(i: Int, user: Record, p: Int, u: float, now: Now, keys: U64) -> None:
    """Let user `i` install, keep or drop `p` at utility `u`; a new account passes the gate."""
    bit = 1 << p
    user.aware = np.uint8(user.aware | bit)  # who was invited may not have heard of it
    if user_uniform(keys[ACCEPT], i, p) < sigmoid(u):
        if user.account & bit or user_uniform(keys[REGISTER], i, p) < now.force.passing[p]:
            user.installed = np.uint8(user.installed | bit)
            user.account = np.uint8(user.account | bit)
    elif user.account & bit:
        user.installed = np.uint8(np.int64(user.installed) & ~bit)


@rule
def revise(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` settle every messenger it reconsiders."""
    left = np.int64(user.revising)
    while left:
        p = lowest(left)
        left &= left - 1
        settle(i, user, p, install_utility(user, talk, p, now, rules), now, keys)
