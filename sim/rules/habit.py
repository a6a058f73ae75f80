"""Habit: the share of a user's communication that goes over a messenger, remembered (2.6)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import CALL, MESSAGE, Rules, State


@jit
def relax(habit: float, share: float, rate: float, days: float) -> float:
    """Return h exp(-rho dt) + (1 - exp(-rho dt)) share."""
    memory = np.exp(-rate * days)
    return float(memory * habit + (1.0 - memory) * share)


@jit
def remember(i: int, state: State, rules: Rules, days: float) -> None:
    """Move user `i`'s habits towards its present use."""
    for p in range(state.value.shape[1]):
        share = (
            rules.channel_share[MESSAGE] * state.use[i, MESSAGE, p]
            + rules.channel_share[CALL] * state.use[i, CALL, p]
        )
        state.habit[i, p] = relax(state.habit[i, p], share, rules.habit_rate, days)
