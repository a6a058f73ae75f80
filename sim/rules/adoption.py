"""Installing and dropping a messenger by its marginal value (docs/model.md, 2.4)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.octets import (
    Octet,
    bits_of,
    bytes_of,
    flags,
    logistic,
    lowest,
    luck,
    number_at,
    power,
    read,
    splat,
    where,
    write,
)
from sim.kernel.rng import SLOTS, user_uniform
from sim.rules.attitude import leanings
from sim.rules.chance import befalling
from sim.rules.fixed import habits, tastes
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Int, Now, Record
from sim.rules.word import in_use


@rule
def drop_hazard(rules: Record, availability: Octet, days: float) -> Octet:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return rules.drop_rate * (1.0 + rules.failure_exit * (1.0 - availability)) * days


@rule
def begin(i: Int, user: Record, invited: Int, now: Now, rules: Record, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders; those that a chat or a story name, too."""
    has = in_use(user)
    entering = where(flags(user.aware), rules.install_rate * now.force.days, 0.0)
    works = read(now.availability[user.place, MESSAGE])
    hazards = where(flags(has), drop_hazard(rules, works, now.force.days), entering)
    revising = befalling(keys[REVISE], i, hazards) | user.alert | (invited & ~has)
    user.revising, user.alert = np.uint8(revising & -np.int64(user.online)), 0


@rule
def network_benefit(values: Octet, rules: Record) -> Octet:
    """Return beta_N v^shape of marginal values v, which rounding may have made negative."""
    values = where(values > 0.0, values, 0.0)
    if rules.network_shape != 1.0:
        values = power(values, rules.network_shape)
    return rules.network_value * values


@rule
def own_utilities(user: Record, talk: Record, now: Now, rules: Record) -> Octet:
    """Return U_ip of having each messenger on the first phone, network benefit apart [utils]."""
    u = read(rules.standalone[user.band]) + read(now.force.trend)
    u = u + (rules.taste_sd * tastes(user) + rules.risk_value * leanings(user))
    demanded = np.int64(user.mandated) & ~np.int64(user.second)
    kept = where(flags(user.account), rules.keep_value * habits(user), rules.preinstall_value)
    own = where(flags(user.installed), kept, read(now.force.onboarding))
    u = u + (where(flags(demanded), rules.mandate_value, 0.0) + own)
    return u + rules.chat_value * bytes_of(talk.chats)


@rule
def utilities(talk: Record, rules: Record) -> Octet:
    """Return U_ip of having each messenger on the first phone (docs/model.md, 2.4) [utils]."""
    return network_benefit(read(talk.value), rules) + read(talk.rest)


@rule
def install_utility(talk: Record, p: Int, rules: Record) -> np.float32:
    """Return U_ip of having `p` on the first phone, for who has weighed it [utils]."""
    return np.float32(number_at(utilities(talk, rules), p))


@rule
def weigh(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> np.int64:
    """Let user `i` weigh what it reconsiders; return what contacts can still decide.

    Who wants a messenger without the benefit of contacts, which is never negative, wants it.
    """
    rest, noise = own_utilities(user, talk, now, rules), logistic(luck(keys[ACCEPT], i * SLOTS))
    write(talk.rest, rest)
    write(talk.noise, noise)
    write(talk.value, splat(0.0))
    return np.int64(user.revising) & ~np.int64(bits_of(rest > noise))


@rule
def settle(i: Int, user: Record, bits: Int, wanted: Int, now: Now, keys: U64) -> None:
    """Let user `i` install, keep or drop the messengers `bits`, of which it wants `wanted`.

    A new account has to pass the gate; an app without one stays.
    """
    account, new = np.int64(user.account), bits & wanted & ~np.int64(user.account)
    while new:  # few: most have had one
        p = lowest(new)
        new &= new - 1
        if user_uniform(keys[REGISTER], i, p) < now.force.passing[p]:
            account |= 1 << p
    dropped, kept = bits & ~wanted & account, bits & wanted & account
    user.aware = np.uint8(user.aware | bits)  # who was invited may not have heard of it
    user.installed = np.uint8((np.int64(user.installed) | kept) & ~dropped)
    user.account = np.uint8(account)


@rule
def revise(i: Int, user: Record, talk: Record, now: Now, rules: Record, keys: U64) -> None:
    """Let user `i` settle every messenger it reconsiders."""
    wanted = bits_of(utilities(talk, rules) > read(talk.noise))
    settle(i, user, np.int64(user.revising), np.int64(wanted), now, keys)
