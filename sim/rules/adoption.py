"""Adoption: a messenger is installed, kept or dropped by its utility (docs/model.md, 2.4).

    U_ip = B_p + taste + network benefit + chi A_ip + demand, habit, help, group chats   [utils]

A user who reconsiders p decides for it with chance sigmoid(U_ip), by a logistic draw.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.bits import all_if, first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.rng import SLOTS
from sim.kernel.vec8 import (
    Vec8,
    bits_of,
    bytes_of,
    flags,
    logistic,
    number_at,
    power,
    read_tile,
    splat,
    uniform_draws,
    where,
    write_tile,
)
from sim.rules.chance import events_occur
from sim.rules.content import content_benefits
from sim.rules.declare import JOINT, MESSENGERS, SET, Field, Parameter
from sim.rules.fixed_point import habits, tastes
from sim.rules.packed_state import in_use
from sim.rules.promotion import REGISTER
from sim.rules.records import MESSAGE, U64, Environment, Int, Record, purposes
from sim.rules.search import shortfall
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

PARAMETERS = (
    Parameter(
        "network_value", 2.157, 0, 20, "utils per unit logsum", "beta",
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
        "install_rate", 0.0158, 0, 1, "1/day", "rho_in",
        "hazard of reconsidering a messenger not in use", "fit S3", JOINT, storage="f4",
    ),
    Parameter(
        "drop_rate", 0.0117, 0, 1, "1/day", "rho_out",
        "hazard of reconsidering a messenger in use", "fit S3", JOINT, storage="f4",
    ),
    Parameter(
        "failure_exit", 4.6, 0, 20, "1", "rf",
        "relative rise of both clocks when all messages fail and nobody is used to it", "tuned", JOINT, storage="f4",
    ),
    Parameter(
        "taste_sd", 0.8246, 0, 5, "utils", "sd_t", "sd of a user's own taste", "fit S3",
        storage="f4",
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
    Field("noise", "f4", "logistic draw that the utility has to exceed [utils]", MESSENGERS),
)
DRAWS = ("revise", "accept")
REVISE, ACCEPT = purposes(DRAWS)


@rule
def haste(params: Record, surprise: Vec8) -> Vec8:
    """Return 1 + rf F, by messenger: new failure makes users reconsider, in or out."""
    return 1.0 + params.failure_exit * surprise


@rule
def begin(i: Int, user: Record, invited: Int, env: Environment, params: Record, keys: U64) -> None:
    """Draw the messengers that user `i` reconsiders, and add those that a chat or story names.

    Parameters
    ----------
    invited : int
        Set of messengers that group chats of the user have agreed to move to.
    """
    revising = reconsidered(i, user, env, params, keys, np.int64(0))
    for o in range(1, tiles(params)):
        revising |= reconsidered(i, user, env, params, keys, o)
    revising |= np.int64(user.alert) | (invited & ~in_use(user))
    user.revising, user.alert = revising & all_if(user.online), 0


@rule
def reconsidered(
    i: Int, user: Record, env: Environment, params: Record, keys: U64, o: Int
) -> np.int64:
    """Draw the messengers of tile `o` that user `i` reconsiders by itself."""
    has = part(in_use(user), o)
    looks = params.install_rate * env.effects.days * (1.0 + params.search_rate * shortfall(user))
    rates = where(flags(has), splat(params.drop_rate * env.effects.days), splat(looks))
    rates = rates * haste(params, read_tile(env.surprise[user.place, MESSAGE], o))
    hazards = where(flags(has | part(user.aware, o)), rates, 0.0)
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
    """Return U_ip of tile `o` on the first phone, without the network benefit [utils]."""
    u = read_tile(params.standalone[user.band], o) + content_benefits(user, env, params, o)
    attitudes = surveillance_attitudes(user, o)
    u = u + (params.taste_sd * tastes(user, o) + params.risk_value * attitudes)
    demanded = np.int64(user.mandated) & ~np.int64(user.second)
    account, installed = flags(part(user.account, o)), flags(part(user.installed, o))
    kept = where(account, params.keep_value * habits(user, o), params.preinstall_value)
    own = where(installed, kept, read_tile(env.effects.onboarding, o))
    u = u + (where(flags(part(demanded, o)), params.mandate_value, 0.0) + own)
    return u + params.chat_value * bytes_of(step_record.chats[o])


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

    The network benefit is never negative. So a messenger whose utility without it already exceeds
    the draw is wanted, and its marginal value need not be computed.
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
    rest = own_utilities(user, step_record, env, params, o)
    noise = logistic(uniform_draws(tile_key(keys[ACCEPT], o), i * SLOTS))
    write_tile(step_record.rest, o, rest)
    write_tile(step_record.noise, o, noise)
    write_tile(step_record.value, o, splat(0.0))
    return whole(bits_of(rest > noise), o)


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
    user.installed = (np.int64(user.installed) | kept) & ~dropped
    user.account = account


@rule
def revise(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let user `i` decide on every messenger it reconsiders."""
    wanted = np.int64(0)
    for o in range(tiles(params)):
        decided = utilities(step_record, params, o) > read_tile(step_record.noise, o)
        wanted |= whole(bits_of(decided), o)
    settle(i, user, np.int64(user.revising), wanted, env, keys)
