"""Weak ties: stubs all over the country, paired along noisy ages, some of them at random.

Instead of sorting, stubs are counted into months of noisy age, shuffled inside a month and paired
one after another; the last stub of a month may be paired with the first of the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import inverse_cdfs, rng
from sim.kernel.arrays import I64, U8, U16, U32
from sim.kernel.compiled import jit_loop
from sim.kernel.parallel_map import each, ranges, stream
from sim.population.affiliations import in_order, shuffle
from sim.population.ages import FIRST_AGE
from sim.population.recipe import (
    AGE_SPAN,
    MAX_SEATS,
    N_MONTHS,
    SHARE_RANDOM,
    STUBS,
    WEAK_NOISE,
    Recipe,
    activity,
    age_sought,
    month,
    seats,
)
from sim.population.rows import CHUNK

_MONTHS_TOGETHER = 16


class WeakTies(NamedTuple):
    """Partners of all stubs; a user's stubs follow each other, chunks of users as well.

    The partner of a stub of month m in chunk c stands at place[c, m] for the first such stub, in
    the order of users, and one further for each next.
    """

    stubs: U16  # (n,) of a user
    start: I64  # (n_chunks + 1,) first stub of a chunk
    month: U16  # (n_stubs,) of noisy age
    place: I64  # (n_chunks, N_MONTHS)
    partner: U32  # (n_stubs,) users; an unpaired stub has its own user


def pair_stubs(age: U8, recipe: Recipe, n_threads: int | None = None) -> WeakTies:
    """Draw every user's stubs and pair them."""
    chunks = ranges(age.size, CHUNK)
    count = np.empty(age.size, np.uint16)
    sums = stream(lambda chunk: count_stubs(*chunk, age, recipe, count), chunks, n_threads)
    start = np.concatenate([[0], np.cumsum(list(sums), dtype=np.int64)])
    months = np.empty(start[-1], np.uint16)
    in_month = np.zeros((len(chunks), N_MONTHS), np.int64)

    def mark(c: int) -> None:
        mark_months(*chunks[c], start[c], age, recipe, count, months, in_month[c])

    each(mark, range(len(chunks)), n_threads)
    ends = np.concatenate([[0], np.cumsum(in_month.sum(axis=0))])
    place = ends[:-1] + np.cumsum(in_month, axis=0) - in_month
    partner = np.empty(start[-1], np.uint32)

    def sort(c: int) -> None:
        place_stubs(*chunks[c], start[c], count, months, place[c], partner)

    each(sort, range(len(chunks)), n_threads)
    head, tail = np.full(N_MONTHS, -1), np.full(N_MONTHS, -1)

    def pair(some: tuple[int, int]) -> None:
        pair_months(*some, ends, recipe.pairing_key, partner, head, tail)

    each(pair, ranges(N_MONTHS, _MONTHS_TOGETHER), n_threads)
    _pair_left(head, tail, partner)
    return WeakTies(count, start, months, place, partner)


@jit_loop
def count_stubs(first: int, last: int, age: U8, recipe: Recipe, count: U16) -> int:
    """Write the number of stubs of the users `first` to `last` - 1; return their sum."""
    total = 0
    for user in range(first, last):
        drawn = seats(STUBS * activity(user, age, recipe), recipe.stubs_key, user)
        count[user] = drawn
        total += drawn
    return total


@jit_loop
def mark_months(
    first: int, last: int, stub: int, age: U8, recipe: Recipe, count: U16, months: U16,
    in_month: I64,
) -> None:  # fmt: skip
    """Write the month of each stub of a chunk, the first of which is `stub`; count by month."""
    for user in range(first, last):
        sought = age_sought(user, age, recipe)
        for seat in range(count[user]):
            quantile = rng.uniform(recipe.random_key, user * MAX_SEATS + seat)
            if quantile < SHARE_RANDOM:
                m = month(FIRST_AGE + AGE_SPAN * quantile / SHARE_RANDOM)
            else:
                u = rng.uniform(recipe.weak_key, user * MAX_SEATS + seat)
                m = month(sought + inverse_cdfs.laplace(WEAK_NOISE, u))
            months[stub] = m
            in_month[m] += 1
            stub += 1


@jit_loop
def place_stubs(
    first: int, last: int, stub: int, count: U16, months: U16, place: I64, partner: U32
) -> None:
    """Write the user of each stub of a chunk to the stub's place in its month."""
    free = place.copy()
    for user in range(first, last):
        for _ in range(count[user]):
            partner[free[months[stub]]] = user
            free[months[stub]] += 1
            stub += 1


@jit_loop
def pair_months(
    first: int, last: int, ends: I64, key: np.uint64, partner: U32, head: I64, tail: I64
) -> None:
    """Pair the stubs of each month in a random order: both take the other's user.

    All months in a row are paired: one that starts at an odd place leaves its `head` to the stub
    left before it, one that ends at an odd place leaves its `tail`.
    """
    for m in range(first, last):
        begin, size = ends[m], ends[m + 1] - ends[m]
        order = in_order(size)
        shuffle(order, rng.step_key(key, m))
        odd = begin & 1
        if odd and size > 0:
            head[m] = begin + np.int64(order[0])
        if (size - odd) & 1 and size > 0:
            tail[m] = begin + np.int64(order[size - 1])
        for k in range(odd, size - 1, 2):
            a, b = begin + np.int64(order[k]), begin + np.int64(order[k + 1])
            partner[a], partner[b] = partner[b], partner[a]


def _pair_left(head: I64, tail: I64, partner: U32) -> None:
    """Pair what months have left over."""
    left = -1
    for m in range(head.size):
        if head[m] >= 0:
            partner[left], partner[head[m]] = partner[head[m]], partner[left]
        if tail[m] >= 0:
            left = tail[m]
