"""Ties as a step reads them: sixteen users of about equal degree side by side.

The layout is sliced ELLPACK with sorting in windows, SELL-16-2048 (Kreutzer et al. 2014,
doi:10.1137/130930352). Within a window of 2048 users, those of largest degree come first; every
16 make a slice, which holds its ties rank by rank and is padded with nobody, the id n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.compiled import jit
from sim.world.graph import Graph

LANES = 16  # users of a slice
WINDOW = 2048  # users among whom slices are formed


@dataclass(frozen=True)
class Rows:
    """The ties of n users in slices."""

    order: NDArray[np.uint32]  # (16 n_slices,) users slice by slice, n where a lane is empty
    slice_start: NDArray[np.int64]  # (n_slices + 1,) where a slice begins in `indices`
    indices: NDArray[np.uint32]  # contacts, n where a row is over
    start: NDArray[np.uint32]  # (n,) where a user's first tie stands; the next are 16 apart
    degree: NDArray[np.uint16]  # (n,)


def rows_from(graph: Graph) -> Rows:
    """Lay a graph out in slices.

    Raises
    ------
    ValueError
        If the slices take 2^32 places or more.
    """
    n, degree = graph.n_users, graph.degree()
    firsts = range(0, n, WINDOW)
    sorted_rows = [a + np.argsort(-degree[a : a + WINDOW], kind="stable") for a in firsts]
    order = np.full(-(-n // LANES) * LANES, n, np.uint32)
    order[:n] = np.concatenate(sorted_rows)
    longest = degree[order[::LANES]]
    slice_start = np.concatenate([[0], np.cumsum(longest * LANES)])
    if slice_start[-1] >= 2**32:
        raise ValueError(f"{slice_start[-1]} places for ties; allowed: below 2^32")
    indices = np.full(int(slice_start[-1]), n, np.uint32)
    start = np.zeros(n, np.uint32)
    _fill(graph.indptr, graph.indices, order, slice_start, indices, start)
    return Rows(order, slice_start, indices, start, degree.astype(np.uint16))


@jit
def _fill(
    indptr: NDArray[np.int64], neighbours: NDArray[np.uint32], order: NDArray[np.uint32],
    slice_start: NDArray[np.int64], indices: NDArray[np.uint32], start: NDArray[np.uint32],
) -> None:  # fmt: skip
    for at in range(start.size):
        i = np.int64(order[at])
        to = slice_start[at // LANES] + at % LANES
        start[i] = to
        for tie in range(indptr[i], indptr[i + 1]):
            indices[to] = neighbours[tie]
            to += LANES
