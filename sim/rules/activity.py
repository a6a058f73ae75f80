"""How often a user opens a messenger, and whom a panel then counts (2.13, fit study 1).

Openings are not proportional to traffic: groups, channels and notifications bring some as well.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import CALL, MESSAGE, Now, Rules, State, Traits
from sim.rules.word import usable


@jit
def openings(
    rules: Rules, p: int, messages: float, calls: float, availability: float,
    mandated: int, habit: float,
) -> float:  # fmt: skip
    """Return openings a day of messenger `p` by a user of average intensity who has it."""
    traffic = rules.channel_share[MESSAGE] * messages + (
        rules.call_openings * rules.channel_share[CALL] * calls
    )
    return (
        rules.traffic_openings * traffic
        + rules.openings[p] * availability
        + rules.mandate_openings[p] * mandated
        + rules.habit_openings[p] * habit
    )


@jit
def p_seen(n_openings: float) -> float:
    """Return the chance of at least one opening, given their expected number (Poisson)."""
    return float(-np.expm1(-n_openings))


@jit
def open_apps(i: int, traits: Traits, state: State, now: Now, rules: Rules) -> None:
    """Write user `i`'s openings a day."""
    has = usable(state.word[i])
    for p in range(state.value.shape[1]):
        n = 0.0
        if has >> p & 1:
            n = traits.intensity[i] * openings(
                rules,
                p,
                state.use[i, MESSAGE, p],
                state.use[i, CALL, p],
                now.availability[traits.place[i], MESSAGE, p],
                state.mandated[i] >> p & 1,
                state.habit[i, p],
            )
        state.sessions[i, p] = n
