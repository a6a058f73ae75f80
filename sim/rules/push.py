"""What institutions, media and shops do to a user (docs/model.md, 2.10)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import uniform, user_uniform
from sim.rules.adoption import happens
from sim.rules.records import (
    AWARE,
    MANDATED,
    PREINSTALL,
    REGISTER,
    TRIAL,
    U64,
    Now,
    Record,
    Records,
)
from sim.rules.word import in_use


@jit
def mandate_hazard(i: int, user: Record, mandate: Record) -> float:
    """Return the hazard of a mandate for user `i` over the step, 0 where it does not reach.

    The user's place in the roll-out is uniform; the ceiling covers its first part.
    """
    if not user.segments & mandate.segment:
        return 0.0
    position = uniform(mandate.key, i)
    return float(mandate.hazard) if position < mandate.ceiling * mandate.reached else 0.0


@jit
def join(i: int, user: Record, p: int, force: Record, keys: U64) -> None:
    """Let user `i` install `p`; a new account has to pass the gate, once a step."""
    bit = 1 << p
    user.aware = np.uint8(user.aware | bit)
    if user.account & bit or user_uniform(keys[REGISTER], i, p) < force.passing[p]:
        user.installed = np.uint8(user.installed | bit)
        user.account = np.uint8(user.account | bit)


@jit
def obey(i: int, user: Record, p: int, mandates: Records, force: Record, keys: U64) -> None:
    """Let the mandates for `p` act on user `i`."""
    hazard = 0.0
    for m in range(mandates.shape[0]):
        if mandates[m].platform == p:
            hazard += mandate_hazard(i, user, mandates[m])
    if hazard > 0.0 and happens(user_uniform(keys[MANDATED], i, p), hazard):
        user.mandated = np.uint8(user.mandated | (1 << p))
        join(i, user, p, force, keys)


@jit
def hear(i: int, user: Record, p: int, force: Record, rules: Record, keys: U64) -> None:
    """Let a campaign for `p` act on user `i`: the aware try it, others become aware."""
    if user.aware >> p & 1:
        if force.trial[p] > 0.0 and not in_use(user) >> p & 1:
            leaning = rules.trial_type * rules.state_access[p] * user.type
            if happens(user_uniform(keys[TRIAL], i, p), force.trial[p] * np.exp(leaning)):
                join(i, user, p, force, keys)
        return
    hazard = force.awareness[p]
    if hazard > 0.0 and happens(user_uniform(keys[AWARE], i, p), hazard):
        user.aware = np.uint8(user.aware | (1 << p))


@jit
def buy_phone(i: int, user: Record, p: int, force: Record, keys: U64) -> None:
    """Let user `i` perhaps buy a phone on which `p` lies; that wakes no old account."""
    hazard = force.preinstall[p] * (1 - (user.account >> p & 1))
    if hazard > 0.0 and happens(user_uniform(keys[PREINSTALL], i, p), hazard):
        user.installed = np.uint8(user.installed | (1 << p))
        user.aware = np.uint8(user.aware | (1 << p))


@jit
def receive(i: int, user: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let mandates, campaigns and pre-installation act on user `i`."""
    if user.online:
        force = now.force  # a pointer: small rules do not get the tables
        for p in range(rules.n_messengers):
            obey(i, user, p, now.mandates, force, keys)
            hear(i, user, p, force, rules, keys)
            buy_phone(i, user, p, force, keys)
