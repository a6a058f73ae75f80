"""What a user could say with a messenger more or less, or a VPN (docs/model.md, 2.4 and 2.9).

The marginal value of messenger p to user i, whether or not i has it, is what p adds,

    dW_ip = W_i(with p) - W_i(without p)          (choice.py)

Questions of many users wait side by side and are answered sixteen at a time: those of users with
about as many ties together, since all sixteen wait for the longest row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec8 import lowest
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    any_bits,
    fma,
    gather_rows,
    load,
    splat,
    store,
    zeros,
)
from sim.rules.contact import tie_at
from sim.rules.packed_state import ABROAD_BIT, USABLE, VPN_BIT, usable
from sim.rules.records import (
    F32,
    I32,
    I64,
    MAX,
    U32,
    U64,
    Environment,
    Int,
    Record,
    Records,
    Ties,
)
from sim.rules.tie import (
    Contacts,
    Terms,
    abroad,
    classes_of,
    load_factors,
    load_lanes,
    logsum,
    own_pairs,
    pair_terms,
    terms,
    tie_factors,
    weights,
)

VPN_QUERY = MAX  # asked of a VPN where others ask of a messenger
MAX_QUERIES = MAX + 1  # questions of a user
LOW_HALF = (1 << 32) - 1
NOBODY = 1 << 8
N_DEGREES = 64  # told apart when questions line up; the last are all larger ones


class ValueQueries(NamedTuple):
    """Users who ask, the words they wonder about, and the answers; all (n questions,)."""

    n_revising: I64  # (1,) how many users of the block reconsider something
    revising: U32  # (n users,) these
    n_considering: I64  # (1,) how many may reconsider a VPN
    considering: U32  # (n users,) these
    n: I64  # (1,) how many questions wait
    who: U32
    low: U32  # half of the word
    high: U32
    target: I32  # messenger, or VPN_QUERY
    order: I32  # the questions in the order of answers
    begin: I64  # where in line those of users of a degree begin, (N_DEGREES,)
    lanes: U32  # users, low and high halves of those answered together, (3 x 16,)
    start: I64  # of their ties, (16,)
    welfare: F32  # answer, in line


def value_queries(n_users: int) -> ValueQueries:
    """Return room for the questions of `n_users`."""
    n = n_users * MAX_QUERIES + WIDTH
    return ValueQueries(
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n, np.uint32), np.zeros(n, np.uint32),
        np.zeros(n, np.uint32), np.zeros(n, np.int32), np.zeros(n, np.int32),
        np.zeros(N_DEGREES, np.int64), np.zeros(3 * WIDTH, np.uint32), np.zeros(WIDTH, np.int64),
        np.zeros(n, np.float32),
    )  # fmt: skip


@rule
def enqueue(i: Int, packed: np.uint64, flipped: Int, target: Int, queries: ValueQueries) -> None:
    """Let user `i` ask what it could say with the bits `flipped` in its word."""
    k = queries.n[0]
    queries.who[k], queries.target[k] = i, target
    queries.low[k] = np.uint32((np.int64(packed) ^ flipped) & LOW_HALF)
    queries.high[k] = np.uint32(np.uint64(packed) >> np.uint64(32))
    queries.n[0] = k + 1


@rule
def enqueue_values(i: Int, packed: np.uint64, messengers: Int, queries: ValueQueries) -> None:
    """Let user `i` ask what each of the bits `messengers` adds."""
    p, left = lowest(messengers | NOBODY), messengers & (messengers - 1)
    enqueue(i, packed, 1 << p, p, queries)
    queries.n[0] -= messengers == 0
    while left:  # hardly anybody asks twice
        p = lowest(left)
        left &= left - 1
        enqueue(i, packed, 1 << p, p, queries)


@rule
def evaluate(
    step_records: Records, base: Int, choice_state: U64, ties: Ties, env: Environment,
    params: Record, queries: ValueQueries, s: F32,
) -> None:  # fmt: skip
    """Answer all questions: write marginal values, and what a VPN adds, to the talks."""
    n = queries.n[0]
    sort_by_degree(ties, queries)
    for first in range(0, n, WIDTH):
        store(
            queries.welfare, first,
            hypothetical_welfare(first, choice_state, ties, env, params, queries, s),
        )  # fmt: skip
    for at in range(n):
        k = queries.order[at]
        i, target = np.int64(queries.who[k]), queries.target[k]
        packed, step_record = choice_state[i], step_records[i - base]
        gain = queries.welfare[at] - step_record.welfare
        if target == VPN_QUERY:
            step_record.vpn_gain = -gain if np.int64(packed) & VPN_BIT else gain
        else:
            step_record.value[target] = -gain if usable(packed) >> target & 1 else gain
    queries.n[0] = 0


@rule
def sort_by_degree(ties: Ties, queries: ValueQueries) -> None:
    """Line up the questions by the degree of who asks, up to a multiple of sixteen by nobody's."""
    n, nobody = queries.n[0], ties.degree.shape[0]
    queries.begin[:] = 0
    for k in range(n):
        queries.begin[degree_class(np.int64(queries.who[k]), ties)] += 1
    waiting = 0
    for d in range(N_DEGREES):
        waiting += queries.begin[d]
        queries.begin[d] = waiting - queries.begin[d]
    for k in range(n):
        kind = degree_class(np.int64(queries.who[k]), ties)
        queries.order[queries.begin[kind]] = k
        queries.begin[kind] += 1
    for k in range(n, n + WIDTH):
        queries.order[k], queries.who[k] = k, nobody


@rule
def degree_class(i: Int, ties: Ties) -> np.int64:
    """Return the degree of user `i`, the largest ones taken together."""
    return np.int64(min(int(ties.degree[i]), N_DEGREES - 1))


@rule
def hypothetical_welfare(
    first: Int, choice_state: U64, ties: Ties, env: Environment, params: Record,
    queries: ValueQueries, s: F32,
) -> Floats:  # fmt: skip
    """Return the welfare of sixteen users if their words were those asked of [utils]."""
    t, pairs = terms(env, params), env.pairs
    for lane in range(WIDTH):
        k = queries.order[first + lane]
        i = np.int64(queries.who[k])
        queries.start[lane] = tie_at(ties, i, 0) if i < ties.seat.shape[0] else 0
        queries.lanes[lane], queries.lanes[WIDTH + lane] = i, queries.low[k]
        queries.lanes[2 * WIDTH + lane] = queries.high[k]
    low, high = load(queries.lanes, WIDTH), load(queries.lanes, 2 * WIDTH)
    longest = load_lanes(queries.lanes, np.int64(0), high, ties, t, s)
    any_abroad = any_bits(high & ABROAD_BIT) != 0
    offered = any_bits(low & USABLE)
    load_factors(low, high, offered, t, s)
    mine, welfare = own_pairs(low, env.place_class, t), zeros()
    out_message, out_call = splat(t.out_message), splat(t.out_call)
    for r in range(longest + any_abroad):
        if r < longest:
            contact_low, contact_high = gather_rows(
                choice_state, ties.indices, queries.start, r * WIDTH
            )
            pair, weight = mine + classes_of(contact_low, env.place_class, t), weights(r, s, ties)
            contacts = Contacts(contact_low, contact_high, pair, weight, out_message, out_call)
        else:
            contacts = abroad(low, mine, t, s)
        said = logsum_on_tie(low, offered, contacts, pairs, t, s)
        welfare = fma(contacts.weight, said, welfare)
    return welfare


class Sums(NamedTuple):
    """Sums of exp(v) over what sixteen users share with one contact each."""

    message: Floats
    sensitive: Floats
    call: Floats


@rule
def add_messenger(
    p: Int, z: Sums, low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms, s: F32
) -> Sums:
    """Add messenger `p` to the sums."""
    if not offered >> p & 1:
        return z
    has = (low & contacts.low & (1 << p)) != 0
    by = pair_terms(p, has, contacts.pair, pairs, t)
    x, y, v = tie_factors(p, by, contacts, s)
    return Sums(z.message + x, z.sensitive + y, z.call + v)


@rule
def logsum_on_tie(
    low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms, s: F32
) -> Floats:
    """Return what can be said to one contact of each lane [utils]."""
    offered &= any_bits(low & contacts.low)  # see choice.py
    z = Sums(contacts.out_message, contacts.out_message, contacts.out_call)
    # one by one: see choice.py
    z = add_messenger(np.int64(0), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(1), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(2), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(3), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(4), z, low, offered, contacts, pairs, t, s)
    z = add_messenger(np.int64(5), z, low, offered, contacts, pairs, t, s)
    return logsum(z.message, z.sensitive, z.call, t)
