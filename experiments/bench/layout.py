"""Ties in tiles: the order in which the kernel visits contacts, so that caches serve it.

Users are cut into bands of `Tiles.height` rows, contacts into groups of `WIDTH`. A tile holds the
ties from one band to one group by rising contact, each in 32 bits: contact within its group above,
user within its band below. While a band is worked on, its counts stay in the first-level cache
and the platforms of contacts are read from left to right, instead of one cache miss a tie.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.bench.work import U8, U32, Graph
from sim.compiled import jit_loop

WIDTH = 1 << 16  # contacts in a group: 16 bits say which
LEAST_HEIGHT, MOST_HEIGHT = 1 << 11, 1 << 14  # users in a band; counts of 8 and 64 KiB
BANDS = 250  # about as many, where heights allow: enough for threads, tiles not too small
MOST_DEGREE = 255  # contacts of a user that 8 bits can count


class Rows(NamedTuple):
    """Contacts of user i: ``contacts[first[i]:first[i + 1]]``, rising."""

    first: U32  # (n + 1,)
    contacts: U32  # (n_visits,)


class Tiles(NamedTuple):
    """All ties, tile after tile, the tiles of a band after one another."""

    height: int  # users in a band
    width: int  # contacts in a group; here, as compiled callers would keep a stale constant
    n_groups: int
    first: U32  # (bands * n_groups + 1,) where each tile's ties begin
    ties: U32  # (n_visits,) contact within its group << 16 | user within its band
    degree: U8  # (n,)

    @property
    def n_bands(self) -> int:
        """Return the number of bands."""
        return (len(self.first) - 1) // self.n_groups


def make_rows(graph: Graph) -> Rows:
    """Return the graph by user."""
    return Rows(*_fill_rows(graph.n_users, graph.left, graph.right))


def make_tiles(graph: Graph) -> Tiles:
    """Return the graph by tile; bands grow with the graph, so that tiles do not become empty."""
    rows = make_rows(graph)
    degree = np.diff(rows.first)
    if degree.max(initial=0) > MOST_DEGREE:
        raise ValueError(f"a user has {degree.max()} contacts; at most {MOST_DEGREE} are counted")
    height = LEAST_HEIGHT
    while height < MOST_HEIGHT and BANDS * height < graph.n_users:
        height *= 2
    n_groups = -(-graph.n_users // WIDTH)
    first, ties = _fill_tiles(rows, height, n_groups)
    return Tiles(height, WIDTH, n_groups, first, ties, degree.astype(np.uint8))


@jit_loop
def _fill_rows(n_users: int, left: U32, right: U32) -> tuple[U32, U32]:
    """Sort ties by user, counting; pairs come sorted, so both halves of a row are rising."""
    first = np.zeros(n_users + 1, np.uint32)
    for tie in range(len(left)):
        first[left[tie] + 1] += np.uint32(1)
        first[right[tie] + 1] += np.uint32(1)
    for i in range(n_users):
        first[i + 1] += first[i]
    free = first[:-1].copy()
    contacts = np.empty(2 * len(left), np.uint32)
    # those before a user in the numbering first
    for tie in range(len(left)):
        contacts[free[right[tie]]] = left[tie]
        free[right[tie]] += np.uint32(1)
    for tie in range(len(left)):
        contacts[free[left[tie]]] = right[tie]
        free[left[tie]] += np.uint32(1)
    return first, contacts


@jit_loop
def _fill_tiles(rows: Rows, height: int, n_groups: int) -> tuple[U32, U32]:
    """Sort ties by tile, counting; contact after contact, so that each tile rises by itself."""
    n_users = len(rows.first) - 1
    first = np.zeros(-(-n_users // height) * n_groups + 1, np.uint32)
    for contact in range(n_users):
        for at in range(rows.first[contact], rows.first[contact + 1]):
            first[rows.contacts[at] // height * n_groups + contact // WIDTH + 1] += np.uint32(1)
    for tile in range(len(first) - 1):
        first[tile + 1] += first[tile]
    free = first[:-1].copy()
    ties = np.empty(len(rows.contacts), np.uint32)
    for contact in range(n_users):
        for at in range(rows.first[contact], rows.first[contact + 1]):
            user = rows.contacts[at]
            tile = user // height * n_groups + contact // WIDTH
            ties[free[tile]] = np.uint32((contact % WIDTH) << 16 | user % height)
            free[tile] += np.uint32(1)
    return first, ties
