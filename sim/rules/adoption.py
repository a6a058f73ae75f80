"""Installing and dropping a messenger by its marginal value (docs/model.md, 2.4)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import SLOTS, user_uniform
from sim.kernel.vec8 import (
    Vec8,
    bits_of,
    bytes_of,
    flags,
    logistic,
    lowest,
    number_at,
    power,
    read,
    splat,
    uniform_draws,
    where,
    write,
)
from sim.rules.chance import events_occur
from sim.rules.fixed_point import habits, tastes
from sim.rules.packed_state import in_use
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Environment, Int, Record
from sim.rules.surveillance_attitude import surveillance_attitudes


@rule
def drop_hazard(params: Record, availability: Vec8, days: float) -> Vec8:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return params.drop_rate * (1.0 + params.failure_exit * (1.0 - availability)) * days


@rule
def begin(i: Int, user: Record, invited: Int, env: Environment, params: Record, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders; those that a chat or a story name, too."""
    has = in_use(user)
    entering = where(flags(user.aware), params.install_rate * env.effects.days, 0.0)
    works = read(env.availability[user.place, MESSAGE])
    hazards = where(flags(has), drop_hazard(params, works, env.effects.days), entering)
    revising = events_occur(keys[REVISE], i, hazards) | user.alert | (invited & ~has)
    user.revising, user.alert = np.uint8(revising & -np.int64(user.online)), 0


@rule
def network_benefit(values: Vec8, params: Record) -> Vec8:
    """Return beta_N v^shape of marginal values v, which rounding may have made negative."""
    values = where(values > 0.0, values, 0.0)
    if params.network_shape != 1.0:
        values = power(values, params.network_shape)
    return params.network_value * values


@rule
def own_utilities(user: Record, step_record: Record, env: Environment, params: Record) -> Vec8:
    """Return U_ip of having each messenger on the first phone, network benefit apart [utils]."""
    u = read(params.standalone[user.band]) + read(env.effects.trend)
    u = u + (params.taste_sd * tastes(user) + params.risk_value * surveillance_attitudes(user))
    demanded = np.int64(user.mandated) & ~np.int64(user.second)
    kept = where(flags(user.account), params.keep_value * habits(user), params.preinstall_value)
    own = where(flags(user.installed), kept, read(env.effects.onboarding))
    u = u + (where(flags(demanded), params.mandate_value, 0.0) + own)
    return u + params.chat_value * bytes_of(step_record.chats)


@rule
def utilities(step_record: Record, params: Record) -> Vec8:
    """Return U_ip of having each messenger on the first phone (docs/model.md, 2.4) [utils]."""
    return network_benefit(read(step_record.value), params) + read(step_record.rest)


@rule
def install_utility(step_record: Record, p: Int, params: Record) -> np.float32:
    """Return U_ip of having `p` on the first phone, for who has weighed it [utils]."""
    return np.float32(number_at(utilities(step_record, params), p))


@rule
def weigh(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> np.int64:
    """Let user `i` weigh what it reconsiders; return what contacts can still decide.

    Who wants a messenger without the benefit of contacts, which is never negative, wants it.
    """
    rest, noise = (
        own_utilities(user, step_record, env, params),
        logistic(uniform_draws(keys[ACCEPT], i * SLOTS)),
    )
    write(step_record.rest, rest)
    write(step_record.noise, noise)
    write(step_record.value, splat(0.0))
    return np.int64(user.revising) & ~np.int64(bits_of(rest > noise))


@rule
def settle(i: Int, user: Record, bits: Int, wanted: Int, env: Environment, keys: U64) -> None:
    """Let user `i` install, keep or drop the messengers `bits`, of which it wants `wanted`.

    A new account has to pass the gate; an app without one stays.
    """
    account, new = np.int64(user.account), bits & wanted & ~np.int64(user.account)
    while new:  # few: most have had one
        p = lowest(new)
        new &= new - 1
        if user_uniform(keys[REGISTER], i, p) < env.effects.passing[p]:
            account |= 1 << p
    dropped, kept = bits & ~wanted & account, bits & wanted & account
    user.aware = np.uint8(user.aware | bits)  # who was invited may not have heard of it
    user.installed = np.uint8((np.int64(user.installed) | kept) & ~dropped)
    user.account = np.uint8(account)


@rule
def revise(
    i: Int, user: Record, step_record: Record, env: Environment, params: Record, keys: U64
) -> None:
    """Let user `i` settle every messenger it reconsiders."""
    wanted = bits_of(utilities(step_record, params) > read(step_record.noise))
    settle(i, user, np.int64(user.revising), np.int64(wanted), env, keys)
