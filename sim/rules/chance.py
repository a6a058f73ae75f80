"""Chances: an event of a hazard, a yes or no by utility (docs/model.md, 2.1)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import Int, first_uniform, random_bits, refined_uniform
from sim.kernel.vec8 import Vec8, bits_of, bytes_of, lowest, number_at


@rule
def happens(u: float, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens, for `u` uniform in [0, 1).

    The chance 1 - exp(-hazard) lies between hazard - hazard^2 / 2 and hazard; hardly anybody's
    luck does, so nearly all are spared the exponential. A little less is taken than the half:
    then rounding cannot matter.
    """
    if u >= hazard or u < hazard - 0.51 * hazard * hazard:
        return bool(u < hazard)
    return bool(u < -np.expm1(-hazard))


@rule
def event_occurs(bits64: np.uint64, key: np.uint64, user: Int, slot: Int, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens to `user`, by its `random_bits`.

    Eight bits of luck refuse most events; only then are the others looked up.
    """
    if first_uniform(bits64, slot) >= hazard:
        return False
    return happens(refined_uniform(bits64, key, user, slot), hazard)


@rule
def may_occur(bits64: np.uint64, hazards: Vec8) -> int:
    """Return the bits of the slots whose first eight bits of luck do not refuse an event."""
    return bits_of(bytes_of(bits64) * (1.0 / 256.0) < hazards)


@rule
def events_occur(key: np.uint64, user: Int, hazards: Vec8) -> int:
    """Return the bits of the slots in which events of integrated `hazards` happen to `user`."""
    bits64 = random_bits(key, user)
    least, most = probability_bounds(hazards)
    bits = bytes_of(bits64) * (1.0 / 256.0)
    found, left = bits_of(bits + 1.0 / 256.0 <= least), bits_of(bits < most)
    left &= ~found
    while left:  # where eight bits do not tell
        p = lowest(left)
        left &= left - 1
        if happens(refined_uniform(bits64, key, user, p), np.float64(number_at(hazards, p))):
            found |= 1 << p
    return found


@rule
def probability_bounds(hazards: Vec8) -> tuple[Vec8, Vec8]:
    """Return numbers between which 1 - exp(-hazard) lies.

    They are a little further apart than what the series gives, so that rounding cannot matter.
    """
    least = hazards * (0.999999 - 0.5 * hazards)
    return least, hazards * (1.000001 - 0.5 * hazards * (1.0 - 0.333333 * hazards))


@rule
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))
