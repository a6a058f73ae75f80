"""Promotion: mandates, orders to chats, campaigns and pre-installation (docs/model.md, 2.10).

Institutions demand a messenger of the people of a segment, media make people try one, and shops
sell phones with one on them.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.bits import contains, first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.rng import random_bits, uniform, user_uniform
from sim.kernel.vec8 import bits_of, exp, read, splat
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import event_occurs, may_occur
from sim.rules.declare import Field, Parameter
from sim.rules.fixed_point import concern
from sim.rules.packed_state import in_use
from sim.rules.records import F32, MAX, U64, Environment, Int, Record, Records, purposes
from sim.rules.surveillance_attitude import surveillance_attitude

PARAMETERS = (
    Parameter(
        "second_phone", 0.05, 0, 1, "1", "chi_s",
        "share of the mandated who keep a second phone for it", "assumption; reports only",
    ),
)  # fmt: skip
STATE = (
    Field("mandated", "u1", "set of messengers that an institution demands"),
    Field("second", "u1", "set of messengers on a second phone, kept for an institution alone"),
)
DRAWS = ("mandate", "trial", "preinstall", "register", "second")
MANDATED, TRIAL, PREINSTALL, REGISTER, SECOND = purposes(DRAWS)


@rule
def mandate_hazard(i: Int, user: Record, mandate: Record) -> float:
    """Return the hazard of a mandate for user `i` over the step; 0 if it does not reach the user.

    The users of a segment have uniform positions in its roll-out, the same in every step. The
    mandate reaches those below ceiling x progress.
    """
    if not user.segments & mandate.segment:
        return 0.0
    position = uniform(mandate.key, i)
    return float(mandate.hazard) if position < mandate.ceiling * mandate.reached else 0.0


@rule
def install(i: Int, user: Record, p: Int, effects: Record, keys: U64) -> None:
    """Let user `i` install `p`; a new account has to pass the registration gate."""
    user.aware = np.uint8(user.aware | only(p))
    has_account = contains(user.account, p)
    if has_account or user_uniform(keys[REGISTER], i, p) < effects.passing[p]:
        user.installed = np.uint8(user.installed | only(p))
        user.account = np.uint8(user.account | only(p))


@rule
def comply(i: Int, user: Record, p: Int, effects: Record, params: Record, keys: U64) -> None:
    """Let user `i` do what an institution demands; some users keep a second phone for it."""
    user.mandated = np.uint8(user.mandated | only(p))
    has = contains(in_use(user), p)
    if not has and user_uniform(keys[SECOND], i, p) < params.second_phone:
        user.second = np.uint8(user.second | only(p))
        user.aware = np.uint8(user.aware | only(p))
    else:
        install(i, user, p, effects, keys)


@rule
def mandate_candidates(bits64: np.uint64, user: Record, mandate_bounds: F32) -> np.int64:
    """Return the messengers that random bits do not rule out a mandate to take effect for.

    A user who has complied cannot be made to again, until it drops the messenger.
    """
    taken = np.int64(user.second) | (np.int64(user.mandated) & in_use(user) & user.aware)
    return np.int64(may_occur(bits64, read(mandate_bounds[user.segments])) & ~taken)


@rule
def apply_mandates(
    i: Int, user: Record, mandates: Records, mandate_bounds: F32, effects: Record, params: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Let the mandates in force act on user `i`."""
    bits64 = random_bits(keys[MANDATED], i)
    left = mandate_candidates(bits64, user, mandate_bounds)
    while left:  # seldom: the progress of roll-outs is looked up for few users
        p, left = first(left), without_first(left)
        hazard = 0.0
        for m in range(mandates.shape[0]):
            if mandates[m].platform == p:
                hazard += mandate_hazard(i, user, mandates[m])
        if event_occurs(bits64, keys[MANDATED], i, p, hazard):
            comply(i, user, p, effects, params, keys)


def hazard_bounds(mandates: Records) -> F32:
    """Return bounds of the hazards of all mandates, whatever the progress of their roll-outs.

    Returns
    -------
    array of shape (256, MAX)
        By set of segments and messenger, integrated over the step.
    """
    reached = (np.arange(256, dtype=np.uint8)[:, None] & mandates.segment) != 0
    hazards = np.zeros((256, MAX))
    for m, mandate in enumerate(mandates):
        hazards[:, mandate.platform] += reached[:, m] * mandate.hazard
    above = np.nextafter(hazards.astype(np.float32), np.float32(np.inf))
    return np.where(hazards > 0.0, above, np.float32(0.0))


@rule
def trial_candidates(bits64: np.uint64, user: Record, effects: Record, params: Record) -> int:
    """Return the messengers that random bits do not rule out `user` to try for a campaign."""
    drawn_to = params.risk_value * concern(user) * np.float32(user.type > 0)
    return may_occur(bits64, read(effects.trial) * exp(splat(drawn_to)))


@rule
def try_messenger(
    i: Int, user: Record, p: Int, effects: Record, params: Record, keys: U64
) -> None:
    """Let user `i` try `p` for a campaign, with hazard `trial` exp(chi A_ip).

    Users try a messenger that they are aware of and lack.
    """
    if contains(user.aware, p) and not contains(in_use(user), p):
        hazard = effects.trial[p] * np.exp(params.risk_value * surveillance_attitude(user, p))
        bits64 = random_bits(keys[TRIAL], i)
        if event_occurs(bits64, keys[TRIAL], i, p, hazard):
            install(i, user, p, effects, keys)


@rule
def preinstall(
    i: Int, user: Record, p: Int, bits64: np.uint64, effects: Record, keys: U64
) -> None:
    """Let user `i` buy a phone with `p` on it, by chance; users with an account are left out."""
    hazard = effects.preinstall[p] * (1 - contains(user.account, p))
    if event_occurs(bits64, keys[PREINSTALL], i, p, hazard):
        user.installed = np.uint8(user.installed | only(p))
        user.aware = np.uint8(user.aware | only(p))


@rule
def promotion_candidates(
    base: Int, end: Int, users: Records, step_records: Records, env: Environment, params: Record,
    keys: U64, buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users on whom promotion may act: random bits rule all others out."""
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
            can_try = users[i].aware & ~in_use(users[i])
            flags[i - base] |= (
                trial_candidates(bits64[i - base], users[i], effects, params) & can_try
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
    """Let mandates, orders to chats, campaigns and pre-installation act on user `i`.

    Users who are not online cannot install anything.
    """
    if user.online:
        effects = env.effects  # one pointer, where `env` is many
        apply_mandates(i, user, env.mandates, env.mandate_bounds, effects, params, keys)
        purchase_bits = random_bits(keys[PREINSTALL], i)
        may_try = trial_candidates(random_bits(keys[TRIAL], i), user, effects, params)
        may_buy = may_occur(purchase_bits, read(effects.preinstall))
        left = step_record.ordered | may_try | may_buy
        while left:
            p, left = first(left), without_first(left)
            if contains(step_record.ordered, p) and not contains(user.second, p):
                comply(i, user, p, effects, params, keys)
            if contains(may_try, p):
                try_messenger(i, user, p, effects, params, keys)
            if contains(may_buy, p):
                preinstall(i, user, p, purchase_bits, effects, keys)
