"""Ties inside a district: each layer cuts an ordered list of members into groups."""

from __future__ import annotations

import numpy as np

from sim.kernel import inverse_cdfs, rng
from sim.kernel.arrays import I64, U8, U32, Int
from sim.kernel.compiled import jit_loop
from sim.population.recipe import (
    CIRCLES,
    FRIENDS_NOISE,
    MAX_SEATS,
    N_MONTHS,
    PUPIL_UNTIL,
    SHARE_WORKING,
    WORKER_UNTIL,
    Groups,
    Recipe,
    activity,
    age_sought,
    month,
    seats,
)


@jit_loop
def district_ties(
    district: int, first: int, last: int, age: U8, recipe: Recipe
) -> tuple[U32, U32, I64]:
    """Tie the users `first` to `last` - 1 of a district.

    Returns
    -------
    source, target
        Ends of the ties, numbers inside the district, layer by layer; pairs may come twice.
    end
        Ties in layers 0 to l: households, kin, school or work, friends; shape (4,).
    """
    everybody = in_order(last - first)
    pupils = _pupils(district, first, last, age, recipe)
    workers = _workers(district, first, last, age, recipe)
    friends = _friends(first, last, age, recipe)
    room = (
        _most_ties(everybody, recipe.household) + _most_ties(everybody, recipe.kin)
        + _most_ties(pupils, recipe.school) + _most_ties(workers, recipe.work)
        + _most_ties(friends, recipe.friends)
    )  # fmt: skip
    source, target = np.empty(room, np.uint32), np.empty(room, np.uint32)
    end = np.empty(4, np.int64)
    end[0] = _tie(np.int64(0), everybody, district, recipe.household, source, target)
    end[1] = _tie(end[0], everybody, district, recipe.kin, source, target)
    classes = _tie(end[1], pupils, district, recipe.school, source, target)
    end[2] = _tie(classes, workers, district, recipe.work, source, target)
    end[3] = _tie(end[2], friends, district, recipe.friends, source, target)
    return source, target, end


@jit_loop
def _most_ties(members: U32, groups: Groups) -> int:
    """Return a number of ties that groups of `members` cannot exceed."""
    return members.size * (groups.density.size - 2) // 2 + 1


@jit_loop
def _tie(
    n_ties: Int, members: U32, district: int, groups: Groups, source: U32, target: U32
) -> Int:
    """Cut `members` into groups, tie pairs of each after the `n_ties` there are; return all."""
    size_key = rng.step_key(groups.size_key, district)
    pair_key = rng.step_key(groups.pair_key, district)
    n_pairs, n_groups, begin = 0, 0, 0
    while begin < members.size:
        drawn = int(rng.uniform(size_key, n_groups) * groups.sizes.size)
        end = min(begin + groups.sizes[drawn], members.size)
        density = groups.density[end - begin]
        for a in range(begin, end):
            for b in range(a + 1, end):
                if rng.uniform(pair_key, n_pairs) < density:
                    source[n_ties], target[n_ties] = members[a], members[b]
                    n_ties += 1
                n_pairs += 1
        n_groups += 1
        begin = end
    return n_ties


@jit_loop
def _pupils(district: int, first: int, last: int, age: U8, recipe: Recipe) -> U32:
    """Return pupils and students by age, those of an age shuffled."""
    members, n = np.empty(last - first, np.uint32), 0
    for user in range(first, last):
        if age[user] < PUPIL_UNTIL:
            members[n] = user - first
            n += 1
    shuffle(members[:n], rng.step_key(recipe.school_key, district))
    years = np.empty(n, np.int64)
    for k in range(n):
        years[k] = age[first + np.int64(members[k])]
    return _by_cell(members[:n], years, np.int64(PUPIL_UNTIL))


@jit_loop
def _workers(district: int, first: int, last: int, age: U8, recipe: Recipe) -> U32:
    """Return the users who work, shuffled."""
    members, n = np.empty(last - first, np.uint32), 0
    for user in range(first, last):
        if (
            PUPIL_UNTIL <= age[user] < WORKER_UNTIL
            and rng.uniform(recipe.works_key, user) < SHARE_WORKING
        ):
            members[n] = user - first
            n += 1
    shuffle(members[:n], rng.step_key(recipe.work_key, district))
    return members[:n]


@jit_loop
def _friends(first: int, last: int, age: U8, recipe: Recipe) -> U32:
    """Return users ordered by the noisy age of the friends they seek, once for each circle."""
    count = np.empty(last - first, np.int64)
    for user in range(first, last):
        mean = CIRCLES * activity(user, age, recipe)
        count[user - first] = seats(mean, recipe.circles_key, user)
    members, months = np.empty(count.sum(), np.uint32), np.empty(count.sum(), np.int64)
    n = 0
    for user in range(first, last):
        sought = age_sought(user, age, recipe)
        for seat in range(count[user - first]):
            u = rng.uniform(recipe.friends_key, user * MAX_SEATS + seat)
            members[n] = user - first
            months[n] = month(sought + inverse_cdfs.laplace(FRIENDS_NOISE, u))
            n += 1
    return _by_cell(members, months, np.int64(N_MONTHS))


@jit_loop
def in_order(n_members: int) -> U32:
    """Return the members' numbers."""
    members = np.empty(n_members, np.uint32)
    for k in range(n_members):
        members[k] = k
    return members


@jit_loop
def shuffle(members: U32, key: np.uint64) -> None:
    """Put `members` in a random order (Fisher and Yates)."""
    for last in range(members.size - 1, 0, -1):
        other = int(rng.uniform(key, last) * (last + 1))
        members[last], members[other] = members[other], members[last]


@jit_loop
def _by_cell(members: U32, cell: I64, n_cells: Int) -> U32:
    """Return `members` by ascending `cell`, in their order inside a cell, by counting."""
    place = np.zeros(n_cells + 1, np.int64)
    for c in cell:
        place[c + 1] += 1
    for c in range(n_cells):
        place[c + 1] += place[c]
    ordered = np.empty_like(members)
    for k in range(members.size):
        ordered[place[cell[k]]] = members[k]
        place[cell[k]] += 1
    return ordered
