"""Candidates: the few users of a block whom chance does not rule out for an event.

Most events are rare. The random bits of all users of a block are drawn together and compared with
a bound of the hazard; users below it are listed without a branch, and only for them the rule is
computed. For all other users the rule would do nothing, so candidates change no result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import U8, U32, U64, Int
from sim.kernel.compiled import rule
from sim.kernel.rng import random_bits, unit
from sim.rules.records import set_type


class CandidateBuffer(NamedTuple):
    """Working memory for the candidates of a block of users."""

    bits64: U64  # (n users,) random bits
    flags: U8  # (n users,) not 0: a candidate; wide enough for a set
    ids: U32  # (n users + 1,) the candidates


def candidate_buffer(n_users: int, n_tiles: int = 1) -> CandidateBuffer:
    """Return working memory for blocks of up to `n_users` users."""
    return CandidateBuffer(
        np.zeros(n_users, np.uint64), np.zeros(n_users, set_type(n_tiles)),
        np.zeros(n_users + 1, np.uint32),
    )  # fmt: skip


@rule
def draw_random_bits(key: np.uint64, base: Int, end: Int, bits64: U64) -> None:
    """Write the `random_bits` of users `base` to `end` - 1."""
    for i in range(base, end):
        bits64[i - base] = random_bits(key, i)


@rule
def append_if(condition: bool, i: Int, ids: U32, n: Int) -> np.int64:
    """Append user `i` to the first `n` of `ids` if a condition holds; return how many there are.

    There is no branch: the place of a user who is not kept is written again by the next one.
    """
    ids[n] = i
    return np.int64(n) + np.int64(condition)


@rule
def list_flagged(base: Int, end: Int, flags: U8, ids: U32) -> np.int64:
    """List the users `base` to `end` - 1 with a flag; return how many."""
    n = np.int64(0)
    for i in range(base, end):
        n = append_if(flags[i - base] != 0, i, ids, n)
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
