"""Circumvention: a user takes up, keeps or drops a VPN (docs/model.md, 2.9).

A VPN works for all blocked messengers. Its utility is

    U_V = beta_V (W(V = 1) - W(V = 0)) + content regained + s_i + nu share of contacts with one
          - fines and checks + help                                                      [utils]

The skill s_i is net of the ordinary cost. Without restrictions only skill and contacts with a VPN
act; the start solves the skill so that the observed share of users has one.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import U64, Int
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.rules import fixed_point
from sim.rules.chance import happens, sigmoid
from sim.rules.content import content_welfare
from sim.rules.declare import DERIVED, Field, Parameter
from sim.rules.place import with_vpn, without_vpn
from sim.rules.records import Environment, Record, purposes
from sim.rules.search import MOST_SHORTFALL, shortfall
from sim.rules.value_queries import ValueQueries, enqueue_vpn

PARAMETERS = (
    Parameter(
        "vpn_efficacy", 0.8116, 0, 1, "1", "e_max", "what a VPN lifts of a restriction, unblocked",
        "fit S3; not identified by reach", storage=DERIVED,
    ),
    Parameter(
        "vpn_repair", 0.05, 0, 10, "1/day", "r_V", "speed at which blocked VPNs are replaced",
        "assumption", storage=DERIVED,
    ),
    Parameter(
        "vpn_rate", 0.01, 0, 1, "1/day", "rho_V", "hazard of reconsidering a VPN",
        "tuned by hand: VPN use in spring 2026 (docs/defaults.md)",
    ),
    Parameter(
        "vpn_value", 4.0, 0, 20, "utils per unit logsum", "beta_V", "value of what a VPN opens up",
        "tuned by hand: VPN use in spring 2026 (docs/defaults.md)",
    ),
    Parameter(
        "vpn_search", 3.0, 0, 100, "1/util", "rv",
        "relative rise of rho_V by a shortfall of 1 util", "assumption",
    ),
    Parameter(
        "vpn_help", 0.5, 0, 10, "utils", "nu", "help from contacts who all use a VPN",
        "assumption; transmission significant but small: Chen & Yang 2019",
    ),
    Parameter(
        "vpn_skill_sd", 2.0, 0, 10, "utils", "sd_s", "sd of the skill with a VPN", "assumption",
        storage=DERIVED,
    ),
)  # fmt: skip
STATE = (Field("skill", "i2", "s_i, ease of a VPN, net of its ordinary cost [utils / 1024]"),)
STEP = (
    Field("vpn_gain", "f4", "welfare with a VPN minus without; NaN: not reconsidered [logsum]"),
    Field("content", "f4", "value of the content that a VPN would bring back [utils]"),
)
DRAWS = ("vpn", "vpn_accept")
VPN, VPN_ACCEPT = purposes(DRAWS)


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
    """Return the value of the content that a VPN brings back [utils]."""
    lifted = content_welfare(user, with_vpn(user.place), env, params)
    return lifted - content_welfare(user, without_vpn(user.place), env, params)


@rule
def hazard(env: Environment, params: Record) -> float:
    """Return a bound of the hazard of reconsidering a VPN, integrated over the step."""
    return float(params.vpn_rate * env.effects.days * (1.0 + params.vpn_search * MOST_SHORTFALL))


@rule
def own_hazard(user: Record, env: Environment, params: Record) -> float:
    """Return the hazard of a user: it looks for a VPN where others fail it."""
    return float(params.vpn_rate * env.effects.days * (1.0 + params.vpn_search * shortfall(user)))


@rule
def forget(step_record: Record) -> None:
    """Record that a VPN is not reconsidered in this step."""
    step_record.vpn_gain, step_record.content = np.nan, 0.0


@rule
def consider(
    i: Int, user: Record, step_record: Record, choice_state: U64, env: Environment, params: Record,
    keys: U64, queries: ValueQueries,
) -> None:  # fmt: skip
    """Draw whether user `i` reconsiders a VPN; if so, enqueue the welfare that it would bring."""
    forget(step_record)
    if user.online and happens(uniform(keys[VPN], i), own_hazard(user, env, params)):
        step_record.vpn_gain = 0.0
        if opens_something(user.place, env, params):
            step_record.content = content_regained(user, env, params)
            enqueue_vpn(i, choice_state, params, queries)


@rule
def vpn_utility(user: Record, step_record: Record, effects: Record, params: Record) -> float:
    """Return U_V [utils]."""
    gain = params.vpn_value * step_record.vpn_gain + step_record.content
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
