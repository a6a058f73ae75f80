"""Marginal values: what a messenger or a VPN adds to welfare (docs/model.md, 2.4 and 2.9).

The marginal value of messenger p to user i, whether or not i has it, is

    dW_ip = W_i(with p) - W_i(without p)          [logsum, see choice.py]

Queries of many users are queued (value_queries.py) and evaluated sixteen at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import F32, U64, Int
from sim.kernel.bits import contains
from sim.kernel.compiled import rule, rule_apart
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    fma,
    gather_rows,
    splat,
    store,
    zeros,
)
from sim.rules.contact import tie_at
from sim.rules.networks import Ties
from sim.rules.packed_lanes import any_abroad, both_have, had_by_any
from sim.rules.packed_state import (
    place,
    usable,
)
from sim.rules.place import has_vpn
from sim.rules.records import MAX, Environment, Record, Records
from sim.rules.tie import Contacts, Terms, logsum, pair_terms, terms, tie_factors
from sim.rules.tie_lanes import (
    abroad,
    classes_of,
    contacts_in,
    load_abroad,
    load_contacts,
    load_factors,
    load_lanes,
    load_tables,
    load_tile,
    own_low,
    own_pairs,
    shared,
    weights,
)
from sim.rules.tiles import tile_of, tiles, words_of
from sim.rules.value_queries import VPN_QUERY, ValueQueries, queried, sort_by_degree


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
