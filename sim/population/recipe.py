"""The recipe of the layered graph: sizes and densities of groups, and how many ties users seek.

docs/model.md, section 3, says what it was compared with. A `Recipe` holds every number and random
key that the compiled loops need.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from sim.config.settings import LayeredNetwork
from sim.kernel import inverse_cdfs, rng
from sim.kernel.arrays import F64, I64, U8
from sim.kernel.compiled import jit, jit_loop
from sim.population.ages import FIRST_AGE, LAST_AGE
from sim.population.order import order_key
from sim.population.population import Population

LAYERS = ("household", "kin", "school_or_work", "friends", "weak")
PUPIL_UNTIL, WORKER_UNTIL = 23, 66  # ages [years]: school or university below, work below
SHARE_WORKING = 0.75  # of the ages between
CIRCLES, STUBS = 1.6, 4.0  # mean memberships of circles and mean weak stubs of a user
FRIENDS_NOISE, WEAK_NOISE = 4.0, 6.0  # Laplace scales of how far ages may differ [years]
SHARE_RANDOM = 0.2  # of weak stubs, paired whatever the age
ACTIVITY_SD = 0.6  # of the logarithm of activity
ACTIVITY_AGES = (12, 18, 25, 45, 65, 90)  # [years]
ACTIVITY_AT = (0.8, 1.2, 1.35, 1.0, 0.9, 0.5)  # relative activity at these ages
MAX_MEAN = 600.0  # of a Poisson number; exp(-mean) must not vanish
MAX_SEATS = 1024  # room for a user's numbers under one key, 17 sd above MAX_MEAN
AGE_SPAN = 90.0 - FIRST_AGE  # of random ages [years]
# Noisy ages are told apart by the month; the end months hold what lies beyond.
LOWEST_AGE, N_MONTHS = FIRST_AGE - 36.0, 160 * 12


class Groups(NamedTuple):
    """Sizes and densities of one kind of groups, and its random keys."""

    sizes: I64  # (any,) members, values with equal chances
    density: F64  # (largest size + 1,) chance that two members are tied, by the group's size
    size_key: np.uint64
    pair_key: np.uint64


class Recipe(NamedTuple):
    """Everything that determines the layered graph except the users' ages and districts."""

    household: Groups
    kin: Groups
    school: Groups
    work: Groups
    friends: Groups
    activity: F64  # (LAST_AGE + 1,) by age, mean 1 over the users, times degree_scale
    blind: bool  # whether circles and weak ties ignore age
    activity_key: np.uint64
    age_key: np.uint64  # of the random age of a user who is blind to age
    school_key: np.uint64  # order of pupils
    works_key: np.uint64
    work_key: np.uint64  # order of workers
    circles_key: np.uint64
    friends_key: np.uint64  # noise
    stubs_key: np.uint64
    weak_key: np.uint64  # noise
    random_key: np.uint64
    pairing_key: np.uint64
    order_key: np.uint64  # of ties inside a layer


def make_recipe(population: Population, config: LayeredNetwork, seed: int) -> Recipe:
    """Return the recipe for a population; a function of its ages, the config and the seed."""

    def key(purpose: str) -> np.uint64:
        return rng.purpose_key(seed, 0, f"layered.{purpose}")

    def groups(purpose: str, sizes: I64, density: F64) -> Groups:
        return Groups(sizes, density, key(f"{purpose}.size"), key(f"{purpose}.pair"))

    households = np.repeat([1, 2, 3, 4, 5], [40, 31, 17, 8, 4])
    classes = np.arange(18, 31)
    quantiles = ndtri((np.arange(1000) + 0.5) / 1000)
    teams = np.clip(np.exp(2.0 + 0.7 * quantiles).astype(np.int64), 2, 60)
    return Recipe(
        household=groups("household", households, np.ones(6)),
        kin=groups("kin", np.array([4, 6, 8, 10]), np.full(11, 0.4)),
        school=groups("school", classes, _capped(9, classes)),
        work=groups("work", teams, _capped(7, teams)),
        friends=groups("friends", np.arange(4, 9), np.full(9, 0.75)),
        activity=config.degree_scale * _activity_by_age(population.age),
        blind=config.age_matching == "blind",
        activity_key=key("activity"),
        age_key=key("blind"),
        school_key=key("school.order"),
        works_key=key("work.member"),
        work_key=key("work.order"),
        circles_key=key("friends.seats"),
        friends_key=key("friends.noise"),
        stubs_key=key("weak.stubs"),
        weak_key=key("weak.noise"),
        random_key=key("weak.random"),
        pairing_key=key("weak.pairs"),
        order_key=order_key(seed),
    )


def _capped(degree: int, sizes: I64) -> F64:
    """Return the density by size at which a member has `degree` ties, or as many as can be."""
    return np.minimum(1.0, degree / np.maximum(1, np.arange(sizes.max() + 1) - 1))


def _activity_by_age(age: U8) -> F64:
    """Return the relative activity by age, mean 1 over the users, shape (LAST_AGE + 1,)."""
    by_age: F64 = np.interp(np.arange(LAST_AGE + 1), ACTIVITY_AGES, ACTIVITY_AT)
    counts = count_ages(age)
    return by_age * counts.sum() / (by_age @ counts)


@jit_loop
def count_ages(age: U8) -> I64:
    """Count the users of each age, shape (LAST_AGE + 1,)."""
    counts = np.zeros(LAST_AGE + 1, np.int64)
    for a in age:
        counts[a] += 1
    return counts


@jit_loop
def activity(user: int, age: U8, recipe: Recipe) -> float:
    """Return how many circles and weak ties a user seeks: lognormal times age."""
    z = inverse_cdfs.normal(rng.uniform(recipe.activity_key, user))
    return float(recipe.activity[age[user]] * math.exp(ACTIVITY_SD * z - ACTIVITY_SD**2 / 2))


@jit_loop
def seats(mean: float, key: np.uint64, user: int) -> int:
    """Return how many circles or weak ties a user takes."""
    return min(inverse_cdfs.poisson(min(mean, MAX_MEAN), rng.uniform(key, user)), MAX_SEATS - 1)


@jit_loop
def age_sought(user: int, age: U8, recipe: Recipe) -> float:
    """Return the age of the friends a user seeks: the user's own, or a random one [years]."""
    if recipe.blind:
        return FIRST_AGE + AGE_SPAN * rng.uniform(recipe.age_key, user)
    return float(age[user])


@jit
def month(years: float) -> int:
    """Return the month of a noisy age, below ``N_MONTHS``."""
    return min(max(int((years - LOWEST_AGE) * 12.0), 0), N_MONTHS - 1)
