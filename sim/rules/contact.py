"""One contact of a user, drawn by tie weight."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.lanes import WIDTH
from sim.rules.records import WINDOW, Int, Ties


@rule
def contact(i: Int, ties: Ties, u: float) -> Int:
    """Return the contact at quantile `u` of the tie weights, -1 for a user without ties."""
    degree = np.int64(ties.degree[i])
    left = u * ties.rank_total[degree]
    for r in range(degree):
        left -= ties.rank_weight[r]
        if left < 0.0 or r == degree - 1:  # weights may add up to less than their total
            return np.int64(ties.indices[tie_at(ties, i, r)])
    return -1


@rule
def tie_at(ties: Ties, i: Int, r: Int) -> np.int64:
    """Return where the tie at rank `r` (from 0) of user `i` stands in ``ties.indices``."""
    lane = np.int64(i) // WINDOW * WINDOW + np.int64(ties.seat[i])
    return np.int64(ties.slice_start[lane // WIDTH]) + lane % WIDTH + WIDTH * np.int64(r)
