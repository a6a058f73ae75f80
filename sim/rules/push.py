"""What institutions, media and shops do to a user (docs/model.md, 2.10)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.octets import bits_of, exp, lowest, read, splat
from sim.kernel.rng import luck_of, uniform, user_uniform
from sim.rules.attitude import leaning
from sim.rules.chance import befalls, chosen
from sim.rules.fixed import concern
from sim.rules.records import (
    F32,
    MANDATED,
    MAX,
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
from sim.rules.sieve import Sieve, draw, sift
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
def demanded(luck: np.uint64, user: Record, most: F32) -> np.int64:
    """Return the bits of the messengers that `user` may be made to take: luck does not refuse.

    Who has taken one cannot be made to again, until it drops it.
    """
    taken = np.int64(user.second) | (np.int64(user.mandated) & in_use(user) & user.aware)
    return np.int64(chosen(luck, read(most[user.segments])) & ~taken)


@rule
def obey(
    i: Int, user: Record, mandates: Records, most: F32, force: Record, rules: Record, keys: U64
) -> None:
    """Let the mandates act on user `i`, whatever it is asked again."""
    luck = luck_of(keys[MANDATED], i)
    left = demanded(luck, user, most)
    while left:  # most users are spared the look at where the roll-outs stand
        p = lowest(left)
        left &= left - 1
        hazard = 0.0
        for m in range(mandates.shape[0]):
            if mandates[m].platform == p:
                hazard += mandate_hazard(i, user, mandates[m])
        if befalls(luck, keys[MANDATED], i, p, hazard):
            comply(i, user, p, force, rules, keys)


def most_hazards(mandates: Records) -> F32:
    """Return the hazards of all mandates that reach segments, by their bits, (256, MAX)."""
    reached = (np.arange(256, dtype=np.uint8)[:, None] & mandates.segment) != 0
    hazards = np.zeros((256, MAX))
    for m, mandate in enumerate(mandates):
        hazards[:, mandate.platform] += reached[:, m] * mandate.hazard
    above = np.nextafter(hazards.astype(np.float32), np.float32(np.inf))
    return np.where(hazards > 0.0, above, np.float32(0.0))


@rule
def tempting(luck: np.uint64, user: Record, force: Record, rules: Record) -> int:
    """Return the bits of the messengers that `user` may try: eight bits of luck do not refuse."""
    drawn_to = rules.risk_value * concern(user) * np.float32(user.type > 0)
    return chosen(luck, read(force.trial) * exp(splat(drawn_to)))


@rule
def try_out(i: Int, user: Record, p: Int, force: Record, rules: Record, keys: U64) -> None:
    """Let user `i` perhaps try what media name, once aware; the types by what they think of it."""
    if user.aware >> p & 1 and not in_use(user) >> p & 1:
        hazard = force.trial[p] * np.exp(rules.risk_value * leaning(user, p))
        luck = luck_of(keys[TRIAL], i)
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
def addressed(
    base: Int, end: Int, users: Records, talks: Records, now: Now, rules: Record, keys: U64,
    room: Sieve,
) -> np.int64:  # fmt: skip
    """List the users whom what is in force may reach: eight bits of luck do not refuse."""
    luck, touched, force = room.luck, room.touched, now.force
    for i in range(base, end):
        touched[i - base] = talks[i - base].ordered
    if now.mandates.shape[0]:
        draw(keys[MANDATED], base, end, luck)
        for i in range(base, end):
            touched[i - base] |= demanded(luck[i - base], users[i], now.most_mandated)
    if bits_of(read(force.trial) > 0.0):
        draw(keys[TRIAL], base, end, luck)
        for i in range(base, end):
            open_to = users[i].aware & ~in_use(users[i])
            touched[i - base] |= tempting(luck[i - base], users[i], force, rules) & open_to
    if bits_of(read(force.preinstall) > 0.0):
        draw(keys[PREINSTALL], base, end, luck)
        for i in range(base, end):
            touched[i - base] |= chosen(luck[i - base], read(force.preinstall))
    return sift(base, end, touched, room.few)


@rule
def receive(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let mandates, orders to chats, campaigns and pre-installation act on user `i`."""
    if user.online:
        force = now.force  # a pointer: small rules do not get the tables
        obey(i, user, now.mandates, now.most_mandated, force, rules, keys)
        buys = luck_of(keys[PREINSTALL], i)
        tried = tempting(luck_of(keys[TRIAL], i), user, force, rules)
        bought = chosen(buys, read(force.preinstall))
        left = talk.ordered | tried | bought
        while left:
            p = lowest(left)
            left &= left - 1
            if talk.ordered >> p & 1 and not user.second >> p & 1:
                comply(i, user, p, force, rules, keys)
            if tried >> p & 1:
                try_out(i, user, p, force, rules, keys)
            if bought >> p & 1:
                buy_phone(i, user, p, buys, force, keys)
