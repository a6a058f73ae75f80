"""What institutions, media and shops do to a user (docs/model.md, 2.10)."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.rng import first_bits, luck_of, uniform, user_uniform
from sim.rules.attitude import leaning
from sim.rules.chance import befalls
from sim.rules.records import (
    MANDATED,
    PREINSTALL,
    REGISTER,
    SECOND,
    TRIAL,
    U64,
    Int,
    Now,
    Record,
    Records,
)
from sim.rules.word import in_use


@rule
def mandate_hazard(i: Int, user: Record, mandate: Record) -> float:
    """Return the hazard of a mandate for user `i` over the step, 0 where it does not reach.

    The user's place in the roll-out is uniform; the ceiling covers its first part.
    """
    if not user.segments & mandate.segment:
        return 0.0
    position = uniform(mandate.key, i)
    return float(mandate.hazard) if position < mandate.ceiling * mandate.reached else 0.0


@rule
def join(i: Int, user: Record, p: Int, force: Record, keys: U64) -> None:
    """Let user `i` install `p`; a new account has to pass the gate, once a step."""
    bit = 1 << p
    user.aware = np.uint8(user.aware | bit)
    if user.account & bit or user_uniform(keys[REGISTER], i, p) < force.passing[p]:
        user.installed = np.uint8(user.installed | bit)
        user.account = np.uint8(user.account | bit)


@rule
def comply(i: Int, user: Record, p: Int, force: Record, rules: Record, keys: U64) -> None:
    """Let user `i` do what an institution demands: some keep a second phone for it."""
    bit = 1 << p
    user.mandated = np.uint8(user.mandated | bit)
    has = in_use(user) & bit
    if not has and user_uniform(keys[SECOND], i, p) < rules.second_phone:
        user.second = np.uint8(user.second | bit)
        user.aware = np.uint8(user.aware | bit)
    else:
        join(i, user, p, force, keys)


@rule
def obey(
    i: Int, user: Record, p: Int, luck: np.uint64, mandates: Records, force: Record, rules: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Let the mandates for `p` act on user `i`, whatever it is asked again."""
    most = 0.0
    for m in range(mandates.shape[0]):
        if mandates[m].platform == p and user.segments & mandates[m].segment:
            most += mandates[m].hazard
    if user.second >> p & 1 or first_bits(luck, p) >= most:
        return  # most users are spared the look at where the roll-outs stand
    hazard = 0.0
    for m in range(mandates.shape[0]):
        if mandates[m].platform == p:
            hazard += mandate_hazard(i, user, mandates[m])
    if befalls(luck, keys[MANDATED], i, p, hazard):
        comply(i, user, p, force, rules, keys)


@rule
def try_out(
    i: Int, user: Record, p: Int, luck: np.uint64, force: Record, rules: Record, keys: U64
) -> None:
    """Let user `i` perhaps try what media name, once aware; the types by what they think of it."""
    if user.aware >> p & 1 and not in_use(user) >> p & 1:
        most = force.trial[p]
        if user.type > 0:
            most *= np.exp(rules.risk_value * np.float64(user.concern))
        if first_bits(luck, p) < most:
            hazard = force.trial[p] * np.exp(rules.risk_value * leaning(user, p))
            if befalls(luck, keys[TRIAL], i, p, hazard):
                join(i, user, p, force, keys)


@rule
def buy_phone(i: Int, user: Record, p: Int, luck: np.uint64, force: Record, keys: U64) -> None:
    """Let user `i` perhaps buy a phone on which `p` lies; that wakes no old account."""
    hazard = force.preinstall[p] * (1 - (user.account >> p & 1))
    if befalls(luck, keys[PREINSTALL], i, p, hazard):
        user.installed = np.uint8(user.installed | (1 << p))
        user.aware = np.uint8(user.aware | (1 << p))


@rule
def receive(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let mandates, orders to chats, campaigns and pre-installation act on user `i`."""
    if user.online:
        force = now.force  # a pointer: small rules do not get the tables
        demanded = np.int64(0)
        for m in range(now.mandates.shape[0]):
            if user.segments & now.mandates[m].segment:
                demanded |= 1 << now.mandates[m].platform
        if demanded:
            luck = luck_of(keys[MANDATED], i)
            for p in range(rules.n_messengers):
                if demanded >> p & 1:
                    obey(i, user, p, luck, now.mandates, force, rules, keys)
        for p in range(rules.n_messengers):
            if talk.ordered >> p & 1 and not user.second >> p & 1:
                comply(i, user, p, force, rules, keys)
            if force.trial[p] > 0.0:
                try_out(i, user, p, luck_of(keys[TRIAL], i), force, rules, keys)
            if force.preinstall[p] > 0.0:
                buy_phone(i, user, p, luck_of(keys[PREINSTALL], i), force, keys)
