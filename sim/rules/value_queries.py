"""The queue of users whose welfare with another choice state is wanted (docs/model.md, 2.4).

marginal_value.py evaluates it sixteen queries at a time. They are sorted by degree first: sixteen
users take as long as the one of them with most ties.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import F32, I32, I64, U32, U64, Int
from sim.kernel.bits import first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.vec16 import WIDTH, Ints, load
from sim.rules.networks import Ties
from sim.rules.packed_state import VPN_BIT, high_half, low_half, with_flipped
from sim.rules.records import MAX, Record
from sim.rules.tiles import part, tiles, words_of

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
def queried(at: Int, queries: ValueQueries, o: Int) -> tuple[Ints, Ints]:
    """Return the halves of the choice states of tile `o` of sixteen queries."""
    for lane in range(WIDTH):
        k = queries.order[at + lane]
        queries.lanes[WIDTH + lane] = queries.low[o, k]
        queries.lanes[2 * WIDTH + lane] = queries.high[o, k]
    return load(queries.lanes, WIDTH), load(queries.lanes, 2 * WIDTH)
