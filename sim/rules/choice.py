"""With whom over what: the choice on every tie and channel (model 2.3, 2.4).

On a tie the two users share some messengers, and always the plain phone. For channel c

    v_p  = a_pc - gamma_c (1 - q_i q_j) + eta (h_ip + h_jp) / 2        messenger p
    v_0  = a_0c                                                         cellular
    Z    = sum exp(v) over what both have;     pi_p = exp(v_p) / Z      multinomial logit

exp(v) factorises into a table by places and one factor a user, so a tie costs no exponential.
The marginal value of p to user i, whether or not i has it, is

    dW_ip = sum_j w_ij [j has p] sum_c d_c ln(1 + exp(v_p) / Z without p)
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import CALL, MESSAGE, Now, Rules, Scratch, State, Ties
from sim.rules.word import habit_level, place, usable


@jit
def tie_values(
    mine: np.uint64, other: np.uint64, c: int, offered: int, now: Now, rules: Rules, s: Scratch
) -> float:
    """Write exp(v_p) into ``s.x`` for the messengers `offered`; return Z over those shared.

    ``s.pull`` holds the own factors exp(eta h_ip / 2).
    """
    row = now.attraction[place(mine), place(other), c]
    shared = usable(mine) & usable(other)
    z = rules.outside[c]
    for p in range(row.shape[0]):
        if offered >> p & 1:
            s.x[p] = row[p] * (s.pull[p] * rules.pull[habit_level(other, p)])
            if shared >> p & 1:
                z += s.x[p]
    return z


@jit
def marginal(x: float, z: float, is_shared: int) -> float:
    """Return ln(1 + x / Z without p); Z holds x already where p is shared."""
    return float(-np.log1p(-x / z)) if is_shared else float(np.log1p(x / z))


@jit
def communicate(
    i: int, ties: Ties, state: State, now: Now, rules: Rules, s: Scratch
) -> None:
    """Choose on every tie of user `i`; write its use, marginal values, reach and welfare."""
    mine = state.word[i]
    has, revising = usable(mine), np.int64(state.revising[i])
    n_platforms = state.value.shape[1]
    for p in range(n_platforms):
        s.pull[p] = rules.pull[habit_level(mine, p)]
    s.value[:] = 0.0
    s.use[:] = 0.0
    reach_message, reach_call, welfare = 0.0, 0.0, 0.0
    first, last = ties.indptr[i], ties.indptr[i + 1]
    scale = 1.0 / ties.rank_total[last - first] if last > first else 0.0
    for tie in range(first, last):
        other = state.word[ties.indices[tie]]
        weight = ties.rank_weight[tie - first] * scale
        theirs = usable(other)
        shared, offered = has & theirs, (has | revising) & theirs
        works = now.works[place(mine), place(other)]
        if shared & np.int64(works[MESSAGE]):
            reach_message += weight
        if shared & np.int64(works[CALL]):
            reach_call += weight
        for c in range(2):
            z = tie_values(mine, other, c, offered, now, rules, s)
            share = weight / z
            s.use[c, n_platforms] += share * rules.outside[c]
            value_weight = weight * rules.channel_share[c]
            welfare += value_weight * np.log(z)
            for p in range(n_platforms):
                if shared >> p & 1:
                    s.use[c, p] += share * s.x[p]
                if (offered & revising) >> p & 1:
                    s.value[p] += value_weight * marginal(s.x[p], z, shared >> p & 1)
    state.value[i] = s.value
    state.use[i] = s.use
    state.reachable[i, MESSAGE] = reach_message
    state.reachable[i, CALL] = reach_call
    state.welfare[i] = welfare
