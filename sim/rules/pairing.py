"""Pairing: two contacts move together when what they are used to fails (docs/model.md, 2.5a).

With hazard iota sum_p h_ip sum_c d_ic F_ipc, where F is failure that people are not used to
(availability.py), a user asks one contact, drawn by tie weight, to move to a messenger where calls
work. Both install it at the end of the step.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import U64, Int
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.kernel.vec8 import read_tile, total
from sim.rules.chance import happens
from sim.rules.channels import channel_shares
from sim.rules.contact import contact
from sim.rules.declare import JOINT, Parameter
from sim.rules.fixed_point import habits
from sim.rules.networks import Ties
from sim.rules.packed_state import publish_user
from sim.rules.promotion import install
from sim.rules.records import (
    CALL,
    MESSAGE,
    Agreements,
    Environment,
    PublicState,
    Record,
    Records,
    purposes,
)
from sim.rules.surveillance_attitude import surveillance_attitude
from sim.rules.tiles import tiles

PARAMETERS = (
    Parameter(
        "pair_rate", 0.018, 0, 1, "1/day", "iota",
        "hazard of moving with a contact when all that one is used to fails", "tuned", JOINT,
    ),
)  # fmt: skip
DRAWS = ("pair", "pair_contact", "pair_platform")
PAIR, PAIR_CONTACT, PAIR_PLATFORM = purposes(DRAWS)


@rule
def sudden_failure(user: Record, env: Environment, params: Record) -> float:
    """Return sum_p h_ip sum_c d_ic F_ipc, the share of what one is used to that newly fails."""
    failed, (messages, calls) = 0.0, channel_shares(user)
    for o in range(tiles(params)):
        failing = calls * read_tile(env.surprise[user.place, CALL], o)
        failing = failing + messages * read_tile(env.surprise[user.place, MESSAGE], o)
        failed += total(habits(user, o) * failing)
    return failed


@rule
def appeal(user: Record, p: Int, env: Environment, params: Record) -> float:
    """Return the logit weight q exp(appeal + chi A_ip) of moving calls to messenger `p`."""
    pull = params.pair_appeal[p] + params.risk_value * surveillance_attitude(user, p)
    return float(env.availability[user.place, CALL, p] * np.exp(pull))


@rule
def destination(user: Record, env: Environment, params: Record, u: float) -> int:
    """Return the messenger at quantile `u` of the appeals; -1 if none appeals."""
    whole = 0.0
    for p in range(params.n_messengers):
        whole += appeal(user, p, env, params)
    left = u * whole
    for p in range(params.n_messengers):
        left -= appeal(user, p, env, params)
        if left < 0.0:
            return p
    return -1


@rule
def max_pair_hazard(env: Environment, params: Record) -> float:
    """Return a bound of the hazard of asking a contact: all that it is used to fails."""
    return float(params.pair_rate * env.effects.days * len(params.base_openings))


@rule
def asks_to_move_calls(i: Int, user: Record, env: Environment, params: Record, keys: U64) -> bool:
    """Say whether user `i` asks a contact in this step."""
    u, hazard = uniform(keys[PAIR], i), params.pair_rate * env.effects.days
    if u >= max_pair_hazard(env, params) or not user.online:
        return False
    return happens(u, hazard * sudden_failure(user, env, params))


@rule
def request_move(
    i: Int, users: Records, ties: Ties, env: Environment, params: Record, keys: U64,
    agreed: Agreements,
) -> None:  # fmt: skip
    """Let user `i` ask a contact to move their calls; if both can, record the agreement."""
    other = contact(i, ties, uniform(keys[PAIR_CONTACT], i))
    p = destination(users[i], env, params, uniform(keys[PAIR_PLATFORM], i))
    if other >= 0 and p >= 0 and users[other].online:
        agree(i, p, agreed)
        agree(other, p, agreed)


@rule
def agree(i: Int, p: Int, agreed: Agreements) -> None:
    """Append that user `i` is to install `p`."""
    n = agreed.n[0]
    agreed.who[n], agreed.platform[n] = i, p
    agreed.n[0] = n + 1


@rule
def apply_agreements(
    users: Records, public: PublicState, agreed: Agreements, env: Environment, params: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Install what pairs agreed on, at the end of the step, and publish it.

    To install twice is to install once, so the order of agreements cannot matter.
    """
    for k in range(agreed.n[0]):
        i = np.int64(agreed.who[k])
        install(i, users[i], np.int64(agreed.platform[k]), env.effects, keys)
        publish_user(i, users[i], public, params)
    agreed.n[0] = 0
