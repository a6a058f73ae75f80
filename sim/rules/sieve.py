"""Lists of the few users of a block whom a rule may touch.

Most events are rare, and luck alone refuses them to nearly everybody. It is drawn for all users of
a block, many side by side; who is left is listed without a branch, as no processor can guess whom
chance picks; and the rule is asked for those on the list. To all others it would do nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import luck_of, unit
from sim.rules.records import U8, U32, U64, Int


class Sieve(NamedTuple):
    """Room for the users of a block."""

    luck: U64  # (n users,)
    touched: U8  # (n users,) not 0: listed
    few: U32  # (n users + 1,) those


def sieve(n_users: int) -> Sieve:
    """Return room for `n_users`."""
    return Sieve(
        np.zeros(n_users, np.uint64), np.zeros(n_users, np.uint8), np.zeros(n_users + 1, np.uint32)
    )


@rule
def draw(key: np.uint64, base: Int, end: Int, luck: U64) -> None:
    """Write `luck_of` users `base` to `end` - 1."""
    for i in range(base, end):
        luck[i - base] = luck_of(key, i)


@rule
def sift(base: Int, end: Int, touched: U8, few: U32) -> np.int64:
    """List the users `base` to `end` - 1 who are touched; return how many."""
    n = np.int64(0)
    for i in range(base, end):
        few[n] = i
        n += np.int64(touched[i - base] != 0)
    return n


@rule
def lucky(key: np.uint64, base: Int, end: Int, bound: float, room: Sieve, few: U32) -> np.int64:
    """List the users whose `uniform` under `key` is below a bound; return how many."""
    draw(key, base, end, room.luck)
    for i in range(base, end):
        room.touched[i - base] = unit(room.luck[i - base]) < bound
    return sift(base, end, room.touched, few)
