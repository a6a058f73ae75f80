"""With whom over what: the choice on every tie and channel (docs/model.md, 2.3).

On a tie the two users share some messengers, and always the plain phone. For channel c

    v_p  = a_pc - gamma_c (1 - q_i q_j) + eta (h_ip + h_jp) / 2        messenger p
    v_0  = a_0c                                                         cellular
    Z    = sum exp(v) over what both have;     pi_p = exp(v_p) / Z      multinomial logit

Of messages a share y is sensitive: there - lambda (f_ip + f_jp) / 2 is added, f the fear of being
read on p. What a user can say is its welfare W_i = sum_j w_ij sum_c d_c ln Z.

What either end brings to a tie stands in tie.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    any_bits,
    bits_of,
    floats_of,
    fma,
    gather,
    load,
    maximum,
    number_at,
    prefetch,
    splat,
    store,
    transpose,
    uniform_draws,
    where,
    zeros,
)
from sim.rules.packed_state import ABROAD_BIT, USABLE, VPN_BIT
from sim.rules.records import (
    CALL,
    CELLULAR,
    F32,
    MAX,
    MESSAGE,
    U64,
    Environment,
    Int,
    Record,
    Records,
    Ties,
)
from sim.rules.tie import (
    ABROAD,
    ABROAD_WEIGHT,
    CALL_ROW,
    HELPERS,
    MESSAGE_ROW,
    N_RESULT_ROWS,
    PARTNER,
    REACH,
    SECURE,
    SENSITIVE_ROW,
    TOTAL,
    WELFARE,
    Contacts,
    Terms,
    abroad,
    block_of,
    classes_of,
    load_factors,
    load_lanes,
    logsum,
    own_pairs,
    pair_terms,
    terms,
    tie_factors,
    use_row,
    weights,
)


class Sums(NamedTuple):
    """Sums over the ties of sixteen users; `best` is how well the last tie reaches."""

    welfare: Floats
    helpers: Floats
    alone_message: Floats  # share of communication by cellular
    alone_call: Floats
    reach_message: Floats
    reach_call: Floats
    secure_message: Floats
    secure_call: Floats
    best_message: Floats
    best_call: Floats


class TieSums(NamedTuple):
    """What sixteen users can say on one tie each: sums of exp(v), best qualities."""

    message: Floats
    sensitive: Floats
    call: Floats
    best_message: Floats
    best_call: Floats
    safe_message: Floats  # by messengers that the state cannot read
    safe_call: Floats


@rule
def add_messenger(
    p: Int, said: TieSums, low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms,
    s: F32,
) -> TieSums:  # fmt: skip
    """Add messenger `p` to what can be said."""
    if not offered >> p & 1:
        return said
    has = (low & contacts.low & (1 << p)) != 0
    by = pair_terms(p, has, contacts.pair, pairs, t)
    x, y, v = tie_factors(p, by, contacts, s)
    store(s, block_of(p) + MESSAGE_ROW, x)
    store(s, block_of(p) + SENSITIVE_ROW, y)
    store(s, block_of(p) + CALL_ROW, v)
    q, q_call = by.message_quality, by.call_quality
    safe_message, safe_call = said.safe_message, said.safe_call
    if t.unreadable >> p & 1:
        safe_message, safe_call = maximum(safe_message, q), maximum(safe_call, q_call)
    return TieSums(
        said.message + x, said.sensitive + y, said.call + v,
        maximum(said.best_message, q), maximum(said.best_call, q_call), safe_message, safe_call,
    )  # fmt: skip


@rule
def choose_on_tie(
    low: Ints, offered: int, contacts: Contacts, pairs: F32, sums: Sums, t: Terms, s: F32
) -> Sums:
    """Add one tie of each lane to `sums` and to the use of messengers."""
    offered &= any_bits(low & contacts.low)  # of some, no tie has both ends
    none, out = zeros(), contacts.out_message
    z = TieSums(out, out, contacts.out_call, none, none, none, none)
    # one by one, not in a loop: what depends on the number is known when the code is compiled, and
    # as np.int64, which numba compiles once for all numbers
    z = add_messenger(np.int64(0), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(1), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(2), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(3), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(4), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(5), z, low, offered, contacts, pairs, t, s)
    weight = contacts.weight
    one = weight / (z.message * z.call)  # one division for two
    per_message, per_call = z.call * one * t.ordinary, z.message * one
    per_sensitive = weight * t.sensitive / z.sensitive
    use(offered, per_message, per_sensitive, per_call, s)
    return Sums(
        fma(weight, logsum(z.message, z.sensitive, z.call, t), sums.welfare),
        sums.helpers,
        fma(per_message + per_sensitive, contacts.out_message, sums.alone_message),
        fma(per_call, contacts.out_call, sums.alone_call),
        fma(weight, z.best_message, sums.reach_message),
        fma(weight, z.best_call, sums.reach_call),
        fma(weight, z.safe_message, sums.secure_message),
        fma(weight, z.safe_call, sums.secure_call),
        z.best_message,
        z.best_call,
    )


@rule
def use(
    offered: int, per_message: Floats, per_sensitive: Floats, per_call: Floats, s: F32
) -> None:
    """Add w pi_p of the present tie to the use of the messengers `offered`."""
    for p in range(MAX):
        if offered >> p & 1:
            block, row = block_of(p), use_row(MESSAGE, p)
            message = fma(load(s, block + SENSITIVE_ROW), per_sensitive, load(s, row))
            store(s, row, fma(load(s, block + MESSAGE_ROW), per_message, message))
            row = use_row(CALL, p)
            store(s, row, fma(load(s, block + CALL_ROW), per_call, load(s, row)))


@rule
def communicate(
    first: Int, begin: int, end: int, step_records: Records, base: Int, choice_state: U64,
    ties: Ties, env: Environment, params: Record, key: np.uint64, s: F32,
) -> None:  # fmt: skip
    """Choose on every tie of a slice of users: use, welfare, whom they reach; draw a partner.

    Parameters
    ----------
    first : int
        The slice is ties.order[first : first + 16].
    begin, end : int
        The lanes whose talks are written.
    step_records : STEP_RECORD
        step_records[i - base] is that of user i.
    key : int
        Of the luck that draws partners.
    """
    t, pairs, who = terms(env, params), env.pairs, load(ties.order, first)
    low, high = gather(choice_state, who)
    longest = load_lanes(ties.order, first, high, ties, t, s)
    any_abroad = any_bits(high & ABROAD_BIT) != 0
    offered = any_bits(low & USABLE)
    load_factors(low, high, offered, t, s)
    for row in range(N_RESULT_ROWS):
        store(s, row * WIDTH, zeros())
    mine, tie = own_pairs(low, env.place_class, t), ties.slice_start[first // WIDTH]
    none, partner, drawn = zeros(), who, quantile(key, who, s)
    out_message, out_call = splat(t.out_message), splat(t.out_call)
    helpers, sums = none, Sums(none, none, none, none, none, none, none, none, none, none)
    for r in range(longest + any_abroad):
        if r < longest:
            ids = load(ties.indices, tie + r * WIDTH)
            partner = where(drawn >= ties.rank_total[r], ids, partner)
            prefetch(choice_state, ties.indices, tie + (r + 16) * WIDTH)
            contact_low, contact_high = gather(choice_state, ids)
            pair, weight = mine + classes_of(contact_low, env.place_class, t), weights(r, s, ties)
            contacts = Contacts(contact_low, contact_high, pair, weight, out_message, out_call)
            helpers = helpers + where((contact_low & VPN_BIT) != 0, weight, 0.0)
        else:
            contacts = abroad(low, mine, t, s)
        sums = choose_on_tie(low, offered, contacts, pairs, sums, t, s)
    store_sums(helpers, sums, partner, s)
    transpose(s, 0)
    transpose(s, WIDTH * WIDTH)
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < ties.degree.shape[0]:
            write_step_record(lane, step_records[i - base], s)


@rule
def quantile(key: np.uint64, who: Ints, s: F32) -> Floats:
    """Draw where among their weighted ties users find the contact they really talk with.

    Negative for who has none.
    """
    total = load(s, TOTAL * WIDTH)
    return where(total > 0.0, uniform_draws(key, who) * total, -1.0)


@rule
def store_sums(helpers: Floats, sums: Sums, partner: Ints, s: F32) -> None:
    """Write what is told of users to its rows."""
    store(s, HELPERS * WIDTH, helpers)
    store(s, WELFARE * WIDTH, sums.welfare)
    store(s, use_row(MESSAGE, CELLULAR), sums.alone_message)
    store(s, use_row(CALL, CELLULAR), sums.alone_call)
    store(s, (REACH + MESSAGE) * WIDTH, sums.reach_message)
    store(s, (REACH + CALL) * WIDTH, sums.reach_call)
    store(s, (SECURE + MESSAGE) * WIDTH, sums.secure_message)
    store(s, (SECURE + CALL) * WIDTH, sums.secure_call)
    lives_abroad = load(s, ABROAD_WEIGHT * WIDTH) > 0.0  # the last tie was with somebody there
    store(s, (ABROAD + MESSAGE) * WIDTH, where(lives_abroad, sums.best_message, 0.0))
    store(s, (ABROAD + CALL) * WIDTH, where(lives_abroad, sums.best_call, 0.0))
    store(s, PARTNER * WIDTH, floats_of(partner))


@rule
def write_step_record(lane: Int, step_record: Record, s: F32) -> None:
    """Write what is told of one lane to the talk of its user."""
    told, more = load(s, lane * WIDTH), load(s, (WIDTH + lane) * WIDTH)
    for c in range(2):
        for p in range(MAX + 1):
            step_record.use[c, p] = number_at(told, use_row(c, p) // WIDTH)
    step_record.welfare, step_record.helpers = number_at(told, WELFARE), number_at(told, HELPERS)
    for c in range(2):
        step_record.reachable[c] = number_at(more, REACH + c - WIDTH)
    for c in range(2):
        step_record.secure[c] = number_at(more, SECURE + c - WIDTH)
    for c in range(2):
        step_record.abroad[c] = number_at(more, ABROAD + c - WIDTH)
    step_record.partner = number_at(bits_of(more), PARTNER - WIDTH)
