"""With whom over what: the choice on every tie and channel (docs/model.md, 2.3 and 2.4).

On a tie the two users share some messengers, and always the plain phone. For channel c

    v_p  = a_pc - gamma_c (1 - q_i q_j) + eta (h_ip + h_jp) / 2        messenger p
    v_0  = a_0c                                                         cellular
    Z    = sum exp(v) over what both have;     pi_p = exp(v_p) / Z      multinomial logit

Of messages a share y is sensitive: there - lambda (f_ip + f_jp) / 2 is added, f the fear of being
read on p. exp(v) factorises into a table by places and one factor a user, so a tie costs no
exponential. The marginal value of p to user i, whether or not i has it, is

    dW_ip = sum_j w_ij [j has p] sum_c d_c ln(1 + exp(v_p) / Z without p)
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import (
    CALL,
    CELLULAR,
    MAX,
    MESSAGE,
    ORDINARY,
    SENSITIVE,
    U64,
    Int,
    Now,
    Record,
    Ties,
)  # fmt: skip
from sim.rules.word import level, place, usable


@jit
def tie_values(
    mine: np.uint64, other: np.uint64, offered: Int, out_message: float, out_call: float, now: Now,
    rules: Record, s: Record,
) -> tuple[float, float, float]:  # fmt: skip
    """Write exp(v_p) of the messengers `offered` into ``s.x`` and ``s.sensitive``.

    Parameters
    ----------
    out_message, out_call : float
        exp(a_0c): cellular to a contact in the country or abroad.

    Returns
    -------
    z_message, z_sensitive, z_call : float
        Z over what both have, cellular included.
    """
    shared = usable(mine) & usable(other)
    i, j = place(mine), place(other)
    z_message, z_sensitive, z_call = out_message, out_message, out_call
    for p in range(rules.n_messengers):
        if offered >> p & 1:
            a, b = level(mine, p), level(other, p)
            pull = rules.pull[ORDINARY, a] * rules.pull[ORDINARY, b]
            x = now.attraction[i, j, MESSAGE, p]
            s.x[MESSAGE, p] = x * pull
            s.x[CALL, p] = now.attraction[i, j, CALL, p] * pull
            s.sensitive[p] = x * (rules.pull[SENSITIVE, a] * rules.pull[SENSITIVE, b])
            if shared >> p & 1:
                z_message += s.x[MESSAGE, p]
                z_sensitive += s.sensitive[p]
                z_call += s.x[CALL, p]
    return z_message, z_sensitive, z_call


@jit
def marginal(x: float, z: float, is_shared: Int) -> float:
    """Return ln(1 + x / Z without p); Z holds x already where p is shared."""
    return float(-np.log1p(-x / z)) if is_shared else float(np.log1p(x / z))


@jit
def logsum(z_message: float, z_sensitive: float, z_call: float, rules: Record) -> float:
    """Return sum_c d_c ln Z_c, what can be said on a tie of weight 1 [utils]."""
    message = rules.topic_share[ORDINARY] * np.log(z_message)
    message += rules.topic_share[SENSITIVE] * np.log(z_sensitive)
    return float(
        rules.channel_share[MESSAGE] * message + rules.channel_share[CALL] * np.log(z_call)
    )


@jit
def add_tie(
    mine: np.uint64, other: np.uint64, weight: float, revising: Int, out_message: float,
    out_call: float, now: Now, rules: Record, s: Record,
) -> float:  # fmt: skip
    """Add one tie of `weight` to the sums of use and marginal value in `s`; return its welfare."""
    shared = usable(mine) & usable(other)
    offered = (usable(mine) | revising) & usable(other)
    z_message, z_sensitive, z_call = tie_values(
        mine, other, offered, out_message, out_call, now, rules, s
    )
    ordinary, sensitive = rules.topic_share[ORDINARY], rules.topic_share[SENSITIVE]
    per_message, per_sensitive = weight * ordinary / z_message, weight * sensitive / z_sensitive
    per_call = weight / z_call
    s.use[MESSAGE, CELLULAR] += (per_message + per_sensitive) * out_message
    s.use[CALL, CELLULAR] += per_call * out_call
    w_message = weight * rules.channel_share[MESSAGE]
    w_call = weight * rules.channel_share[CALL]
    for p in range(rules.n_messengers):
        is_shared = shared >> p & 1
        x, y, v = s.x[MESSAGE, p], s.sensitive[p], s.x[CALL, p]
        if is_shared:
            s.use[MESSAGE, p] += per_message * x + per_sensitive * y
            s.use[CALL, p] += per_call * v
        if (offered & revising) >> p & 1:
            gain = ordinary * marginal(x, z_message, is_shared)
            gain += sensitive * marginal(y, z_sensitive, is_shared)
            s.value[p] += w_message * gain + w_call * marginal(v, z_call, is_shared)
    return weight * logsum(z_message, z_sensitive, z_call, rules)


@jit
def reach_tie(mine: np.uint64, other: np.uint64, weight: float, now: Now, s: Record) -> None:
    """Add a tie of `weight` to what can be reached by messenger, and safe from the state."""
    shared = usable(mine) & usable(other)
    i, j = place(mine), place(other)
    for c in range(2):
        s.reachable[c] += weight * now.best[i, j, c, shared]
        s.secure[c] += weight * now.best[i, j, c, shared & now.force.unreadable]


@jit
def talk_abroad(
    mine: np.uint64, revising: Int, now: Now, rules: Record, talk: Record, s: Record
) -> float:
    """Communicate with somebody close who lives abroad; return its welfare."""
    there, weight = rules.abroad_word, rules.abroad_weight
    reach_tie(mine, there, weight, now, s)
    for c in range(2):
        shared = usable(mine) & usable(there)
        talk.abroad[c] = now.best[place(mine), place(there), c, shared]
    return add_tie(
        mine, there, weight, revising, rules.outside_abroad[MESSAGE], rules.outside_abroad[CALL],
        now, rules, s,
    )  # fmt: skip


@jit
def clear(talk: Record, s: Record) -> None:
    """Set the sums of a user's look at its ties to 0."""
    for c in range(2):
        s.reachable[c] = s.secure[c] = talk.abroad[c] = 0.0
        for p in range(MAX + 1):
            s.use[c, p] = 0.0
    for p in range(MAX):
        s.value[p] = 0.0


@jit
def communicate(
    i: int, user: Record, talk: Record, words: U64, ties: Ties, now: Now, rules: Record, s: Record
) -> None:
    """Choose on every tie of user `i`: use, marginal values, reachable ties and welfare."""
    clear(talk, s)
    mine, revising = words[i], np.int64(user.revising)
    welfare, phone_only, helpers = 0.0, 0.0, 0.0
    out_message, out_call = rules.outside[MESSAGE], rules.outside[CALL]
    first, last = ties.indptr[i], ties.indptr[i + 1]
    scale = tie_scale(user, ties.rank_total[last - first], rules)
    for tie in range(first, last):
        other = words[ties.indices[tie]]
        weight = ties.rank_weight[tie - first] * scale
        helpers += weight * (place(other) & 1)
        if (usable(mine) | revising) & usable(other) == 0:
            phone_only += weight
            continue
        welfare += add_tie(mine, other, weight, revising, out_message, out_call, now, rules, s)
        reach_tie(mine, other, weight, now, s)
    if user.abroad:
        welfare += talk_abroad(mine, revising, now, rules, talk, s)
    welfare += phone_only * logsum(out_message, out_message, out_call, rules)
    for c in range(2):
        talk.reachable[c], talk.secure[c] = s.reachable[c], s.secure[c]
        talk.use[c, CELLULAR] = s.use[c, CELLULAR] + phone_only
        for p in range(rules.n_messengers):
            talk.use[c, p] = s.use[c, p]
    for p in range(rules.n_messengers):
        talk.value[p] = s.value[p]
    talk.welfare, talk.helpers = welfare, helpers


@jit
def tie_scale(user: Record, total: float, rules: Record) -> float:
    """Return what turns rank weights into shares: a contact abroad takes its own."""
    here = 1.0 - rules.abroad_weight if user.abroad else 1.0
    return here / total if total > 0.0 else 0.0


@jit
def welfare_as(
    mine: np.uint64, i: int, user: Record, words: U64, ties: Ties, now: Now, rules: Record,
    s: Record,
) -> float:  # fmt: skip
    """Return the welfare user `i` would have if its word were `mine` [utils]."""
    welfare = 0.0
    out_message, out_call = rules.outside[MESSAGE], rules.outside[CALL]
    first, last = ties.indptr[i], ties.indptr[i + 1]
    scale = tie_scale(user, ties.rank_total[last - first], rules)
    for tie in range(first, last):
        other = words[ties.indices[tie]]
        shared = usable(mine) & usable(other)
        z = tie_values(mine, other, shared, out_message, out_call, now, rules, s)
        welfare += ties.rank_weight[tie - first] * scale * logsum(z[0], z[1], z[2], rules)
    if user.abroad:
        shared = usable(mine) & usable(rules.abroad_word)
        z = tie_values(
            mine,
            rules.abroad_word,
            shared,
            rules.outside_abroad[MESSAGE],
            rules.outside_abroad[CALL],
            now,
            rules,
            s,
        )
        welfare += rules.abroad_weight * logsum(z[0], z[1], z[2], rules)
    return welfare
