"""Promotion: mandates, orders to chats, campaigns and pre-installation (docs/model.md, 2.10).

Institutions demand a messenger of the people of a segment, media make people try one, and shops
sell phones with one on them. What nobody demands any longer lapses.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, U64, Int
from sim.kernel.bits import contains, first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.rng import random_bits, uniform
from sim.kernel.vec8 import USED, bits_of, exp, read_tile, splat
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import event_occurs, may_occur
from sim.rules.chat_lists import has_chat
from sim.rules.declare import SET, Field, Parameter
from sim.rules.fixed_point import concern
from sim.rules.packed_state import in_use
from sim.rules.records import Environment, Record, Records, purposes
from sim.rules.surveillance_attitude import surveillance_attitude
from sim.rules.tiles import (
    lane_of,
    messenger_uniform,
    part,
    tile_key,
    tile_of,
    tiles,
    whole,
)

PARAMETERS = (
    Parameter(
        "second_phone", 0.05, 0, 1, "1", "chi_s",
        "share of the mandated who keep a second phone for it", "assumption; reports only",
    ),
    Parameter(
        "lapse_rate", 0.03, 0, 10, "1/day", "rho_l",
        "speed at which a demand that has ended loses its hold", "assumption: about a month",
    ),
)  # fmt: skip
STATE = (
    Field("mandated", SET, "set of messengers that an institution demands"),
    Field("second", SET, "set of messengers on a second phone, kept for an institution alone"),
)
DRAWS = ("mandate", "trial", "preinstall", "register", "second", "lapse")
MANDATED, TRIAL, PREINSTALL, REGISTER, SECOND, LAPSE = purposes(DRAWS)


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
    user.aware |= only(p)
    has_account = contains(user.account, p)
    if has_account or messenger_uniform(keys[REGISTER], i, p) < effects.passing[p]:
        user.installed |= only(p)
        user.account |= only(p)


@rule
def comply(i: Int, user: Record, p: Int, effects: Record, params: Record, keys: U64) -> None:
    """Let user `i` do what an institution demands; some users keep a second phone for it."""
    user.mandated |= only(p)
    has = contains(in_use(user), p)
    if not has and messenger_uniform(keys[SECOND], i, p) < params.second_phone:
        user.second |= only(p)
        user.aware |= only(p)
    else:
        install(i, user, p, effects, keys)


@rule
def mandate_candidates(
    bits64: np.uint64, user: Record, mandate_bounds: F32, o: Int = 0
) -> np.int64:
    """Return the messengers of tile `o` that random bits do not rule out a mandate for.

    A user who has complied cannot be made to again, until it drops the messenger.
    """
    taken = np.int64(user.second) | (np.int64(user.mandated) & in_use(user) & user.aware)
    bounds = read_tile(mandate_bounds[0, np.int64(user.segments) & 0xFF], o)
    for k in range(1, len(user.habit) // USED):
        eight = np.int64(user.segments) >> 8 * k & 0xFF
        bounds = bounds + read_tile(mandate_bounds[k, eight], o)
    return np.int64(may_occur(bits64, bounds) & ~part(taken, o))


@rule
def apply_mandates(
    i: Int, user: Record, mandates: Records, mandate_bounds: F32, effects: Record, params: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Let the mandates in force act on user `i`."""
    for o in range(tiles(params)):
        bits64 = random_bits(tile_key(keys[MANDATED], o), i)
        left = mandate_candidates(bits64, user, mandate_bounds, o)
        while left:  # seldom: the progress of roll-outs is looked up for few users
            lane, left = first(left), without_first(left)
            p, hazard = USED * o + lane, 0.0
            for m in range(mandates.shape[0]):
                if mandates[m].platform == p:
                    hazard += mandate_hazard(i, user, mandates[m])
            if happens_to(keys[MANDATED], i, p, hazard):
                comply(i, user, p, effects, params, keys)


@rule
def is_demanded(
    user: Record, step_record: Record, p: Int, mandates: Records, effects: Record
) -> bool:
    """Say whether an institution still demands `p` of `user`: of its segments or of a chat."""
    for m in range(mandates.shape[0]):
        if mandates[m].platform == p and user.segments & mandates[m].segment:
            return True
    if not contains(effects.ordered, p):
        return False
    return has_chat(step_record.chats[tile_of(p)], lane_of(p))


@rule
def let_lapse(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let demands that have ended lose their hold on user `i`, each with hazard `lapse_rate`.

    A second phone that was kept for it is put away.
    """
    left = np.int64(user.mandated) & env.effects.lapsing
    while left:
        p, left = first(left), without_first(left)
        hazard = params.lapse_rate * env.effects.days
        if happens_to(keys[LAPSE], i, p, hazard) and not is_demanded(
            user, step_record, p, env.mandates, env.effects
        ):
            user.mandated &= ~only(p)
            user.second &= ~only(p)


def hazard_bounds(mandates: Records, n_tiles: int = 1) -> F32:
    """Return bounds of the hazards of all mandates, whatever the progress of their roll-outs.

    Returns
    -------
    array of shape (n_tiles, 256, 6 n_tiles)
        By set of segments, eight at a time, and messenger; integrated over the step. The bound of
        a user is the sum over all eights of segments.
    """
    hazards = np.zeros((n_tiles, 256, USED * n_tiles))
    for k, bounds in enumerate(hazards):
        for mandate in mandates:
            reached = np.arange(256) & int(mandate.segment) >> 8 * k != 0
            bounds[:, mandate.platform] += reached * mandate.hazard
    above = np.nextafter(hazards.astype(np.float32), np.float32(np.inf))
    return np.where(hazards > 0.0, above, np.float32(0.0))


@rule
def trial_candidates(
    bits64: np.uint64, user: Record, effects: Record, params: Record, o: Int = 0
) -> int:
    """Return the messengers of tile `o` that random bits do not rule out a trial of."""
    drawn_to = params.risk_value * concern(user) * np.float32(user.type > 0)
    return may_occur(bits64, read_tile(effects.trial, o) * exp(splat(drawn_to)))


@rule
def try_messenger(
    i: Int, user: Record, p: Int, heard: Int, effects: Record, params: Record, keys: U64
) -> None:
    """Let user `i` try `p` for a campaign, with hazard `trial` exp(chi A_ip).

    Users try a messenger that they are aware of and lack. Those who have `heard` of it in this
    step have, in the mean, half of the step left to try it.
    """
    if contains(user.aware, p) and not contains(in_use(user), p):
        hazard = effects.trial[p] * np.exp(params.risk_value * surveillance_attitude(user, p))
        hazard *= 0.5 if contains(heard, p) else 1.0
        if happens_to(keys[TRIAL], i, p, hazard):
            install(i, user, p, effects, keys)


@rule
def preinstall(i: Int, user: Record, p: Int, effects: Record, keys: U64) -> None:
    """Let user `i` buy a phone with `p` on it, by chance; users with an account are left out."""
    hazard = effects.preinstall[p] * (1 - contains(user.account, p))
    if happens_to(keys[PREINSTALL], i, p, hazard):
        user.installed |= only(p)
        user.aware |= only(p)


@rule
def happens_to(key: np.uint64, i: Int, p: Int, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens to user `i` and messenger `p`."""
    own = tile_key(key, tile_of(p))
    return event_occurs(random_bits(own, i), own, i, lane_of(p), hazard)


@rule
def promotion_candidates(
    base: Int, end: Int, users: Records, step_records: Records, env: Environment, params: Record,
    keys: U64, buffer: CandidateBuffer,
) -> np.int64:  # fmt: skip
    """List the users on whom promotion may act: random bits rule all others out."""
    bits64, flags, effects = buffer.bits64, buffer.flags, env.effects
    for i in range(base, end):
        flags[i - base] = step_records[i - base].ordered | (users[i].mandated & effects.lapsing)
    for o in range(tiles(params)):
        if env.mandates.shape[0]:
            draw_random_bits(tile_key(keys[MANDATED], o), base, end, bits64)
            for i in range(base, end):
                flags[i - base] |= mandate_candidates(
                    bits64[i - base], users[i], env.mandate_bounds, o
                )
        if bits_of(read_tile(effects.trial, o) > 0.0):
            draw_random_bits(tile_key(keys[TRIAL], o), base, end, bits64)
            for i in range(base, end):
                can_try = part(users[i].aware & ~in_use(users[i]), o)
                flags[i - base] |= (
                    trial_candidates(bits64[i - base], users[i], effects, params, o) & can_try
                )
        if bits_of(read_tile(effects.preinstall, o) > 0.0):
            draw_random_bits(tile_key(keys[PREINSTALL], o), base, end, bits64)
            for i in range(base, end):
                flags[i - base] |= may_occur(bits64[i - base], read_tile(effects.preinstall, o))
    return list_flagged(base, end, flags, buffer.ids)


@rule
def apply_promotion(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let mandates, orders to chats, campaigns and pre-installation act on user `i`.

    Users who are not online cannot install anything.
    """
    let_lapse(i, user, step_record, env, params, keys)
    if user.online:
        effects = env.effects  # one pointer, where `env` is many
        apply_mandates(i, user, env.mandates, env.mandate_bounds, effects, params, keys)
        may_try, may_buy = np.int64(0), np.int64(0)
        for o in range(tiles(params)):
            bits64 = random_bits(tile_key(keys[TRIAL], o), i)
            may_try |= whole(trial_candidates(bits64, user, effects, params, o), o)
            bits64 = random_bits(tile_key(keys[PREINSTALL], o), i)
            may_buy |= whole(may_occur(bits64, read_tile(effects.preinstall, o)), o)
        left = step_record.ordered | may_try | may_buy
        while left:
            p, left = first(left), without_first(left)
            if contains(step_record.ordered, p) and not contains(user.second, p):
                comply(i, user, p, effects, params, keys)
            if contains(may_try, p):
                try_messenger(i, user, p, step_record.heard, effects, params, keys)
            if contains(may_buy, p):
                preinstall(i, user, p, effects, keys)
