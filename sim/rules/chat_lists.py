"""How a user's group chats are listed, and where they are in a step (docs/model.md, 2.5b).

Chats are counted by messenger in the bytes of a 64-bit number, one byte a messenger of a tile,
so that a user's chats are read without a branch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.rules.networks import INVITED, ORDERED, WINDOW, Chats
from sim.rules.records import MAX

_BYTES = (1 << 8 * MAX) - 1  # one a messenger
_USUAL_CHATS = 2  # always read, also for users with fewer: cheaper than a mispredicted branch


class ChatsOfUser(NamedTuple):
    """Where those chats of one user are that are on messengers of one tile."""

    counts: np.int64  # number of chats by messenger, a byte each
    moved: np.int64  # messengers that chats moved to, a byte for each way in which they moved


@rule
def chats_of(i: Int, chats: Chats, o: Int = 0) -> ChatsOfUser:
    """Return where the chats of user `i` are in tile `o`, and how they moved in this step."""
    counts, moved = np.int64(0), np.int64(0)
    first, last = first_chat(i, chats), first_chat(i + 1, chats)
    for k in range(_USUAL_CHATS):
        if first + k < chats.of_user.shape[0]:
            is_here, has_moved = _chat_bits(first + k, last, chats, o)
            counts, moved = counts + is_here, moved | has_moved
    for at in range(first + _USUAL_CHATS, last):
        is_here, has_moved = _chat_bits(at, last, chats, o)
        counts, moved = counts + is_here, moved | has_moved
    return ChatsOfUser(counts, moved)


@rule
def chat_counts(found: ChatsOfUser) -> np.uint64:
    """Return the number of chats by messenger, a byte each."""
    return np.uint64(found.counts & _BYTES)


@rule
def has_chat(counts: np.uint64, lane: Int) -> bool:
    """Say whether a chat is on the messenger of a lane, of the counts of its tile."""
    return bool((np.int64(counts) >> 8 * lane) & 0xFF > 0)


@rule
def ordered_to(found: ChatsOfUser) -> np.int64:
    """Return the set of messengers that chats were ordered to in this step."""
    return (found.moved >> 8 * ORDERED) & 0xFF


@rule
def invited_to(found: ChatsOfUser) -> np.int64:
    """Return the set of messengers that chats agreed to move to in this step."""
    return (found.moved >> 8 * INVITED) & 0xFF


@rule
def first_chat(i: Int, chats: Chats) -> np.int64:
    """Return where the chats of user `i` begin in ``chats.of_user``."""
    return np.int64(chats.window[i // WINDOW]) + np.int64(chats.begin[i])


@rule
def _chat_bits(at: Int, last: Int, chats: Chats, o: Int) -> tuple[np.int64, np.int64]:
    """Return 1 in the byte of a chat's messenger, and its messenger's bit in the byte of its move.

    A chat from `last` on belongs to another user: both are 0. NOWHERE and messengers of other
    tiles are the last bytes, which are not read.
    """
    g, is_own = np.int64(chats.of_user[at]), np.int64(at < last)
    here = np.int64(min(np.uint64(np.int64(chats.platform[g]) - MAX * o), np.uint64(7)))
    return is_own << 8 * here, is_own << 8 * np.int64(chats.moved[g]) + here
