"""Installing and dropping a messenger by its marginal value (docs/model.md, 2.4)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import user_uniform
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Now, Record
from sim.rules.word import in_use


@jit
def happens(u: float, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens, for `u` uniform in [0, 1).

    The chance is 1 - exp(-hazard) <= hazard: most users are spared the exponential.
    """
    return bool(u < hazard and u < -np.expm1(-hazard))


@jit
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))


@jit
def drop_hazard(rules: Record, availability: float, days: float) -> float:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return float(rules.drop_rate * (1.0 + rules.failure_exit * (1.0 - availability)) * days)


@jit
def begin(i: int, user: Record, now: Now, rules: Record, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders in this step."""
    bits, has = 0, in_use(user)
    for p in range(rules.n_messengers):
        hazard = rules.install_rate * now.force.days * (user.aware >> p & 1)
        leaving = drop_hazard(rules, now.availability[user.place, MESSAGE, p], now.force.days)
        hazard = leaving if has >> p & 1 else hazard
        bits |= happens(user_uniform(keys[REVISE], i, p), hazard * user.online) << p
    user.revising = np.uint8(bits)


@jit
def install_utility(user: Record, talk: Record, p: int, now: Now, rules: Record) -> float:
    """Return U_ip = beta dW + B + trend + taste + mandate + effort saved + K h [in use]."""
    account = user.account >> p & 1
    u = rules.network_value * talk.value[p]
    u += rules.standalone[p, user.band] + now.force.trend[p]
    u += rules.taste_sd * user.taste[p] + rules.type_taste[p] * user.type
    u += rules.mandate_value * (user.mandated >> p & 1)
    if user.installed >> p & 1:
        u += rules.keep_value * user.habit[p] if account else rules.preinstall_value
    return float(u)


@jit
def settle(i: int, user: Record, p: int, u: float, now: Now, keys: U64) -> None:
    """Let user `i` install, keep or drop `p` at utility `u`; a new account passes the gate."""
    bit = 1 << p
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
