"""What institutions, media and shops do to a user (docs/model.md, 2.10)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import random_bits, uniform, user_uniform
from sim.kernel.vec8 import bits_of, exp, lowest, read, splat
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import event_occurs, may_occur
from sim.rules.fixed_point import concern
from sim.rules.packed_state import in_use
from sim.rules.records import (
    F32,
    MANDATED,
    MAX,
    PREINSTALL,
    REGISTER,
    SECOND,
    TRIAL,
    U64,
    Environment,
    Int,
    Record,
    Records,
)
from sim.rules.surveillance_attitude import surveillance_attitude


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
def install(i: Int, user: Record, p: Int, effects: Record, keys: U64) -> None:
    """Let user `i` install `p`; a new account has to pass the gate, once a step."""
    bit = 1 << p
    user.aware = np.uint8(user.aware | bit)
    if user.account & bit or user_uniform(keys[REGISTER], i, p) < effects.passing[p]:
        user.installed = np.uint8(user.installed | bit)
        user.account = np.uint8(user.account | bit)


@rule
def comply(i: Int, user: Record, p: Int, effects: Record, params: Record, keys: U64) -> None:
    """Let user `i` do what an institution demands: some keep a second phone for it."""
    bit = 1 << p
    user.mandated = np.uint8(user.mandated | bit)
    has = in_use(user) & bit
    if not has and user_uniform(keys[SECOND], i, p) < params.second_phone:
        user.second = np.uint8(user.second | bit)
        user.aware = np.uint8(user.aware | bit)
    else:
        install(i, user, p, effects, keys)


@rule
def mandate_candidates(bits64: np.uint64, user: Record, mandate_bounds: F32) -> np.int64:
    """Return the bits of the messengers that `user` may be made to take: luck does not refuse.

    Who has taken one cannot be made to again, until it drops it.
    """
    taken = np.int64(user.second) | (np.int64(user.mandated) & in_use(user) & user.aware)
    return np.int64(may_occur(bits64, read(mandate_bounds[user.segments])) & ~taken)


@rule
def apply_mandates(
    i: Int, user: Record, mandates: Records, mandate_bounds: F32, effects: Record, params: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Let the mandates act on user `i`, whatever it is asked again."""
    bits64 = random_bits(keys[MANDATED], i)
    left = mandate_candidates(bits64, user, mandate_bounds)
    while left:  # most users are spared the look at where the roll-outs stand
        p = lowest(left)
        left &= left - 1
        hazard = 0.0
        for m in range(mandates.shape[0]):
            if mandates[m].platform == p:
                hazard += mandate_hazard(i, user, mandates[m])
        if event_occurs(bits64, keys[MANDATED], i, p, hazard):
            comply(i, user, p, effects, params, keys)


def hazard_bounds(mandates: Records) -> F32:
    """Return the hazards of all mandates that reach segments, by their bits, (256, MAX)."""
    reached = (np.arange(256, dtype=np.uint8)[:, None] & mandates.segment) != 0
    hazards = np.zeros((256, MAX))
    for m, mandate in enumerate(mandates):
        hazards[:, mandate.platform] += reached[:, m] * mandate.hazard
    above = np.nextafter(hazards.astype(np.float32), np.float32(np.inf))
    return np.where(hazards > 0.0, above, np.float32(0.0))


@rule
def trial_candidates(bits64: np.uint64, user: Record, effects: Record, params: Record) -> int:
    """Return the bits of the messengers that `user` may try: eight bits of luck do not refuse."""
    drawn_to = params.risk_value * concern(user) * np.float32(user.type > 0)
    return may_occur(bits64, read(effects.trial) * exp(splat(drawn_to)))


@rule
def try_messenger(
    i: Int, user: Record, p: Int, effects: Record, params: Record, keys: U64
) -> None:
    """Let user `i` perhaps try what media name, once aware; the types by what they think of it."""
    if user.aware >> p & 1 and not in_use(user) >> p & 1:
        hazard = effects.trial[p] * np.exp(params.risk_value * surveillance_attitude(user, p))
        bits64 = random_bits(keys[TRIAL], i)
        if event_occurs(bits64, keys[TRIAL], i, p, hazard):
            install(i, user, p, effects, keys)


@rule
def preinstall(
    i: Int, user: Record, p: Int, bits64: np.uint64, effects: Record, keys: U64
) -> None:
    """Let user `i` perhaps buy a phone on which `p` lies; that wakes no old account."""
    hazard = effects.preinstall[p] * (1 - (user.account >> p & 1))
    if event_occurs(bits64, keys[PREINSTALL], i, p, hazard):
        user.installed = np.uint8(user.installed | (1 << p))
        user.aware = np.uint8(user.aware | (1 << p))


@rule
def promotion_candidates(
    base: Int, end: Int, users: Records, step_records: Records, env: Environment, params: Record,
    keys: U64, buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users whom what is in force may reach: eight bits of luck do not refuse."""
    bits64, flags, effects = buffer.bits64, buffer.flags, env.effects
    for i in range(base, end):
        flags[i - base] = step_records[i - base].ordered
    if env.mandates.shape[0]:
        draw_random_bits(keys[MANDATED], base, end, bits64)
        for i in range(base, end):
            flags[i - base] |= mandate_candidates(bits64[i - base], users[i], env.mandate_bounds)
    if bits_of(read(effects.trial) > 0.0):
        draw_random_bits(keys[TRIAL], base, end, bits64)
        for i in range(base, end):
            open_to = users[i].aware & ~in_use(users[i])
            flags[i - base] |= (
                trial_candidates(bits64[i - base], users[i], effects, params) & open_to
            )
    if bits_of(read(effects.preinstall) > 0.0):
        draw_random_bits(keys[PREINSTALL], base, end, bits64)
        for i in range(base, end):
            flags[i - base] |= may_occur(bits64[i - base], read(effects.preinstall))
    return list_flagged(base, end, flags, buffer.ids)


@rule
def apply_promotion(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let mandates, orders to chats, campaigns and pre-installation act on user `i`."""
    if user.online:
        effects = env.effects  # a pointer: small rules do not get the tables
        apply_mandates(i, user, env.mandates, env.mandate_bounds, effects, params, keys)
        buys = random_bits(keys[PREINSTALL], i)
        tried = trial_candidates(random_bits(keys[TRIAL], i), user, effects, params)
        bought = may_occur(buys, read(effects.preinstall))
        left = step_record.ordered | tried | bought
        while left:
            p = lowest(left)
            left &= left - 1
            if step_record.ordered >> p & 1 and not user.second >> p & 1:
                comply(i, user, p, effects, params, keys)
            if tried >> p & 1:
                try_messenger(i, user, p, effects, params, keys)
            if bought >> p & 1:
                preinstall(i, user, p, buys, effects, keys)
