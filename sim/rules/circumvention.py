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
from sim.rules import fixed
from sim.rules.chance import happens, sigmoid
from sim.rules.records import MESSAGE, U64, VPN, VPN_ACCEPT, Int, Now, Record
from sim.rules.whatif import VPN_TOO, Questions, ask
from sim.rules.word import VPN_BIT, in_use


@rule
def opens_something(place: Int, now: Now, rules: Record) -> bool:
    """Say whether any messenger works better at `place` with a VPN than without."""
    closed, opened = now.availability[np.int64(place) & ~1], now.availability[place | 1]
    for c in range(2):
        for p in range(rules.n_messengers):
            if opened[c, p] != closed[c, p]:
                return True
    return False


@rule
def content_regained(user: Record, now: Now, rules: Record) -> float:
    """Return openings a day for channels, groups and notifications that a VPN lets through."""
    regained, has = 0.0, in_use(user)
    for p in range(rules.n_messengers):
        lifted = now.availability[user.place | 1, MESSAGE, p]
        lifted -= now.availability[np.int64(user.place) & ~1, MESSAGE, p]
        regained += rules.base_openings[p] * lifted * (has >> p & 1)
    return float(fixed.intensity(user) * regained)


@rule
def hazard(now: Now, rules: Record) -> float:
    """Return the hazard of reconsidering a VPN, integrated over the step."""
    return float(rules.vpn_rate * now.force.days)


@rule
def forget(talk: Record) -> None:
    """Note that a VPN is not reconsidered."""
    talk.vpn_gain, talk.content = np.nan, 0.0


@rule
def consider(
    i: Int, user: Record, talk: Record, word: np.uint64, now: Now, rules: Record, keys: U64,
    asked: Questions,
) -> None:  # fmt: skip
    """Let user `i` perhaps reconsider a VPN and ask what it would open up; else note NaN."""
    forget(talk)
    if user.online and happens(uniform(keys[VPN], i), hazard(now, rules)):
        talk.vpn_gain = 0.0
        if opens_something(user.place, now, rules):
            talk.content = content_regained(user, now, rules)
            ask(i, word, np.int64(VPN_BIT), np.int64(VPN_TOO), asked)


@rule
def vpn_utility(user: Record, talk: Record, force: Record, rules: Record) -> float:
    """Return U_V [utils]."""
    gain = rules.vpn_value * talk.vpn_gain + rules.content_value * talk.content
    return float(gain + fixed.skill(user) + rules.vpn_help * talk.helpers - force.vpn_cost)


@rule
def switch(i: Int, user: Record, talk: Record, force: Record, rules: Record, keys: U64) -> None:
    """Let user `i` take, keep or drop a VPN if it reconsiders."""
    if not np.isnan(talk.vpn_gain):
        wants = uniform(keys[VPN_ACCEPT], i) < sigmoid(vpn_utility(user, talk, force, rules))
        user.place = np.uint8((np.int64(user.place) & ~1) | np.int64(wants))
