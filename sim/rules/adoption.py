"""Installing and dropping a messenger by its marginal value (model 2.4)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import user_uniform
from sim.rules.records import ACCEPT, MESSAGE, REGISTER, REVISE, U64, Now, Rules, State, Traits


@jit
def p_event(hazard: float) -> float:
    """Return the chance of at least one event, given the integrated hazard."""
    return float(-np.expm1(-hazard))


@jit
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))


@jit
def drop_hazard(rules: Rules, availability: float, days: float) -> float:
    """Return rho_out (1 + rf (1 - q)) over `days`: failure makes people reconsider."""
    return rules.drop_rate * (1.0 + rules.failure_exit * (1.0 - availability)) * days


@jit
def utility(
    rules: Rules, value: float, standalone: float, taste: float, type_taste: float,
    mandated: int, preinstalled: int, usable: int, habit: float,
) -> float:  # fmt: skip
    """Return U_ip = beta dW + B + taste + mandate + saved effort + K h [in use] (utils)."""
    return (
        rules.network_value * value
        + standalone
        + rules.taste_sd * taste
        + type_taste
        + rules.mandate_value * mandated
        + rules.preinstall_value * preinstalled
        + rules.keep_value * habit * usable
    )


@jit
def begin(i: int, traits: Traits, state: State, now: Now, rules: Rules, keys: U64) -> None:
    """Draw which messengers user `i` reconsiders in this step."""
    bits = 0
    if traits.online[i]:
        usable = state.installed[i] & state.account[i]
        for p in range(state.value.shape[1]):
            if usable >> p & 1:
                q = now.availability[traits.place[i], MESSAGE, p]
                chance = p_event(drop_hazard(rules, q, now.days))
            elif state.aware[i] >> p & 1:
                chance = p_event(rules.install_rate * now.days)
            else:
                continue
            if user_uniform(keys[REVISE], i, p) < chance:
                bits |= 1 << p
    state.revising[i] = bits


@jit
def install_utility(
    i: int, p: int, traits: Traits, state: State, now: Now, rules: Rules
) -> float:
    """Return U_ip of user `i` for messenger `p` [utils]."""
    installed, account = state.installed[i] >> p & 1, state.account[i] >> p & 1
    return utility(
        rules,
        state.value[i, p],
        rules.standalone[p, traits.band[i]] + now.trend[p],
        traits.taste[i, p],
        rules.type_taste[p] * traits.type[i],
        state.mandated[i] >> p & 1,
        installed & (1 - account),
        installed & account,
        state.habit[i, p],
    )


@jit
def settle(i: int, p: int, u: float, state: State, now: Now, keys: U64) -> None:
    """Let user `i` install, keep or drop `p` at utility `u`; a new account passes the gate."""
    bit = np.uint8(1 << p)
    if user_uniform(keys[ACCEPT], i, p) < sigmoid(u):
        if state.account[i] & bit or user_uniform(keys[REGISTER], i, p) < now.passing[p]:
            state.installed[i] |= bit
            state.account[i] |= bit
    elif state.account[i] & bit:
        state.installed[i] &= ~bit


@jit
def revise(i: int, traits: Traits, state: State, now: Now, rules: Rules, keys: U64) -> None:
    """Let user `i` settle every messenger it reconsiders."""
    for p in range(state.value.shape[1]):
        if state.revising[i] >> p & 1:
            settle(i, p, install_utility(i, p, traits, state, now, rules), state, now, keys)
