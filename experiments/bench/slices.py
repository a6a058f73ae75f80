"""Ties in slices: eight users side by side, who have about as many contacts.

The contacts of a slice's users alternate, so that one loop of known length adds to eight sums in
registers (SELL-C-sigma, Kreutzer et al. 2014, doi:10.1137/130930352). The kernel does not use it:
it is the fastest gather that we know where contacts are near, and so a limit to compare with.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.bench.layout import Rows
from experiments.bench.work import I64, U8, U32
from sim.compiled import jit_loop
from sim.threads import BLOCK

LANES = 8
_LANES = np.uint64(LANES)
_1, _2, _3, _4, _5, _6, _7 = (np.uint64(k) for k in range(1, LANES))


class Slices(NamedTuple):
    """Contacts, slice after slice; users are sorted by degree within blocks of ``BLOCK``."""

    first: U32  # (slices + 1,) where each slice begins
    contacts: U32  # of lanes 0 to 7, again and again; n_users where a lane has no more
    user: I64  # (n,) the user at each lane, slice after slice


def make_slices(rows: Rows) -> Slices:
    """Return the graph by slice."""
    degree = np.diff(rows.first)
    user: NDArray[np.int64] = np.lexsort((degree, np.arange(len(degree)) // BLOCK))
    longest = np.zeros(-(-len(user) // LANES) * LANES, np.uint32)
    longest[: len(user)] = degree[user]
    length = LANES * longest.reshape(-1, LANES).max(axis=1)
    first = np.concatenate([[0], np.cumsum(length)]).astype(np.uint32)
    contacts = np.full(first[-1], len(user), np.uint32)
    _fill(rows, user, first, contacts)
    return Slices(first, contacts, user)


@jit_loop
def _fill(rows: Rows, user: I64, first: U32, contacts: U32) -> None:
    """Write every user's contacts into its lane."""
    for at in range(len(user)):
        begin, end = rows.first[user[at]], rows.first[user[at] + 1]
        lane = first[at // LANES] + at % LANES
        for k in range(end - begin):
            contacts[lane + LANES * k] = rows.contacts[begin + k]


@jit_loop
def gather_slices(first: int, last: int, slices: Slices, state: U8, out: U32) -> None:
    """Add up the state of contacts, eight users at a time.

    `state` holds a zero for nobody after the last user, `out` (n + 7,) the sums by lane.
    """
    seen, contacts = state, slices.contacts
    begin, end = np.uint64(first) // _LANES, (np.uint64(last) + _7) // _LANES
    for part in range(begin, end):
        a = b = c = d = e = f = g = h = np.uint32(0)
        at, stop = np.uint64(slices.first[part]), np.uint64(slices.first[part + _1])
        while at < stop:
            a += np.uint32(seen[contacts[at]])
            b += np.uint32(seen[contacts[at + _1]])
            c += np.uint32(seen[contacts[at + _2]])
            d += np.uint32(seen[contacts[at + _3]])
            e += np.uint32(seen[contacts[at + _4]])
            f += np.uint32(seen[contacts[at + _5]])
            g += np.uint32(seen[contacts[at + _6]])
            h += np.uint32(seen[contacts[at + _7]])
            at += _LANES
        lane = part * _LANES
        out[lane], out[lane + _1], out[lane + _2], out[lane + _3] = a, b, c, d
        out[lane + _4], out[lane + _5], out[lane + _6], out[lane + _7] = e, f, g, h
