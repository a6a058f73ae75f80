"""Ties in slices: sixteen users side by side, who have about as many contacts.

The contacts of a slice's users alternate, so that one loop of known length adds to sixteen sums in
a register (SELL-C-sigma, Kreutzer et al. 2014, doi:10.1137/130930352). A platform takes four bits:
those of a million users, read in any order, fit a second-level cache of half a megabyte. Eight
slices are a group; its sixteen words hold the platforms of lane 0, 1, ... 15, each of the first
slice in the lowest bits. So what a slice has chosen is written to where it belongs by one shift.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.bench.rows import Rows
from experiments.bench.work import I64, U8, U32
from sim.engine.threads import BLOCK
from sim.kernel.compiled import jit_loop
from sim.kernel.vec16 import WIDTH

OF_WORD = 8  # platforms
GROUP = OF_WORD * WIDTH  # users
SORTED = 8 * BLOCK  # users sorted together: few enough to keep a local order local
NOBODY = np.uint32(0xFFFFFFFF)  # the user of a lane that has none
PLATFORM_OF_NOBODY = 4  # the last one, which is not counted
MOST_DEGREE = 255  # contacts of a user that eight bits can count
_SHIFTS = 4 * np.arange(OF_WORD, dtype=np.uint32)[:, None]


class Slices(NamedTuple):
    """Contacts, slice after slice, and who the users of its lanes are.

    A place says where a platform stands: word << 5 | bits to rotate the word to the left by.
    """

    first: U32  # (slices + 1,) where the places of each slice begin
    contacts: U32  # places of lanes 0 to 15, again and again; of nobody where a lane has no more
    user: U32  # (slices * WIDTH,) the user at each lane, or NOBODY
    degree: NDArray[np.float32]  # (slices * WIDTH,) its contacts

    @property
    def n_words(self) -> int:
        """Return the number of words that hold the platforms of users; nobody's comes next."""
        return len(self.user) // OF_WORD


def make_slices(rows: Rows) -> Slices:
    """Return the graph by slice; users are sorted by degree within blocks of ``SORTED``.

    Raises
    ------
    ValueError
        If a user has more contacts than can be counted.
    """
    degree = np.diff(rows.first)
    if degree.max(initial=0) > MOST_DEGREE:
        raise ValueError(f"a user has {degree.max()} contacts; at most {MOST_DEGREE} are counted")
    n, n_lanes = len(degree), -(-len(degree) // GROUP) * GROUP
    user = np.full(n_lanes, NOBODY)
    user[:n] = np.lexsort((degree, np.arange(n) // SORTED))
    of_lane = np.zeros(n_lanes, np.uint32)
    of_lane[:n] = degree[user[:n]]
    length = WIDTH * of_lane.reshape(-1, WIDTH).max(axis=1)
    first = np.concatenate([[0], np.cumsum(length)]).astype(np.uint32)
    place = np.empty(n, np.uint32)
    place[user[:n]] = places(np.arange(n))
    contacts = np.full(first[-1], places(np.array(n_lanes)))
    _fill(rows, user[:n], place, first, contacts)
    return Slices(first, contacts, user, of_lane.astype(np.float32))


def places(lane: I64) -> U32:
    """Return the places of lanes, counted slice after slice."""
    group, rest = np.divmod(lane, GROUP)
    word = group * WIDTH + rest % WIDTH
    return np.asarray(word << 5 | -4 * (rest // WIDTH) % 32, np.uint32)


def pack(slices: Slices, platform: U8) -> U32:
    """Return the words that hold the platforms of users, shape (n,), and nobody's."""
    of_lane = np.full(len(slices.user) + GROUP, PLATFORM_OF_NOBODY, np.uint32)
    of_lane[: len(platform)] = platform[slices.user[: len(platform)]]
    by_slice = of_lane.reshape(-1, OF_WORD, WIDTH) << _SHIFTS
    words: U32 = np.bitwise_or.reduce(by_slice, axis=1)
    return words.ravel()


def unpack(slices: Slices, words: U32, n_users: int) -> U8:
    """Return the platforms of users, shape (n,)."""
    by_word = words[: slices.n_words].reshape(-1, 1, WIDTH)
    of_lane = (by_word >> _SHIFTS) & np.uint32(15)
    platform = np.empty(n_users, np.uint8)
    platform[slices.user[:n_users]] = of_lane.ravel()[:n_users]
    return platform


@jit_loop
def _fill(rows: Rows, user: U32, place: U32, first: U32, contacts: U32) -> None:
    """Write the places of every user's contacts into its lane, rising."""
    for at in range(len(user)):
        begin, end = rows.first[user[at]], rows.first[user[at] + 1]
        lane = first[at // WIDTH] + at % WIDTH
        row = np.sort(place[rows.contacts[begin:end]])
        for k in range(end - begin):
            contacts[lane + WIDTH * k] = row[k]
