"""A VPN: one for all that is blocked (docs/model.md, 2.9).

A user weighs what a VPN opens up against what it costs:

    U_V = beta_V (W(V = 1) - W(V = 0)) + content regained + s_i + nu share of contacts with one
          - fines and checks + help

The skill s_i is net of the ordinary cost: without restrictions it alone keeps the observed share.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.rules import fixed_point
from sim.rules.chance import happens, sigmoid
from sim.rules.marginal_value import VPN_QUERY, ValueQueries, enqueue
from sim.rules.packed_state import VPN_BIT, in_use
from sim.rules.records import MESSAGE, U64, VPN, VPN_ACCEPT, Environment, Int, Record


@rule
def opens_something(place: Int, env: Environment, params: Record) -> bool:
    """Say whether any messenger works better at `place` with a VPN than without."""
    closed, opened = env.availability[np.int64(place) & ~1], env.availability[place | 1]
    for c in range(2):
        for p in range(params.n_messengers):
            if opened[c, p] != closed[c, p]:
                return True
    return False


@rule
def content_regained(user: Record, env: Environment, params: Record) -> float:
    """Return openings a day for channels, groups and notifications that a VPN lets through."""
    regained, has = 0.0, in_use(user)
    for p in range(params.n_messengers):
        lifted = env.availability[user.place | 1, MESSAGE, p]
        lifted -= env.availability[np.int64(user.place) & ~1, MESSAGE, p]
        regained += params.base_openings[p] * lifted * (has >> p & 1)
    return float(fixed_point.intensity(user) * regained)


@rule
def hazard(env: Environment, params: Record) -> float:
    """Return the hazard of reconsidering a VPN, integrated over the step."""
    return float(params.vpn_rate * env.effects.days)


@rule
def forget(step_record: Record) -> None:
    """Note that a VPN is not reconsidered."""
    step_record.vpn_gain, step_record.content = np.nan, 0.0


@rule
def consider(
    i: Int, user: Record, step_record: Record, packed: np.uint64, env: Environment, params: Record,
    keys: U64, queries: ValueQueries,
) -> None:  # fmt: skip
    """Let user `i` perhaps reconsider a VPN and ask what it would open up; else note NaN."""
    forget(step_record)
    if user.online and happens(uniform(keys[VPN], i), hazard(env, params)):
        step_record.vpn_gain = 0.0
        if opens_something(user.place, env, params):
            step_record.content = content_regained(user, env, params)
            enqueue(i, packed, np.int64(VPN_BIT), np.int64(VPN_QUERY), queries)


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
    """Let user `i` take, keep or drop a VPN if it reconsiders."""
    if not np.isnan(step_record.vpn_gain):
        wants = uniform(keys[VPN_ACCEPT], i) < sigmoid(
            vpn_utility(user, step_record, effects, params)
        )
        user.place = np.uint8((np.int64(user.place) & ~1) | np.int64(wants))
