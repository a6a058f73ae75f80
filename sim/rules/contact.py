"""One contact of a user, drawn by tie weight (docs/model.md, 2.1)."""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, Int
from sim.kernel.compiled import rule
from sim.kernel.vec16 import WIDTH, Floats, Ints, load, uniform_draws, where
from sim.rules.choice_memory import TOTAL
from sim.rules.networks import WINDOW, Ties


@rule
def contact(i: Int, ties: Ties, u: float) -> Int:
    """Return the contact at quantile `u` in [0, 1) of the tie weights; -1 without ties."""
    degree, r = np.int64(ties.degree[i]), np.int64(0)
    if degree == 0:
        return np.int64(-1)
    weight = np.float32(u) * ties.rank_total[degree]
    while r + 1 < degree and ties.rank_total[r + 1] <= weight:
        r += 1
    return np.int64(ties.indices[tie_at(ties, i, r)])


@rule
def tie_at(ties: Ties, i: Int, r: Int) -> np.int64:
    """Return the position in ``ties.indices`` of the tie at rank `r` (from 0) of user `i`."""
    lane = np.int64(i) // WINDOW * WINDOW + np.int64(ties.seat[i])
    return np.int64(ties.slice_start[lane // WIDTH]) + lane % WIDTH + WIDTH * np.int64(r)


@rule
def partner_quantile(key: np.uint64, ids: Ints, memory: F32) -> Floats:
    """Draw where in the cumulative weights of their ties users find the contact of the step.

    Negative for users without ties.
    """
    total = load(memory, TOTAL * WIDTH)
    return where(total > 0.0, uniform_draws(key, ids) * total, -1.0)
