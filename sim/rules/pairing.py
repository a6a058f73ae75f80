"""Two people move their calls together when calls fail (fit study 1).

With hazard iota times the share of habitual calls that fail, a user asks one contact (drawn by
tie weight) to go to a messenger where calls work; both install it.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rng import uniform
from sim.rules.adoption import p_event
from sim.rules.push import join
from sim.rules.records import (
    CALL, PAIR, PAIR_CONTACT, PAIR_PLATFORM, U64, Now, Rules, State, Ties, Traits,
)  # fmt: skip


@jit
def failed_calls(i: int, traits: Traits, state: State, now: Now) -> float:
    """Return sum_p h_ip (1 - q_ip,call), the share of habitual calls that fail."""
    lost = 0.0
    for p in range(state.value.shape[1]):
        lost += state.habit[i, p] * (1.0 - now.availability[traits.place[i], CALL, p])
    return lost


@jit
def contact(i: int, ties: Ties, u: float) -> int:
    """Return the contact at quantile `u` of the tie weights, -1 for a user without ties."""
    first, last = ties.indptr[i], ties.indptr[i + 1]
    left = u * ties.rank_total[last - first]
    for tie in range(first, last):
        left -= ties.rank_weight[tie - first]
        if left < 0.0:
            return np.int64(ties.indices[tie])
    return -1


@jit
def destination(i: int, traits: Traits, now: Now, rules: Rules, u: float) -> int:
    """Return the messenger at quantile `u` of a logit over those where calls work, or -1."""
    n_platforms = rules.pair_appeal.shape[0]
    total = 0.0
    for draw in range(2):  # first sum the weights, then walk to the quantile
        left = u * total
        for p in range(n_platforms):
            q = now.availability[traits.place[i], CALL, p]
            weight = q * np.exp(rules.pair_appeal[p] + rules.pair_type * _sign(rules, p, traits, i))
            if draw == 0:
                total += weight
            else:
                left -= weight
                if left < 0.0:
                    return p
    return -1


@jit
def _sign(rules: Rules, p: int, traits: Traits, i: int) -> float:
    """Return the user's type where the messenger divides the types, else 0."""
    return np.float64(traits.type[i]) if rules.type_taste[p] != 0.0 else 0.0


@jit
def ask(
    i: int, traits: Traits, ties: Ties, state: State, now: Now, rules: Rules, keys: U64
) -> None:
    """Let user `i` perhaps ask a contact to move their calls; mark both."""
    if not traits.online[i] or rules.pair_rate == 0.0:
        return
    hazard = rules.pair_rate * failed_calls(i, traits, state, now) * now.days
    if hazard == 0.0 or uniform(keys[PAIR], i) >= p_event(hazard):
        return
    other = contact(i, ties, uniform(keys[PAIR_CONTACT], i))
    if other < 0 or not traits.online[other]:
        return
    p = destination(i, traits, now, rules, uniform(keys[PAIR_PLATFORM], i))
    if p >= 0:
        state.asked[i, p] = 1
        state.asked[other, p] = 1


@jit
def answer(i: int, state: State) -> None:
    """Let user `i` install what was agreed on, and clear the marks."""
    for p in range(state.value.shape[1]):
        if state.asked[i, p]:
            join(i, p, state)
            state.asked[i, p] = 0
