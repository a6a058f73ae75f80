"""Chances: an event of a hazard, a yes or no by utility."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.rng import Int, first_bits, lucky_uniform


@rule
def happens(u: float, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens, for `u` uniform in [0, 1).

    The chance is 1 - exp(-hazard) <= hazard: most users are spared the exponential.
    """
    return bool(u < hazard and u < -np.expm1(-hazard))


@rule
def befalls(luck: np.uint64, key: np.uint64, user: Int, slot: Int, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens to `user`; `luck` is its `luck_of`.

    Eight bits of luck refuse most events; only then are the others looked up.
    """
    if first_bits(luck, slot) >= hazard:
        return False
    return happens(lucky_uniform(luck, key, user, slot), hazard)


@rule
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))
