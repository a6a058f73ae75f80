"""Installing and dropping a messenger by its marginal value (docs/model.md, 2.4)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import user_uniform
from sim.rules.beliefs import leaning
from sim.rules.chance import happens, sigmoid
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Int, Now, Record
from sim.rules.word import in_use


@jit
def drop_hazard(rules: Record, availability: float, days: float) -> float:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return float(rules.drop_rate * (1.0 + rules.failure_exit * (1.0 - availability)) * days)


@jit
def begin(i: Int, user: Record, invited: Int, now: Now, rules: Record, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders; those that a chat or a story name, too."""
    bits, has = np.int64(0), in_use(user)
    for p in range(rules.n_messengers):
        hazard = rules.install_rate * now.force.days * (user.aware >> p & 1)
        leaving = drop_hazard(rules, now.availability[user.place, MESSAGE, p], now.force.days)
        hazard = leaving if has >> p & 1 else hazard
        bits |= happens(user_uniform(keys[REVISE], i, p), hazard * user.online) << p
    named = np.int64(user.alert) | (invited & ~has)
    user.revising = np.uint8(bits | (named if user.online else 0))
    user.alert = 0


@jit
def install_utility(user: Record, talk: Record, p: int, now: Now, rules: Record) -> float:
    """Return U_ip of having `p` on the first phone (docs/model.md, 2.4) [utils]."""
    u = rules.network_value * talk.value[p] + rules.chat_value * talk.chats[p]
    u += rules.standalone[p, user.band] + now.force.trend[p]
    u += rules.taste_sd * user.taste[p] + rules.risk_value * leaning(user, p)
    bit = 1 << p
    if user.mandated & bit and not user.second & bit:
        u += rules.mandate_value
    if user.installed & bit:
        u += rules.keep_value * user.habit[p] if user.account & bit else rules.preinstall_value
    else:
        u += now.force.onboarding[p]
    return float(u)


@jit
def settle(i: int, user: Record, p: int, u: float, now: Now, keys: U64) -> None:
    """Let user `i` install, keep or drop `p` at utility `u`; a new account passes the gate."""
    bit = 1 << p
    user.aware = np.uint8(user.aware | bit)  # who was invited may not have heard of it
    if user_uniform(keys[ACCEPT], i, p) < sigmoid(u):
        if user.account & bit or user_uniform(keys[REGISTER], i, p) < now.force.passing[p]:
            user.installed = np.uint8(user.installed | bit)
            user.account = np.uint8(user.account | bit)
    elif user.account & bit:
        user.installed = np.uint8(np.int64(user.installed) & ~bit)


@jit
def revise(i: int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` settle every messenger it reconsiders."""
    for p in range(rules.n_messengers):
        if user.revising >> p & 1:
            settle(i, user, p, install_utility(user, talk, p, now, rules), now, keys)
