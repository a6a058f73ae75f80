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
from sim.rules.records import CALL, CELLULAR, F64, MESSAGE, U64, Now, Record, Ties
from sim.rules.word import habit_level, place, usable


@jit
def tie_values(
    mine: np.uint64, other: np.uint64, c: int, offered: int, now: Now, rules: Record, x: F64
) -> float:
    """Write exp(v_p) of the messengers `offered` into `x`; return Z over those both have."""
    shared = usable(mine) & usable(other)
    i, j = place(mine), place(other)
    z = rules.outside[c]
    for p in range(rules.n_messengers):
        if offered >> p & 1:
            habit_i, habit_j = habit_level(mine, p), habit_level(other, p)
            x[p] = now.attraction[i, j, c, p] * (rules.pull[habit_i] * rules.pull[habit_j])
            if shared >> p & 1:
                z += x[p]
    return float(z)


@jit
def marginal(x: float, z: float, is_shared: int) -> float:
    """Return ln(1 + x / Z without p); Z holds x already where p is shared."""
    return float(-np.log1p(-x / z)) if is_shared else float(np.log1p(x / z))


@jit
def communicate(
    i: int, user: Record, talk: Record, words: U64, ties: Ties, now: Now, rules: Record, s: F64
) -> None:
    """Choose on every tie of user `i`: use, marginal values, reachable ties and welfare.

    `s` is working memory of shape (4, MAX + 1): sums are taken in double precision.
    """
    use, value, x = s[0:2], s[2], s[3]
    s[:] = 0.0
    mine = words[i]
    revising = np.int64(user.revising)
    reach_message, reach_call, welfare = 0.0, 0.0, 0.0
    first, last = ties.indptr[i], ties.indptr[i + 1]
    scale = 1.0 / ties.rank_total[last - first] if last > first else 0.0
    for tie in range(first, last):
        other = words[ties.indices[tie]]
        weight = ties.rank_weight[tie - first] * scale
        shared = usable(mine) & usable(other)
        offered = (usable(mine) | revising) & usable(other)
        if shared & np.int64(now.works[place(mine), place(other), MESSAGE]):
            reach_message += weight
        if shared & np.int64(now.works[place(mine), place(other), CALL]):
            reach_call += weight
        for c in range(2):
            z = tie_values(mine, other, c, offered, now, rules, x)
            share = weight / z
            use[c, CELLULAR] += share * rules.outside[c]
            value_weight = weight * rules.channel_share[c]
            welfare += value_weight * np.log(z)
            for p in range(rules.n_messengers):
                if shared >> p & 1:
                    use[c, p] += share * x[p]
                if (offered & revising) >> p & 1:
                    value[p] += value_weight * marginal(x[p], z, shared >> p & 1)
    talk.reachable[MESSAGE] = reach_message
    talk.reachable[CALL] = reach_call
    talk.welfare = welfare
    for p in range(rules.n_messengers):
        talk.value[p] = value[p]
    for c in range(2):
        for p in range(CELLULAR + 1):
            talk.use[c, p] = use[c, p]
