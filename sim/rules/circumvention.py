"""Circumvention: a user takes up, keeps or drops a VPN (docs/model.md, 2.9).

A VPN works for all blocked messengers. Its utility is

    U_V = beta_V (W(V = 1) - W(V = 0)) + content regained + s_i + nu share of contacts with one
          - fines and checks + help                                                      [utils]

The skill s_i is net of the ordinary cost. Without restrictions only skill and contacts with a VPN
act; the start solves the skill so that the observed share of users has one.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.bits import contains
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.rules import fixed_point
from sim.rules.chance import happens, sigmoid
from sim.rules.marginal_value import ValueQueries, enqueue_vpn
from sim.rules.packed_state import in_use
from sim.rules.place import with_vpn, without_vpn
from sim.rules.records import MESSAGE, U64, VPN, VPN_ACCEPT, Environment, Int, Record


@rule
def opens_something(place: Int, env: Environment, params: Record) -> bool:
    """Say whether any messenger is available to another degree with a VPN than without."""
    without, with_one = env.availability[without_vpn(place)], env.availability[with_vpn(place)]
    for c in range(2):
        for p in range(params.n_messengers):
            if with_one[c, p] != without[c, p]:
                return True
    return False


@rule
def content_regained(user: Record, env: Environment, params: Record) -> float:
    """Return the openings for channels, groups and notices that a VPN brings back [1/day]."""
    regained, has = 0.0, in_use(user)
    for p in range(params.n_messengers):
        lifted = env.availability[with_vpn(user.place), MESSAGE, p]
        lifted -= env.availability[without_vpn(user.place), MESSAGE, p]
        regained += params.base_openings[p] * lifted * contains(has, p)
    return float(fixed_point.intensity(user) * regained)


@rule
def hazard(env: Environment, params: Record) -> float:
    """Return the hazard of reconsidering a VPN, integrated over the step."""
    return float(params.vpn_rate * env.effects.days)


@rule
def forget(step_record: Record) -> None:
    """Record that a VPN is not reconsidered in this step."""
    step_record.vpn_gain, step_record.content = np.nan, 0.0


@rule
def consider(
    i: Int, user: Record, step_record: Record, packed: np.uint64, env: Environment, params: Record,
    keys: U64, queries: ValueQueries,
) -> None:  # fmt: skip
    """Draw whether user `i` reconsiders a VPN; if so, enqueue the welfare that it would bring."""
    forget(step_record)
    if user.online and happens(uniform(keys[VPN], i), hazard(env, params)):
        step_record.vpn_gain = 0.0
        if opens_something(user.place, env, params):
            step_record.content = content_regained(user, env, params)
            enqueue_vpn(i, packed, queries)


@rule
def vpn_utility(user: Record, step_record: Record, effects: Record, params: Record) -> float:
    """Return U_V [utils]."""
    gain = params.vpn_value * step_record.vpn_gain + params.content_value * step_record.content
    return float(
        gain + fixed_point.skill(user) + params.vpn_help * step_record.helpers - effects.vpn_cost
    )


@rule
def switch(
    i: Int, user: Record, step_record: Record, effects: Record, params: Record, keys: U64
) -> None:
    """Let user `i` take up, keep or drop a VPN, if it reconsiders: with chance sigmoid(U_V)."""
    if not np.isnan(step_record.vpn_gain):
        utility = vpn_utility(user, step_record, effects, params)
        wants = uniform(keys[VPN_ACCEPT], i) < sigmoid(utility)
        user.place = np.uint8(without_vpn(user.place) | np.int64(wants))
