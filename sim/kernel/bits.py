"""Small sets kept as the bits of one whole number: number k is a member if bit k is 1.

``a | b`` is the union, ``a & b`` the intersection and ``a & ~b`` the difference of two sets.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import lowest


@rule
def only(k: Int) -> np.int64:
    """Return the set whose one member is `k`."""
    return np.int64(1) << np.int64(k)


@rule
def contains(members: Int, k: Int) -> np.int64:
    """Return 1 if `k` is a member of a set, else 0."""
    return np.int64(members) >> np.int64(k) & 1


@rule
def first(members: Int) -> np.int64:
    """Return the smallest member of a set that is not empty."""
    return np.int64(lowest(np.int64(members)))


@rule
def without_first(members: Int) -> np.int64:
    """Return a set without its smallest member, to loop over it: no branch for each number."""
    return np.int64(members) & (np.int64(members) - 1)


@rule
def all_if(condition: Int) -> np.int64:
    """Return the set of all numbers if a `condition` is 1, the empty set if it is 0."""
    return -np.int64(condition)
