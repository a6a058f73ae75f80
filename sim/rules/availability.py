"""Which share of attempts on a platform and channel succeeds (docs/model.md, 2.2)."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import F64, U8

WORKS = 0.5  # a messenger counts as working on a tie if at least this share of attempts succeeds


@jit
def availability(restriction: float, circumvention: float, efficacy: float, vpn: int) -> float:
    """Return q = 1 - r (1 - e0) (1 - e V) for one user, platform and channel."""
    return 1.0 - restriction * (1.0 - circumvention) * (1.0 - efficacy * vpn)


@jit
def attraction(value: float, loss: float, q_i: float, q_j: float) -> float:
    """Return exp(a - gamma (1 - q_i q_j)), the part of a tie's pull that places decide."""
    return float(np.exp(value - loss * (1.0 - q_i * q_j)))


@jit
def fill_tables(q: F64, values: F64, losses: F64, attractions: F64, works: U8) -> None:
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
    works : array of shape (C, C, 2)
        Written: bit mask of messengers with q_i q_j >= ``WORKS``.
    """
    n_places, n_channels, n_platforms = q.shape
    for i in range(n_places):
        for j in range(n_places):
            for c in range(n_channels):
                bits = 0
                for p in range(n_platforms):
                    attractions[i, j, c, p] = attraction(
                        values[c, p], losses[c], q[i, c, p], q[j, c, p]
                    )
                    if values[c, p] > -np.inf and q[i, c, p] * q[j, c, p] >= WORKS:
                        bits |= 1 << p
                works[i, j, c] = bits
