"""With whom over what: the choice on every tie and channel (docs/model.md, 2.3 and 2.4).

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
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, U64, Int, Now, Record, Ties
from sim.rules.word import habit_level, place, usable


@jit
def tie_values(
    mine: np.uint64, other: np.uint64, offered: Int, now: Now, rules: Record, s: Record
) -> tuple[float, float]:
    """Write exp(v_p) of the messengers `offered` into ``s.x``.

    Returns
    -------
    z_message, z_call : float
        Z over what both have, cellular included.
    """
    shared = usable(mine) & usable(other)
    i, j = place(mine), place(other)
    z_message, z_call = rules.outside[MESSAGE], rules.outside[CALL]
    for p in range(rules.n_messengers):
        if offered >> p & 1:
            pull = rules.pull[habit_level(mine, p)] * rules.pull[habit_level(other, p)]
            s.x[MESSAGE, p] = now.attraction[i, j, MESSAGE, p] * pull
            s.x[CALL, p] = now.attraction[i, j, CALL, p] * pull
            if shared >> p & 1:
                z_message += s.x[MESSAGE, p]
                z_call += s.x[CALL, p]
    return z_message, z_call


@jit
def marginal(x: float, z: float, is_shared: Int) -> float:
    """Return ln(1 + x / Z without p); Z holds x already where p is shared."""
    return float(-np.log1p(-x / z)) if is_shared else float(np.log1p(x / z))


@jit
def add_tie(
    mine: np.uint64, other: np.uint64, weight: float, revising: Int, now: Now, rules: Record,
    s: Record,
) -> float:  # fmt: skip
    """Add one tie of `weight` to the sums of use and marginal value in `s`; return its welfare."""
    shared = usable(mine) & usable(other)
    offered = (usable(mine) | revising) & usable(other)
    z_message, z_call = tie_values(mine, other, offered, now, rules, s)
    w_message = weight * rules.channel_share[MESSAGE]
    w_call = weight * rules.channel_share[CALL]
    per_message, per_call = weight / z_message, weight / z_call
    s.use[MESSAGE, CELLULAR] += per_message * rules.outside[MESSAGE]
    s.use[CALL, CELLULAR] += per_call * rules.outside[CALL]
    for p in range(rules.n_messengers):
        is_shared = shared >> p & 1
        if is_shared:
            s.use[MESSAGE, p] += per_message * s.x[MESSAGE, p]
            s.use[CALL, p] += per_call * s.x[CALL, p]
        if (offered & revising) >> p & 1:
            s.value[p] += w_message * marginal(s.x[MESSAGE, p], z_message, is_shared)
            s.value[p] += w_call * marginal(s.x[CALL, p], z_call, is_shared)
    return float(w_message * np.log(z_message) + w_call * np.log(z_call))


@jit
def communicate(
    i: int, user: Record, talk: Record, words: U64, ties: Ties, now: Now, rules: Record, s: Record
) -> None:
    """Choose on every tie of user `i`: use, marginal values, reachable ties and welfare."""
    for p in range(MAX + 1):
        s.use[MESSAGE, p] = s.use[CALL, p] = 0.0
    for p in range(MAX):
        s.value[p] = 0.0
    mine, revising = words[i], np.int64(user.revising)
    reach_message, reach_call, welfare, phone_only = 0.0, 0.0, 0.0, 0.0
    first, last = ties.indptr[i], ties.indptr[i + 1]
    scale = 1.0 / ties.rank_total[last - first] if last > first else 0.0
    for tie in range(first, last):
        other = words[ties.indices[tie]]
        weight = ties.rank_weight[tie - first] * scale
        if (usable(mine) | revising) & usable(other) == 0:
            phone_only += weight
            continue
        welfare += add_tie(mine, other, weight, revising, now, rules, s)
        shared = usable(mine) & usable(other)
        if shared & np.int64(now.works[place(mine), place(other), MESSAGE]):
            reach_message += weight
        if shared & np.int64(now.works[place(mine), place(other), CALL]):
            reach_call += weight
    talk.reachable[MESSAGE] = reach_message
    talk.reachable[CALL] = reach_call
    for c in range(2):
        welfare += phone_only * rules.channel_share[c] * np.log(rules.outside[c])
        talk.use[c, CELLULAR] = s.use[c, CELLULAR] + phone_only
        for p in range(rules.n_messengers):
            talk.use[c, p] = s.use[c, p]
    talk.welfare = welfare
    for p in range(rules.n_messengers):
        talk.value[p] = s.value[p]
