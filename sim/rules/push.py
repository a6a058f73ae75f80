"""What institutions, media and shops do to a user: mandate, campaign, pre-installation (2.10)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import uniform, user_uniform
from sim.rules.adoption import p_event
from sim.rules.records import (
    AWARE, MANDATE, PREINSTALL, TRIAL, U64, Now, Rules, State, Traits,
)  # fmt: skip


@jit
def mandate_hazard(i: int, m: int, traits: Traits, now: Now) -> float:
    """Return the hazard of mandate `m` for user `i` over the step, 0 where it does not reach.

    The user's place in the roll-out is uniform; the ceiling covers its first part.
    """
    if not traits.segments[i] & now.mandate_segment[m]:
        return 0.0
    ceiling = now.mandate_ceiling[m]
    position = uniform(now.mandate_key[m], i)
    return now.mandate_hazard[m] if position < ceiling * now.mandate_reached[m] else 0.0


@jit
def join(i: int, p: int, state: State) -> None:
    """Give user `i` the messenger `p` with an account."""
    bit = np.uint8(1 << p)
    state.installed[i] |= bit
    state.account[i] |= bit
    state.aware[i] |= bit


@jit
def receive(i: int, traits: Traits, state: State, now: Now, rules: Rules, keys: U64) -> None:
    """Let mandates, campaigns and pre-installation act on user `i`."""
    if not traits.online[i]:
        return
    for p in range(state.value.shape[1]):
        bit = np.uint8(1 << p)
        hazard = 0.0
        for m in range(now.mandate_platform.shape[0]):
            if now.mandate_platform[m] == p:
                hazard += mandate_hazard(i, m, traits, now)
        if hazard > 0.0 and user_uniform(keys[MANDATE], i, p) < p_event(hazard):
            state.mandated[i] |= bit
            join(i, p, state)
        if state.aware[i] & bit and now.trial[p] > 0.0:
            has = state.installed[i] & state.account[i] & bit
            trial = now.trial[p] * np.exp(rules.trial_type * traits.type[i])
            if not has and user_uniform(keys[TRIAL], i, p) < p_event(trial):
                join(i, p, state)
        if now.awareness[p] > 0.0 and user_uniform(keys[AWARE], i, p) < p_event(now.awareness[p]):
            state.aware[i] |= bit
        if now.preinstall[p] > 0.0:
            if user_uniform(keys[PREINSTALL], i, p) < p_event(now.preinstall[p]):
                state.installed[i] |= bit
                state.aware[i] |= bit
