"""Adoption: a messenger is installed, kept or dropped by its utility (docs/model.md, 2.4).

    U_ip = B_p + taste + network benefit + chi A_ip + demand, habit, help, group chats   [utils]

How p comes and goes by it: transition.py. Who is invited or alarmed decides at once.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import U64, Int
from sim.kernel.bits import all_if, first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.rng import SLOTS
from sim.kernel.vec8 import (
    Vec8,
    bits_of,
    bytes_of,
    flags,
    number_at,
    power,
    read_tile,
    sigmoid,
    splat,
    uniform_draws,
    where,
    write_tile,
)
from sim.rules.chance import events_occur, mean_survival
from sim.rules.content import content_benefits
from sim.rules.declare import JOINT, MESSENGERS, SET, Field, Parameter
from sim.rules.fixed_point import habits, tastes
from sim.rules.packed_state import in_use
from sim.rules.promotion import REGISTER
from sim.rules.records import Environment, Record, purposes
from sim.rules.search import choose_to_be_without
from sim.rules.surveillance_attitude import surveillance_attitudes
from sim.rules.tiles import (
    lane_of,
    messenger_uniform,
    part,
    tile_key,
    tile_of,
    tiles,
    whole,
)
from sim.rules.transition import clocks, noise_scale, taste_scale, transitions

PARAMETERS = (
    Parameter(
        "network_value", 2.4, 0, 20, "utils per unit logsum", "beta",
        "value of reaching contacts", "fit S3", JOINT, storage="f4",
    ),
    Parameter(
        "network_shape", 1, 1, 5, "1", "alpha",
        "exponent of that value; above 1 contagion is complex: a contact counts for more, the "
        "more there are", "simple contagion: Karsai et al. 2014", storage="f4",
    ),
    Parameter(
        "keep_value", 2.412, 0, 10, "utils", "K", "state dependence: keeping what one is used to",
        "fit S3", storage="f4",
    ),
    Parameter(
        "mandate_value", 7.84, 0, 20, "utils", "M", "what a mandate adds to the wish to keep",
        "tuned", JOINT, storage="f4",
    ),
    Parameter(
        "preinstall_value", 1.0, 0, 10, "utils", "M'",
        "effort saved when the app lies on the phone", "prior", storage="f4",
    ),
)  # fmt: skip
STATE = (Field("revising", SET, "set of messengers reconsidered in this step"),)
STEP = (
    Field("value", "f4", "marginal value of a messenger reconsidered [logsum]", MESSENGERS),
    Field("rest", "f4", "utility of the messenger without network benefit [utils]", MESSENGERS),
    Field("draw", "f4", "uniform draw that the chance of having it has to exceed", MESSENGERS),
)
DRAWS = ("revise", "accept")
REVISE, ACCEPT = purposes(DRAWS)


@rule
def begin(i: Int, user: Record, invited: Int, env: Environment, params: Record, keys: U64) -> None:
    """Draw the messengers that user `i` reconsiders, and add those that a chat or story names.

    The latter stay in ``user.alert`` until they are settled.

    Parameters
    ----------
    invited : int
        Set of messengers that group chats of the user have agreed to move to.
    """
    revising = reconsidered(i, user, env, params, keys, np.int64(0))
    for o in range(1, tiles(params)):
        revising |= reconsidered(i, user, env, params, keys, o)
    named = np.int64(user.alert) | (invited & ~in_use(user))
    user.alert = named & all_if(user.online)
    user.revising = (revising | named) & all_if(user.online)


@rule
def reconsidered(
    i: Int, user: Record, env: Environment, params: Record, keys: U64, o: Int
) -> np.int64:
    """Draw the messengers of tile `o` that user `i` reconsiders by itself."""
    has = part(in_use(user), o)
    lacking, having = clocks(user, env, params, o)
    known = flags(has | part(user.aware, o))
    hazards = where(known, where(flags(has), having, lacking), 0.0)
    return whole(events_occur(tile_key(keys[REVISE], o), i, hazards), o)


@rule
def network_benefit(values: Vec8, params: Record) -> Vec8:
    """Return beta_N v^shape for marginal values v [utils]; 0 where rounding made v < 0."""
    values = where(values > 0.0, values, 0.0)
    if params.network_shape != 1.0:
        values = power(values, params.network_shape)
    return params.network_value * values


@rule
def own_utilities(
    user: Record, step_record: Record, env: Environment, params: Record, o: Int = 0
) -> Vec8:
    """Return U_ip of tile `o` on the first phone, without contacts and whether or not it has p."""
    alone = read_tile(params.standalone[user.band], o) - read_tile(env.effects.daily_price, o)
    u = alone + content_benefits(user, env, params, o)
    attitudes = surveillance_attitudes(user, o)
    u = u + (taste_scale(params) * tastes(user, o) + params.risk_value * attitudes)
    demanded = np.int64(user.mandated) & ~np.int64(user.second)
    u = u + where(flags(part(demanded, o)), params.mandate_value, 0.0)
    return u + params.chat_value * bytes_of(step_record.chats[o])


@rule
def taking_up(user: Record, env: Environment, params: Record, o: Int = 0) -> Vec8:
    """Return what each messenger of tile `o` is worth besides, to a user without it [utils]."""
    there = flags(part(np.int64(user.installed) & ~np.int64(user.account), o))
    return where(there, params.preinstall_value, read_tile(env.effects.onboarding, o))


@rule
def keeping(user: Record, params: Record, o: Int = 0) -> Vec8:
    """Return what each messenger of tile `o` is worth besides, to a user with it [utils]."""
    return params.keep_value * habits(user, o)


@rule
def utilities(step_record: Record, params: Record, o: Int = 0) -> Vec8:
    """Return U_ip of tile `o` on the first phone (docs/model.md, 2.4) [utils]."""
    values = read_tile(step_record.value, o)
    return network_benefit(values, params) + read_tile(step_record.rest, o)


@rule
def install_utility(step_record: Record, p: Int, params: Record) -> np.float32:
    """Return U_ip of `p` on the first phone [utils]; only for messengers weighed in this step."""
    return np.float32(number_at(utilities(step_record, params, tile_of(p)), lane_of(p)))


@rule
def weigh(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> np.int64:
    """Let user `i` weigh the messengers it reconsiders; return those that are still undecided.

    The network benefit is never negative. So a messenger that is wanted without it is wanted, and
    its marginal value need not be computed.
    """
    wanted = weigh_tile(i, user, step_record, env, params, keys, np.int64(0))
    for o in range(1, tiles(params)):
        wanted |= weigh_tile(i, user, step_record, env, params, keys, o)
    return np.int64(user.revising) & ~wanted


@rule
def weigh_tile(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64, o: Int
) -> np.int64:
    """Weigh the messengers of tile `o`; return those wanted without their network benefit."""
    has = flags(part(in_use(user), o))
    besides = where(has, keeping(user, params, o), taking_up(user, env, params, o))
    rest = own_utilities(user, step_record, env, params, o) + besides
    write_tile(step_record.rest, o, rest)
    write_tile(step_record.draw, o, uniform_draws(tile_key(keys[ACCEPT], o), i * SLOTS))
    write_tile(step_record.value, o, splat(0.0))
    return whole(wanted_in(user, step_record, rest, env, params, o), o)


@rule
def wanted_in(
    user: Record, step_record: Record, u: Vec8, env: Environment, params: Record, o: Int = 0
) -> int:
    """Return the set of messengers of tile `o` that a user reconsidering them has afterwards.

    Parameters
    ----------
    u : Vec8
        Their utilities as things are: with those in use, without the others [utils].
    """
    has, at_once = flags(part(in_use(user), o)), flags(part(user.alert, o))
    change = keeping(user, params, o) - taking_up(user, env, params, o)
    rho_in, rho_out = clocks(user, env, params, o)
    without, having = where(has, u - change, u), where(has, u, u + change)
    moves = transitions(without, having, rho_in, rho_out, params)
    comes = moves.wants * moves.lasting / mean_survival(rho_in)
    goes = moves.leaves * moves.lasting / mean_survival(rho_out)
    decided = sigmoid(u / noise_scale(params))
    chance = where(at_once, decided, where(has, 1.0 - goes, comes))
    return bits_of(read_tile(step_record.draw, o) < chance)


@rule
def wants(
    user: Record, step_record: Record, p: Int, u: float, env: Environment, params: Record
) -> bool:
    """Say whether a user who reconsiders `p` has it afterwards, at a utility `u` [utils]."""
    o = tile_of(p)
    wanted = wanted_in(user, step_record, splat(np.float32(u)), env, params, o)
    return bool(wanted >> lane_of(p) & 1)


@rule
def settle(
    i: Int, user: Record, reconsidered: Int, wanted: Int, env: Environment, keys: U64
) -> None:
    """Let user `i` install, keep or drop messengers it has `reconsidered`, and has those `wanted`.

    A new account has to pass the registration gate. An app without an account is never dropped.
    """
    account = np.int64(user.account)
    new = reconsidered & wanted & ~account
    while new:  # seldom: most users have had an account
        p, new = first(new), without_first(new)
        if messenger_uniform(keys[REGISTER], i, p) < env.effects.passing[p]:
            account |= only(p)
    dropped, kept = reconsidered & ~wanted & account, reconsidered & wanted & account
    user.aware |= reconsidered  # a chat may invite to an unknown messenger
    choose_to_be_without(user, dropped & np.int64(user.installed), env)
    user.installed = (np.int64(user.installed) | kept) & ~dropped
    user.account = account
    user.alert = np.int64(user.alert) & ~np.int64(reconsidered)


@rule
def revise(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let user `i` decide on every messenger it reconsiders."""
    wanted = np.int64(0)
    for o in range(tiles(params)):
        u = utilities(step_record, params, o)
        wanted |= whole(wanted_in(user, step_record, u, env, params, o), o)
    settle(i, user, np.int64(user.revising), wanted, env, keys)
