"""Marginal values: what a messenger or a VPN adds to welfare (docs/model.md, 2.4 and 2.9).

The marginal value of messenger p to user i, whether or not i has it, is

    dW_ip = W_i(with p) - W_i(without p)          [logsum, see choice.py]

Queries of many users are queued and evaluated sixteen at a time. They are sorted by degree first:
sixteen users take as long as the one of them with most ties.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.bits import contains, first, only, without_first
from sim.kernel.compiled import rule, rule_apart
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    fma,
    gather_rows,
    load,
    splat,
    store,
    zeros,
)
from sim.rules.contact import tie_at
from sim.rules.packed_lanes import any_abroad, both_have, had_by_any
from sim.rules.packed_state import (
    VPN_BIT,
    high_half,
    low_half,
    place,
    usable,
    with_flipped,
)
from sim.rules.place import has_vpn
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
    contacts_in,
    load_abroad,
    load_contacts,
    load_factors,
    load_lanes,
    load_tables,
    load_tile,
    logsum,
    own_low,
    own_pairs,
    pair_terms,
    shared,
    terms,
    tie_factors,
    weights,
)
from sim.rules.tiles import part, tile_of, tiles, words_of

VPN_QUERY, NO_MESSENGER = 62, 63  # target of a query about a VPN, and of none: no messengers
N_DEGREES = 64  # classes by which queries are sorted; the last holds all larger degrees


class ValueQueries(NamedTuple):
    """Users of a block who reconsider something, and the queue of their queries."""

    n_revising: I64  # (1,) number of users who reconsider messengers
    revising: U32  # (n users,) these users
    n_considering: I64  # (1,) number of users who may reconsider a VPN
    considering: U32  # (n users,) these users
    n: I64  # (1,) number of queries
    who: U32  # (n queries,) the user
    low: U32  # (B, n queries) halves of the choice states whose welfare is wanted, by tile
    high: U32
    target: I32  # (n queries,) messenger, or VPN_QUERY
    order: I32  # (n queries,) the queries sorted by degree
    begin: I64  # (N_DEGREES,) where the queries of a degree begin in `order`
    lanes: U32  # (3 x 16,) users, low and high halves of the sixteen queries evaluated together
    start: I64  # (16,) where their ties begin
    welfare: F32  # (n queries,) the results, in the order of `order`


def value_queries(n_users: int, n_tiles: int = 1) -> ValueQueries:
    """Return an empty queue for blocks of up to `n_users` users."""
    n = n_users * (MAX * n_tiles + 1) + WIDTH
    return ValueQueries(
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n, np.uint32), np.zeros((n_tiles, n), np.uint32),
        np.zeros((n_tiles, n), np.uint32), np.zeros(n, np.int32), np.zeros(n, np.int32),
        np.zeros(N_DEGREES, np.int64), np.zeros(3 * WIDTH, np.uint32), np.zeros(WIDTH, np.int64),
        np.zeros(n, np.float32),
    )  # fmt: skip


@rule
def enqueue(
    i: Int, choice_state: U64, messengers: Int, others: Int, target: Int, params: Record,
    queries: ValueQueries,
) -> None:  # fmt: skip
    """Append a query: the welfare of user `i` with some bits of its choice states flipped.

    Parameters
    ----------
    messengers, others : int
        Set of messengers, and other bits of each state, that are flipped.
    """
    k, n_tiles = queries.n[0], tiles(params)
    queries.who[k], queries.target[k] = i, target
    write_query(k, choice_state[i], part(messengers, 0) | others, np.int64(0), queries)
    for o in range(1, n_tiles):
        packed = words_of(choice_state, o, n_tiles)[i]
        write_query(k, packed, part(messengers, o) | others, o, queries)
    queries.n[0] = k + 1


@rule
def write_query(k: Int, packed: np.uint64, flipped: Int, o: Int, queries: ValueQueries) -> None:
    """Write the choice state of tile `o` whose welfare is wanted, with some bits flipped."""
    hypothetical = with_flipped(packed, flipped)
    queries.low[o, k], queries.high[o, k] = low_half(hypothetical), high_half(hypothetical)


@rule
def enqueue_messenger(
    i: Int, choice_state: U64, p: Int, params: Record, queries: ValueQueries
) -> None:
    """Append a query about messenger `p` for user `i`."""
    enqueue(i, choice_state, only(p), 0, p, params, queries)


@rule
def enqueue_vpn(i: Int, choice_state: U64, params: Record, queries: ValueQueries) -> None:
    """Append a query about a VPN for user `i`."""
    enqueue(i, choice_state, 0, VPN_BIT, VPN_QUERY, params, queries)


@rule
def enqueue_values(
    i: Int, choice_state: U64, messengers: Int, params: Record, queries: ValueQueries
) -> None:
    """Append queries about a set of messengers for user `i`.

    Most users have one query: it is appended without a branch, and removed if the set is empty.
    """
    first_one = first(messengers | only(NO_MESSENGER))
    enqueue_messenger(i, choice_state, first_one, params, queries)
    queries.n[0] -= messengers == 0
    left = without_first(messengers)
    while left:
        p, left = first(left), without_first(left)
        enqueue_messenger(i, choice_state, p, params, queries)


@rule
def evaluate(
    users: Records, step_records: Records, base: Int, choice_state: U64, ties: Ties,
    env: Environment, params: Record, queries: ValueQueries, memory: F32,
) -> None:  # fmt: skip
    """Evaluate all queries: write marginal values, and the gain by a VPN, to the step records."""
    n, n_tiles = queries.n[0], tiles(params)
    sort_by_degree(ties, queries)
    for at in range(0, n, WIDTH):
        welfare = hypothetical_welfare(at, users, choice_state, ties, env, params, queries, memory)
        store(queries.welfare, at, welfare)
    for at in range(n):
        k = queries.order[at]
        i, target = np.int64(queries.who[k]), queries.target[k]
        step_record = step_records[i - base]
        gain = queries.welfare[at] - step_record.welfare
        if target == VPN_QUERY:
            packed = words_of(choice_state, 0, n_tiles)[i]
            step_record.vpn_gain = -gain if has_vpn(place(packed)) else gain
        else:
            o = tile_of(target) if n_tiles > 1 else np.int64(0)
            has = contains(usable(words_of(choice_state, o, n_tiles)[i]), target - MAX * o)
            step_record.value[target] = -gain if has else gain
    queries.n[0] = 0


@rule
def sort_by_degree(ties: Ties, queries: ValueQueries) -> None:
    """Sort the queries by the degree of their users, and fill up the last sixteen by no user's."""
    n, no_user = queries.n[0], ties.degree.shape[0]
    queries.begin[:] = 0
    for k in range(n):
        queries.begin[degree_class(np.int64(queries.who[k]), ties)] += 1
    n_before = 0
    for d in range(N_DEGREES):
        n_before += queries.begin[d]
        queries.begin[d] = n_before - queries.begin[d]
    for k in range(n):
        degree = degree_class(np.int64(queries.who[k]), ties)
        queries.order[queries.begin[degree]] = k
        queries.begin[degree] += 1
    for k in range(n, n + WIDTH):
        queries.order[k], queries.who[k] = k, no_user


@rule
def degree_class(i: Int, ties: Ties) -> np.int64:
    """Return the degree of user `i`; the last class holds all larger degrees."""
    return np.int64(min(int(ties.degree[i]), N_DEGREES - 1))


@rule
def hypothetical_welfare(
    at: Int, users: Records, choice_state: U64, ties: Ties, env: Environment, params: Record,
    queries: ValueQueries, memory: F32,
) -> Floats:  # fmt: skip
    """Return the welfare of sixteen users with the choice states of their queries [utils].

    Parameters
    ----------
    at : int
        The queries are queries.order[at : at + 16].
    """
    t, pairs = terms(env, params), env.pairs
    states = words_of(choice_state, 0, t.n_tiles)
    for lane in range(WIDTH):
        i = np.int64(queries.who[queries.order[at + lane]])
        queries.start[lane] = tie_at(ties, i, 0) if i < ties.seat.shape[0] else 0
        queries.lanes[lane] = i
    low, high = queried(at, queries, 0)
    n_ranks = load_lanes(queries.lanes, np.int64(0), high, users, ties, t, memory)
    goes_abroad = any_abroad(high)
    offered = had_by_any(low)
    load_tables(t, memory)
    load_factors(low, high, offered, t, memory)
    for o in range(1, t.n_tiles):
        own, own_high = queried(at, queries, o)
        offered = load_tile(own, own_high, offered, t, memory, o)
    mine, welfare = own_pairs(low, env.place_class, t), zeros()
    out_message, out_call = splat(t.out_message), splat(t.out_call)
    for r in range(n_ranks + goes_abroad):
        if r < n_ranks:
            other_low, other_high = gather_rows(states, ties.indices, queries.start, r * WIDTH)
            for o in range(1, t.n_tiles):
                more = words_of(choice_state, o, t.n_tiles)
                theirs = gather_rows(more, ties.indices, queries.start, r * WIDTH)
                load_contacts(theirs[0], theirs[1], memory, o)
            pair = mine + classes_of(other_low, env.place_class, t)
            weight = weights(r, memory, ties)
            contacts = Contacts(other_low, other_high, pair, weight, out_message, out_call)
        else:
            contacts = abroad(low, mine, t, memory)
            load_abroad(low, params, t, memory)
        on_tie = logsum_on_tie(low, offered, contacts, pairs, t, memory)
        welfare = fma(contacts.weight, on_tie, welfare)
    return welfare


@rule
def queried(at: Int, queries: ValueQueries, o: Int) -> tuple[Ints, Ints]:
    """Return the halves of the choice states of tile `o` of sixteen queries."""
    for lane in range(WIDTH):
        k = queries.order[at + lane]
        queries.lanes[WIDTH + lane] = queries.low[o, k]
        queries.lanes[2 * WIDTH + lane] = queries.high[o, k]
    return load(queries.lanes, WIDTH), load(queries.lanes, 2 * WIDTH)


class TieSums(NamedTuple):
    """Of one tie each of sixteen users: sums of exp(v) over what both ends have."""

    message: Floats
    sensitive: Floats
    call: Floats


@rule
def add_messenger(
    p: Int, z: TieSums, low: Ints, offered: Int, contacts: Contacts, pairs: F32, t: Terms,
    memory: F32, o: Int = 0,
) -> TieSums:  # fmt: skip
    """Add exp(v_p) of messenger `p` of tile `o` to the sums of the tie."""
    if not contains(offered, MAX * o + p):
        return z
    has = both_have(low, contacts.low, p)
    by_place = pair_terms(MAX * o + p, has, contacts.pair, pairs, t)
    message, sensitive, call = tie_factors(p, by_place, contacts, memory, o)
    return TieSums(z.message + message, z.sensitive + sensitive, z.call + call)


@rule_apart
def add_tiles(
    z: TieSums, offered: Int, contacts: Contacts, pairs: F32, t: Terms, memory: F32
) -> TieSums:
    """Add the messengers of all tiles but the first to the sums of the tie."""
    for o in range(1, t.n_tiles):
        low, theirs = own_low(memory, o), contacts_in(o, contacts, memory)
        for p in range(MAX):
            z = add_messenger(p, z, low, offered, theirs, pairs, t, memory, o)
    return z


@rule
def logsum_on_tie(
    low: Ints, offered: Int, contacts: Contacts, pairs: F32, t: Terms, memory: F32
) -> Floats:
    """Return sum_c d_c ln Z_c of one tie of each lane [utils]."""
    offered = shared(low, offered, contacts, t, memory)
    z = TieSums(contacts.out_message, contacts.out_message, contacts.out_call)
    # written out instead of looped: see choice.py
    z = add_messenger(np.int64(0), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(1), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(2), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(3), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(4), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(5), z, low, offered, contacts, pairs, t, memory)
    if t.n_tiles > 1:
        z = add_tiles(z, offered, contacts, pairs, t, memory)
    return logsum(z.message, z.sensitive, z.call, t, memory)
