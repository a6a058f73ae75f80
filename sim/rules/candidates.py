"""Lists of the few users of a block whom a rule may touch.

Most events are rare, and luck alone refuses them to nearly everybody. It is drawn for all users of
a block, many side by side; who is left is listed without a branch, as no processor can guess whom
chance picks; and the rule is asked for those on the list. To all others it would do nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import random_bits, unit
from sim.rules.records import U8, U32, U64, Int


class CandidateBuffer(NamedTuple):
    """Room for the users of a block."""

    bits64: U64  # (n users,)
    flags: U8  # (n users,) not 0: listed
    ids: U32  # (n users + 1,) those


def candidate_buffer(n_users: int) -> CandidateBuffer:
    """Return room for `n_users`."""
    return CandidateBuffer(
        np.zeros(n_users, np.uint64), np.zeros(n_users, np.uint8), np.zeros(n_users + 1, np.uint32)
    )


@rule
def draw_random_bits(key: np.uint64, base: Int, end: Int, bits64: U64) -> None:
    """Write `random_bits` users `base` to `end` - 1."""
    for i in range(base, end):
        bits64[i - base] = random_bits(key, i)


@rule
def list_flagged(base: Int, end: Int, flags: U8, ids: U32) -> np.int64:
    """List the users `base` to `end` - 1 who are touched; return how many."""
    n = np.int64(0)
    for i in range(base, end):
        ids[n] = i
        n += np.int64(flags[i - base] != 0)
    return n


@rule
def sample_candidates(
    key: np.uint64, base: Int, end: Int, bound: float, buffer: CandidateBuffer, ids: U32
) -> np.int64:
    """List the users whose `uniform` under `key` is below a bound; return how many."""
    draw_random_bits(key, base, end, buffer.bits64)
    for i in range(base, end):
        buffer.flags[i - base] = unit(buffer.bits64[i - base]) < bound
    return list_flagged(base, end, buffer.flags, ids)
