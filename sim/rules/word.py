"""All that a contact must see of a user, in one 64-bit word: one memory touch a tie.

bits 0-7     messengers the user can be reached on (on the first phone, with an account)
bits 8-15    place (region and VPN): which restrictions apply
bits 16-63   a level by messenger, 8 bits each: 5 for the habit, 3 for the fear of being read

    h = (level & 31) / 31          f = MOST_FEAR ((level >> 5) / 7)^2

Both ends of a tie use the quantised values, so the choice on a tie is the same from either end.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules.beliefs import fear
from sim.rules.records import MAX, Record

HABIT_STEPS, FEAR_STEPS = 31, 7
MOST_FEAR = 4.0  # of kappa b
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
def level(word: np.uint64, platform: int) -> np.int64:
    """Return the level of habit and fear, 0 to 255."""
    return np.int64((word >> np.uint64(16 + 8 * platform)) & _BYTE)


@jit
def in_use(user: Record) -> np.int64:
    """Return the bits of the messengers on the first phone that have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@jit
def quantised(habit: float, fear_of_it: float) -> np.int64:
    """Return the level of a habit in [0, 1] and a fear from 0, each rounded to the nearest."""
    root = np.sqrt(min(fear_of_it, MOST_FEAR) / MOST_FEAR)
    steps = np.int64(root * FEAR_STEPS + 0.5)
    return np.int64(habit * HABIT_STEPS + 0.5) | steps << 5


@jit
def pack(user: Record) -> np.uint64:
    """Return the word of `user`."""
    word = np.uint64(in_use(user)) | (np.uint64(user.place) << np.uint64(8))
    for p in range(MAX):
        both = np.uint64(quantised(np.float64(user.habit[p]), fear(user, p)))
        word |= both << np.uint64(16 + 8 * p)
    return word
