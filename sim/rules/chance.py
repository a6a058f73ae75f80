"""Chance: events by hazard, and yes-or-no decisions by utility (docs/model.md, 2.1).

An event of integrated hazard H happens with chance 1 - exp(-H). The first eight random bits of a
user decide in most cases; only the others are drawn to the last bit.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.bits import first, only, without_first
from sim.kernel.compiled import rule
from sim.kernel.rng import first_uniform, random_bits, refined_uniform
from sim.kernel.vec8 import Vec8, bits_of, bytes_of, exp, number_at, where


@rule
def happens(u: float, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens, for `u` uniform in [0, 1).

    The chance 1 - exp(-hazard) lies between hazard - hazard^2 / 2 and hazard. Draws outside this
    range, nearly all, are decided without the exponential. The factor is 0.51 and not 1/2, so that
    rounding cannot matter.
    """
    if u >= hazard or u < hazard - 0.51 * hazard * hazard:
        return bool(u < hazard)
    return bool(u < -np.expm1(-hazard))


@rule
def event_occurs(bits64: np.uint64, key: np.uint64, user: Int, slot: Int, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens to `user`.

    Parameters
    ----------
    bits64 : int
        The user's `random_bits` under `key`. Their first eight bits rule out most events.
    """
    if first_uniform(bits64, slot) >= hazard:
        return False
    return happens(refined_uniform(bits64, key, user, slot), hazard)


@rule
def may_occur(bits64: np.uint64, hazards: Vec8) -> int:
    """Return the set of slots whose first eight random bits do not rule out an event."""
    return bits_of(bytes_of(bits64) * (1.0 / 256.0) < hazards)


@rule
def events_occur(key: np.uint64, user: Int, hazards: Vec8) -> Int:
    """Return the set of slots in which events of integrated `hazards` happen to `user`."""
    bits64 = random_bits(key, user)
    lower, upper = probability_bounds(hazards)
    draws = bytes_of(bits64) * (1.0 / 256.0)  # rounded down
    happening: Int = bits_of(draws + 1.0 / 256.0 <= lower)
    undecided: Int = bits_of(draws < upper) & ~happening
    while undecided:
        p, undecided = first(undecided), without_first(undecided)
        if happens(refined_uniform(bits64, key, user, p), np.float64(number_at(hazards, p))):
            happening |= only(p)
    return int(happening)


@rule
def probability_bounds(hazards: Vec8) -> tuple[Vec8, Vec8]:
    """Return a lower and an upper bound of 1 - exp(-hazard).

    They are the partial sums of its series, moved apart by 1e-6, so that rounding cannot matter.
    """
    lower = hazards * (0.999999 - 0.5 * hazards)
    return lower, hazards * (1.000001 - 0.5 * hazards * (1.0 - 0.333333 * hazards))


@rule
def mean_survival(x: Vec8) -> Vec8:
    """Return (1 - exp(-x)) / x, the mean of exp(-x t) over t from 0 to 1, to about 2e-6 of it."""
    series = 1.0 - x * (1 / 2) * (1.0 - x * (1 / 3) * (1.0 - x * (1 / 4) * (1.0 - x * (1 / 5))))
    return where(x < 0.2, series, (1.0 - exp(0.0 - x)) / where(x < 0.2, 1.0, x))


@rule
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))
