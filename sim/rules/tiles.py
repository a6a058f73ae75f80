"""Messengers by tile: a rule is computed for six of them at a time (ceilings.py).

Tile o holds messengers 6 o to 6 o + 5. The number of tiles is that of a record's fields, so it
is known when a rule is compiled: with six messengers or less the loops over tiles vanish.
Tiles draw random numbers under keys of their own; those of the first are the keys of the rules.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.rng import user_uniform
from sim.kernel.vec8 import USED
from sim.kernel.vec8 import words_of as words_of
from sim.rules.records import PublicState, Record

MEMBERS = (1 << USED) - 1
_SALT = np.uint64(0xD6E8FEB86659FD93)  # odd, so that multiples of it differ


@rule
def tiles(params: Record) -> int:
    """Return the number of tiles of a run."""
    return len(params.base_openings) // USED


@rule
def messengers_in(o: Int, params: Record) -> np.int64:
    """Return the number of messengers of the case that tile `o` holds."""
    return np.int64(max(0, min(params.n_messengers - USED * o, USED)))


@rule
def public_of(public: PublicState, o: Int, params: Record) -> PublicState:
    """Return what users publish of tile `o`."""
    n = tiles(params)
    return PublicState(
        words_of(public.choice_state, o, n), words_of(public.belief_state, o, n),
        words_of(public.next_choice_state, o, n), words_of(public.next_belief_state, o, n),
    )  # fmt: skip


@rule
def tile_of(p: Int) -> np.int64:
    """Return the tile that holds messenger `p`."""
    return np.int64(p) // USED


@rule
def lane_of(p: Int) -> np.int64:
    """Return the number of messenger `p` within its tile."""
    return np.int64(p) % USED


@rule
def part(members: Int, o: Int) -> np.int64:
    """Return those of a set of messengers that are in tile `o`, numbered within it."""
    return np.int64(members) >> USED * o & MEMBERS


@rule
def whole(members: Int, o: Int) -> np.int64:
    """Return a set of messengers of tile `o`, numbered within it, as a set of messengers."""
    return (np.int64(members) & MEMBERS) << USED * o


@rule
def tile_key(key: np.uint64, o: Int) -> np.uint64:
    """Return the key under which tile `o` draws."""
    return np.uint64(key) ^ np.uint64(o) * _SALT


@rule
def messenger_uniform(key: np.uint64, user: Int, p: Int) -> float:
    """Return the number of `user` for messenger `p` under `key`."""
    return user_uniform(tile_key(key, tile_of(p)), user, lane_of(p))
