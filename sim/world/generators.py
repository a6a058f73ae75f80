"""The layered affiliation graph: households, kin, school or work, circles of friends, weak ties.

The recipe and the observed networks it was checked against are in docs/model.md, 3.3. Each
layer cuts an ordered list of members into groups and ties the members of a group. Groups stay
inside a district, about 2000 users with consecutive numbers; only weak ties cross the country.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim import rng
from sim.compiled import jit
from sim.world.graph import Graph, order_key
from sim.world.population import FIRST_AGE, Population
from sim.world.settings import LayeredNetwork

LAYERS = ("household", "kin", "school_or_work", "friends", "weak")
DISTRICT = 2000  # users of a district, about
PUPIL_UNTIL, WORKER_UNTIL = 23, 66  # ages [years]: school or university below, work below
SHARE_WORKING = 0.75  # of the ages between
CIRCLES, STUBS = 1.6, 4.0  # mean memberships of circles and mean weak stubs of a user
ACTIVITY_SD = 0.6  # of the logarithm of activity
ACTIVITY_AGES = (12, 18, 25, 45, 65, 90)  # [years]
ACTIVITY_AT = (0.8, 1.2, 1.35, 1.0, 0.9, 0.5)  # relative activity at these ages
MAX_MEAN = 600.0  # of a Poisson number; exp(-mean) must not vanish
_KEY_YEARS = 1000.0  # room for a noisy age inside a district's sort key
_AGE_SPAN = 90.0 - FIRST_AGE  # of random keys [years]

Ties = tuple[NDArray[np.uint32], NDArray[np.uint32]]


def layered(population: Population, config: LayeredNetwork, seed: int) -> Graph:
    """Build the graph; a function of population, config and seed alone."""
    district = districts(population.region)
    activity = config.degree_scale * _activity(population.age, seed)
    keys = population.age.astype(np.float64)
    if config.age_matching == "blind":
        keys = FIRST_AGE + _AGE_SPAN * _uniforms(seed, "blind", keys.size)
    parts = [
        (0, _households(district, seed)),
        (1, _kin(district, seed)),
        (2, _schools(population.age, district, seed)),
        (2, _work(population.age, district, seed)),
        (3, _friends(keys, activity, district, seed)),
        (4, _weak(keys, activity, seed)),
    ]
    source = np.concatenate([ties[0] for _, ties in parts])
    target = np.concatenate([ties[1] for _, ties in parts])
    layer = np.concatenate([np.full(ties[0].size, code, np.uint8) for code, ties in parts])
    del parts  # a third of the peak memory
    return Graph.from_ties(keys.size, source, target, layer, LAYERS, order_key(seed))


def districts(region: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Cut each region into equal districts of about 2000 users; return their numbers, (n,)."""
    sizes = np.bincount(region)
    parts = np.maximum(1, np.rint(sizes / DISTRICT).astype(np.int64))
    first = np.cumsum(parts) - parts
    place = np.arange(region.size) - (np.cumsum(sizes) - sizes)[region]
    return (first[region] + place * parts[region] // sizes[region]).astype(np.uint32)


def _activity(age: NDArray[np.uint8], seed: int) -> NDArray[np.float64]:
    """Return how many circles and weak ties a user seeks, mean 1: lognormal times age, (n,)."""
    by_age = np.interp(age, ACTIVITY_AGES, ACTIVITY_AT)
    normal = ndtri(_uniforms(seed, "activity", age.size) + 2.0**-54)
    activity: NDArray[np.float64] = np.exp(ACTIVITY_SD * normal - ACTIVITY_SD**2 / 2)
    return activity * by_age / by_age.mean()


def _households(district: NDArray[np.uint32], seed: int) -> Ties:
    """Tie all of a household: 1 to 5 users aged 12 and over with consecutive numbers."""
    sizes = np.repeat([1, 2, 3, 4, 5], [40, 31, 17, 8, 4])
    everybody = np.arange(district.size, dtype=np.uint32)
    return _groups(seed, "household", everybody, district, sizes, np.ones(sizes.max() + 1))


def _kin(district: NDArray[np.uint32], seed: int) -> Ties:
    """Tie 40 % of the pairs of 4 to 10 users in households side by side."""
    sizes = np.array([4, 6, 8, 10])
    everybody = np.arange(district.size, dtype=np.uint32)
    return _groups(seed, "kin", everybody, district, sizes, np.full(11, 0.4))


def _schools(age: NDArray[np.uint8], district: NDArray[np.uint32], seed: int) -> Ties:
    """Tie classes of 18 to 30 of an age (years next to it where a district has too few)."""
    pupils = np.flatnonzero(age < PUPIL_UNTIL).astype(np.uint32)
    years = age[pupils] + _uniforms(seed, "school.order", pupils.size)
    members = _ordered(district[pupils] * _KEY_YEARS + years, pupils)
    sizes = np.arange(18, 31)
    return _groups(seed, "school", members, district, sizes, _capped(9, sizes))


def _work(age: NDArray[np.uint8], district: NDArray[np.uint32], seed: int) -> Ties:
    """Tie work teams: lognormal sizes, median 7.4, from 2 to 60."""
    works = _uniforms(seed, "work.member", age.size) < SHARE_WORKING
    works &= (age >= PUPIL_UNTIL) & (age < WORKER_UNTIL)
    team = np.flatnonzero(works).astype(np.uint32)
    place = _KEY_YEARS * _uniforms(seed, "work.order", team.size)
    members = _ordered(district[team] * _KEY_YEARS + place, team)
    quantiles = ndtri((np.arange(1000) + 0.5) / 1000)
    sizes = np.clip(np.exp(2.0 + 0.7 * quantiles).astype(np.int64), 2, 60)
    return _groups(seed, "work", members, district, sizes, _capped(7, sizes))


def _friends(
    keys: NDArray[np.float64],
    activity: NDArray[np.float64],
    district: NDArray[np.uint32],
    seed: int,
) -> Ties:
    """Tie 75 % of the pairs of circles: 4 to 8 users of a district with keys (ages) alike."""
    seats = _repeat(seed, "friends.seats", CIRCLES * activity)
    noise = _laplace(4.0, _uniforms(seed, "friends.noise", seats.size))
    # half the room below: a noisy key stays inside its district's span
    place = district[seats] * _KEY_YEARS + keys[seats] + noise + _KEY_YEARS / 2
    members = _ordered(place, seats)
    return _groups(seed, "friends", members, district, np.arange(4, 9), np.full(9, 0.75))


def _weak(keys: NDArray[np.float64], activity: NDArray[np.float64], seed: int) -> Ties:
    """Pair stubs all over the country along noisy keys (ages), 20 % of them at random."""
    stubs = _repeat(seed, "weak.stubs", STUBS * activity)
    place = keys[stubs] + _laplace(6.0, _uniforms(seed, "weak.noise", stubs.size))
    u = _uniforms(seed, "weak.random", stubs.size)
    place = np.where(u < 0.2, FIRST_AGE + _AGE_SPAN * u / 0.2, place)
    members = _ordered(place + _KEY_YEARS / 2, stubs)
    even = members.size // 2 * 2
    return members[0:even:2], members[1:even:2]


def _uniforms(seed: int, purpose: str, n: int) -> NDArray[np.float64]:
    return rng.uniforms(_key(seed, purpose), n)


def _key(seed: int, purpose: str) -> np.uint64:
    return rng.purpose_key(seed, 0, f"layered.{purpose}")


def _laplace(scale: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Laplace numbers of mean 0 by the inverse of their law."""
    tail = np.minimum(u, 1 - u) + 2.0**-54
    return np.where(u < 0.5, scale, -scale) * np.log(2 * tail)


def _capped(degree: int, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the density by size at which a member has `degree` ties, or as many as can be."""
    return np.minimum(1.0, degree / np.maximum(1, np.arange(sizes.max() + 1) - 1))


def _ordered(place: NDArray[np.float64], members: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return `members` by `place` (from 0), which is rounded to 32 bits to sort in one word."""
    words = (place * ((2.0**32 - 1) / place.max(initial=1.0))).astype(np.uint64)
    words = (words << np.uint64(32)) | members
    words.sort()
    return words.astype(np.uint32)


def _repeat(seed: int, purpose: str, mean: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return every user a Poisson number of times, by `mean`, shape (n,)."""
    counts = _poisson(np.minimum(mean, MAX_MEAN), _key(seed, purpose))
    return np.repeat(np.arange(mean.size, dtype=np.uint32), counts)


def _groups(
    seed: int,
    purpose: str,
    members: NDArray[np.uint32],
    district: NDArray[np.uint32],
    sizes: NDArray[np.int64],
    density: NDArray[np.float64],
) -> Ties:
    """Cut `members` into groups and tie each pair of a group with the density of its size.

    Parameters
    ----------
    members
        Users in the order in which groups are cut, district by district.
    sizes
        The law of the sizes: values with equal chances.
    density
        Chance of a tie, by the size of the group.
    """
    room = members.size * int(sizes.max()) // 2 + 1  # pages that stay unused take no memory
    source = np.empty(room, dtype=np.uint32)
    target = np.empty(room, dtype=np.uint32)
    size_key, pair_key = _key(seed, f"{purpose}.size"), _key(seed, f"{purpose}.pair")
    n = _tie_groups(members, district, sizes, density, size_key, pair_key, source, target)
    return source[:n].copy(), target[:n].copy()


@jit
def _poisson(mean: NDArray[np.float64], key: np.uint64) -> NDArray[np.int64]:
    """Invert the Poisson law at the users' uniforms, shape (n,)."""
    counts = np.zeros(mean.size, dtype=np.int64)
    for user in range(mean.size):
        u = rng.uniform(key, user)
        p = np.exp(-mean[user])
        while u >= p and p > 0.0:
            u -= p
            counts[user] += 1
            p *= mean[user] / counts[user]
    return counts


@jit
def _tie_groups(
    members: NDArray[np.uint32],
    district: NDArray[np.uint32],
    sizes: NDArray[np.int64],
    density: NDArray[np.float64],
    size_key: np.uint64,
    pair_key: np.uint64,
    source: NDArray[np.uint32],
    target: NDArray[np.uint32],
) -> int:
    """Write the ties of all groups to `source` and `target`; return how many.

    A group ends with its size or with the district.
    """
    n_ties, n_pairs, n_groups, begin = 0, 0, 0, 0
    while begin < members.size:
        size = sizes[np.int64(rng.uniform(size_key, n_groups) * sizes.size)]
        end = begin + 1
        while (
            end < members.size
            and end - begin < size
            and district[members[end]] == district[members[begin]]
        ):
            end += 1
        for a in range(begin, end):
            for b in range(a + 1, end):
                if rng.uniform(pair_key, n_pairs) < density[end - begin]:
                    source[n_ties], target[n_ties] = members[a], members[b]
                    n_ties += 1
                n_pairs += 1
        n_groups += 1
        begin = end
    return n_ties
