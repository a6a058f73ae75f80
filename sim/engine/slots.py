"""Slots: which columns of the sums over users belong together (accumulators.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import F64
from sim.kernel.vec8 import WIDTH
from sim.rules.records import MAX

N_KINDS, KINDS = 2, 0b11  # of abuse in one tile, and the set of them


class Slot(NamedTuple):
    """Columns of the sums that belong together."""

    first: int
    shape: tuple[int, ...]

    def of(self, sums: F64) -> F64:
        """Return its sums, from arrays (..., n columns): (..., *shape)."""
        some = sums[..., self.first : self.first + math.prod(self.shape)]
        return some.reshape(*sums.shape[:-1], *self.shape)


def in_order(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Slot]:
    """Lay slots out side by side."""
    ends = np.cumsum([0, *(math.prod(shape) for shape in shapes.values())])
    return {name: Slot(int(ends[k]), shape) for k, (name, shape) in enumerate(shapes.items())}


def slots_of(n_tiles: int, slots: Mapping[str, Slot]) -> dict[str, Slot]:
    """Return the slots of the columns that `joined` returns."""
    shapes = {}
    for name, slot in slots.items():
        more = (n_tiles - 1) * _by_tile(name, slot)
        shapes[name] = (*slot.shape[:-1], slot.shape[-1] + more) if more else slot.shape
    return in_order(shapes)


def joined(sums: F64, n_tiles: int, slots: Mapping[str, Slot]) -> F64:
    """Return sums (..., B columns) with the columns of all tiles beside each other.

    An axis of platforms then has all messengers, then cellular. What is not by messenger or kind
    of abuse is taken from the last tile; but for cellular in `primary`, it is the same in all.
    """
    if n_tiles == 1:
        return sums
    tiles_axis = sums.ndim - 1
    by_tile, parts = sums.reshape(*sums.shape[:-1], n_tiles, -1), []
    for name, slot in slots.items():
        each, found = _by_tile(name, slot), slot.of(by_tile)
        one = np.asarray(found.take(-1, axis=tiles_axis))
        if each:
            of_all = np.moveaxis(found[..., :each], tiles_axis, -2)
            of_all = of_all.reshape(*one.shape[:-1], n_tiles * each)
            one = np.concatenate([of_all, one[..., each:]], axis=-1)
        parts.append(one.reshape(*sums.shape[:-1], -1))
    return np.concatenate(parts, axis=-1)


def _by_tile(name: str, slot: Slot) -> int:
    """Return how many columns of a slot's last axis each tile has of its own."""
    if name == "victims":
        return N_KINDS
    return MAX if slot.shape[-1:] in ((WIDTH,), (WIDTH - 1,)) else 0
