"""Which share of attempts on a platform and channel succeeds (docs/model.md, 2.2)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import F32, F64


@jit
def availability(restriction: float, circumvention: float, efficacy: float, vpn: int) -> float:
    """Return q = 1 - r (1 - e0) (1 - e V) for one user, platform and channel."""
    return 1.0 - restriction * (1.0 - circumvention) * (1.0 - efficacy * vpn)


@jit
def attraction(value: float, loss: float, q_i: float, q_j: float) -> float:
    """Return exp(a - gamma (1 - q_i q_j)), the part of a tie's pull that places decide."""
    return float(np.exp(value - loss * (1.0 - q_i * q_j)))


@jit
def fill_tables(q: F64, values: F64, losses: F64, attractions: F64, best: F32) -> None:
    """Fill the tables by pairs of places.

    Parameters
    ----------
    q : array of shape (C, 2, P)
        Availability by place, channel and messenger.
    values : array of shape (2, P)
        a_pc; -inf where the messenger lacks the channel [utils].
    losses : array of shape (2,)
        gamma_c [utils].
    attractions : array of shape (C, C, 2, P)
        Written: exp(a_pc - gamma_c (1 - q_i q_j)).
    best : array of shape (C, C, 2, 2**P)
        Written: the largest q_i q_j among a set of messengers, by the bits of the set: the share
        of attempts that succeed on the one that works best.
    """
    n_places, n_channels, n_platforms = q.shape
    for i in range(n_places):
        for j in range(n_places):
            for c in range(n_channels):
                best[i, j, c, 0] = 0.0
                for p in range(n_platforms):
                    attractions[i, j, c, p] = attraction(
                        values[c, p], losses[c], q[i, c, p], q[j, c, p]
                    )
                    both = q[i, c, p] * q[j, c, p] if values[c, p] > -np.inf else 0.0
                    bit = 1 << p
                    for others in range(bit):
                        best[i, j, c, bit + others] = max(both, best[i, j, c, others])
