"""Sixteen users, and a contact of each, in lanes and working memory (docs/model.md, 2.3).

tie.py has the terms of the choice on their ties; choice_memory.py says where the rows are.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, I32, U32, Int
from sim.kernel.bits import contains
from sim.kernel.compiled import rule, rule_apart
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    bits_of,
    floats_of,
    load,
    pick_of,
    splat,
    store,
    unlikely,
    where,
)
from sim.rules.choice_memory import (
    ABROAD_WEIGHT,
    CALL_SHARE,
    DEGREE,
    FEAR_ROW,
    FEAR_TABLE,
    HABIT_ROW,
    HABIT_TABLE,
    SCALE,
    TOTAL,
    block_of,
    contact_row,
    own_row,
)
from sim.rules.networks import Ties
from sim.rules.packed_lanes import (
    fear_factor,
    habit_factor,
    had_by_any,
    have_abroad,
    places,
    shared_by_any,
    store_fear_factors,
    store_habit_factors,
    vpn_bits,
)
from sim.rules.records import MAX, Record, Records
from sim.rules.tie import Contacts, Terms
from sim.rules.tiles import part, whole


@rule
def load_lanes(
    ids: U32, at: Int, high: Ints, users: Records, ties: Ties, t: Terms, memory: F32
) -> Int:
    """Write degrees, weights and shares of calls of the users ids[at:] to the lanes.

    Return their largest degree. A lane without a user has no ties.

    Parameters
    ----------
    high : Ints
        High halves of the choice states of the users.
    """
    max_degree = np.int64(0)
    for lane in range(WIDTH):
        degree, calls, i = np.int64(0), np.float32(0.0), np.int64(ids[at + lane])
        if i < ties.degree.shape[0]:
            degree, calls = np.int64(ties.degree[i]), np.float32(users[i].call_share)
        memory[CALL_SHARE * WIDTH + lane] = calls
        memory[DEGREE * WIDTH + lane] = degree
        memory[TOTAL * WIDTH + lane] = ties.rank_total[degree]
        max_degree = max(max_degree, degree)
    has_abroad = have_abroad(high)
    has_ties = load(memory, DEGREE * WIDTH) > 0
    share = where(has_abroad, 1.0 - t.abroad_weight, splat(np.float32(1.0)))
    total = where(has_ties, load(memory, TOTAL * WIDTH), 1.0)
    store(memory, SCALE * WIDTH, where(has_ties, share / total, 0.0))
    store(memory, ABROAD_WEIGHT * WIDTH, where(has_abroad, splat(t.abroad_weight), 0.0))
    return max_degree


@rule
def classes_of(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return the classes of the places of users."""
    if unlikely(t.regional != 0):
        return regional_classes(low, place_class, t.n_places)
    return vpn_bits(low) & t.vpn_class


@rule_apart
def regional_classes(low: Ints, place_class: I32, n_places: Int) -> Ints:
    """Return `classes_of` users where regions differ."""
    return pick_of(place_class, 0, places(low), n_places)


@rule
def own_pairs(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return K times the classes of users' own places, by additions: lanes cannot multiply."""
    pairs, mine = low & 0, classes_of(low, place_class, t)
    for _ in range(t.n_classes):
        pairs = pairs + mine
    return pairs


@rule
def load_factors(low: Ints, high: Ints, offered: Int, t: Terms, memory: F32, o: Int = 0) -> None:
    """Write the users' own factors for the messengers `offered` of tile `o`."""
    for p in range(MAX):
        if contains(offered, p):
            block = block_of(p, o)
            store(memory, block + HABIT_ROW, habit_factor(high, p, t.habit))
            store(memory, block + FEAR_ROW, fear_factor(low, p, t.fear))


@rule
def load_tables(t: Terms, memory: F32) -> None:
    """Write tables of any contact's factors, by level of habit and fear."""
    store_habit_factors(memory, HABIT_TABLE, t.habit)
    store_fear_factors(memory, FEAR_TABLE, t.fear)


@rule
def load_tile(low: Ints, high: Ints, offered: Int, t: Terms, memory: F32, o: Int) -> np.int64:
    """Load the choice states of users of tile `o`, not the first; return `offered` and theirs."""
    own = had_by_any(low)
    store(memory, own_row(o), floats_of(low))
    load_factors(low, high, own, t, memory, o)
    return np.int64(offered | whole(own, o))


@rule
def load_contacts(low: Ints, high: Ints, memory: F32, o: Int) -> None:
    """Load the choice states of contacts of tile `o`, not the first."""
    store(memory, contact_row(o), floats_of(low))
    store(memory, contact_row(o) + WIDTH, floats_of(high))


@rule
def load_abroad(low: Ints, params: Record, t: Terms, memory: F32) -> None:
    """Load the choice states of contacts abroad of all tiles but the first."""
    zero = low & 0
    for o in range(1, t.n_tiles):
        load_contacts(zero | params.abroad_low[o], zero | params.abroad_high[o], memory, o)


@rule
def own_low(memory: F32, o: Int) -> Ints:
    """Return the low halves of the users' choice states of tile `o`, not the first."""
    return bits_of(load(memory, own_row(o)))


@rule
def contacts_in(o: Int, contacts: Contacts, memory: F32) -> Contacts:
    """Return the same contacts with their choice states of tile `o`, not the first."""
    return Contacts(
        bits_of(load(memory, contact_row(o))), bits_of(load(memory, contact_row(o) + WIDTH)),
        contacts.pair, contacts.weight, contacts.out_message, contacts.out_call,
    )  # fmt: skip


@rule
def shared(low: Ints, offered: Int, contacts: Contacts, t: Terms, memory: F32) -> np.int64:
    """Return those of the messengers `offered` that any user shares with its contact."""
    found = shared_by_any(part(offered, 0), low, contacts.low)
    for o in range(1, t.n_tiles):
        theirs = contacts_in(o, contacts, memory)
        found |= whole(shared_by_any(part(offered, o), own_low(memory, o), theirs.low), o)
    return found


@rule
def weights(r: int, memory: F32, ties: Ties) -> Floats:
    """Return the weights w_ij of the ties at rank `r` (from 0); 0 for users with fewer ties."""
    is_tie = load(memory, DEGREE * WIDTH) > r
    return where(is_tie, load(memory, SCALE * WIDTH) * ties.rank_weight[r], 0.0)


@rule
def abroad(low: Ints, mine: Ints, t: Terms, memory: F32) -> Contacts:
    """Return the contacts abroad of users; of weight 0 for users who have none.

    Parameters
    ----------
    mine : Ints
        `own_pairs` of the users.
    """
    zero = low & 0
    return Contacts(
        zero | t.abroad_low, zero | t.abroad_high, mine + t.abroad_class,
        load(memory, ABROAD_WEIGHT * WIDTH), splat(t.abroad_message), splat(t.abroad_call),
    )  # fmt: skip
