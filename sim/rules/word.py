"""All that a contact must see of a user, in one 64-bit word: one memory touch a tie.

bits 0-7     messengers the user can be reached on (installed, with an account)
bits 8-15    place (region and VPN): which restrictions apply
bits 16-63   habit by messenger, 8 bits each: h = level / 255

Both ends of a tie use the quantised habit, so the choice on a tie is the same from either end.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.records import MAX, Record

_BYTE = np.uint64(0xFF)


@jit
def usable(word: np.uint64) -> np.int64:
    """Return the bits of the messengers the user can be reached on."""
    return np.int64(word & _BYTE)


@jit
def place(word: np.uint64) -> np.int64:
    """Return the user's place."""
    return np.int64((word >> np.uint64(8)) & _BYTE)


@jit
def habit_level(word: np.uint64, platform: int) -> np.int64:
    """Return the quantised habit, 0 to 255."""
    return np.int64((word >> np.uint64(16 + 8 * platform)) & _BYTE)


@jit
def in_use(user: Record) -> np.int64:
    """Return the bits of the messengers that are installed and have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@jit
def pack(user: Record) -> np.uint64:
    """Return the word of `user`."""
    word = np.uint64(in_use(user)) | (np.uint64(user.place) << np.uint64(8))
    for p in range(MAX):
        level = np.uint64(np.int64(user.habit[p] * 255.0 + 0.5))
        word |= level << np.uint64(16 + 8 * p)
    return word
