"""One contact of a user, drawn by tie weight."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import Int, Ties


@jit
def contact(i: int, ties: Ties, u: float) -> Int:
    """Return the contact at quantile `u` of the tie weights, -1 for a user without ties."""
    first, last = ties.indptr[i], ties.indptr[i + 1]
    left = u * ties.rank_total[last - first]
    for tie in range(first, last):
        left -= ties.rank_weight[tie - first]
        if left < 0.0:
            return np.int64(ties.indices[tie])
    return -1
