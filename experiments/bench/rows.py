"""Ties by user: compressed sparse rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.bench.work import U32, Graph
from sim.kernel.compiled import jit_loop


class Rows(NamedTuple):
    """Contacts of user i: ``contacts[first[i]:first[i + 1]]``, rising."""

    first: U32  # (n + 1,)
    contacts: U32  # (n_visits,)


def make_rows(graph: Graph) -> Rows:
    """Return the graph by user."""
    return Rows(*_fill_rows(graph.n_users, graph.left, graph.right))


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
