"""The sample of users on whom the start is solved, and the users outside it.

Until the users outside are drawn themselves, they copy users of the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, n_blocks
from sim.kernel.arrays import I64, U8, U64, Int
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.vec16 import WIDTH
from sim.rules.networks import Ties
from sim.rules.packed_state import pack_choice_state
from sim.rules.records import Record, Records, layout, records
from sim.rules.tiles import tiles, words_of

MOST_BLOCKS = 128  # of the sample: a quarter of a million users
MAX_TRIES = 64  # in the search for a similar user: there are 42 kinds, most of them rare
NO_KIND = 255
GROUP = 4  # blocks outside the sample computed together: their step records fit a cache, 2 MB
_NOT_NEEDED: I64 = np.zeros(0, np.int64)


class Sample(NamedTuple):
    """Some blocks of users, and their step records; all blocks of a small world."""

    blocks: I64  # (n blocks of the sample,) rising
    place: I64  # (n blocks of the world,) where in the sample, -1: not in it
    rows: I64  # (n users of the sample,)
    step_records: Records  # STEP_RECORD (n users of the sample,)


class Turn(NamedTuple):
    """Which users are drawn in a sweep: every `of`-th slice of sixteen, from slice `k` on."""

    k: int
    of: int


ALL, NOBODY = Turn(0, 1), Turn(-1, 1)


@rule
def queue(base: Int, end: Int, turn: Turn, ties: Ties, line: I64) -> np.int64:
    """Write the ids of the users of this sweep to `line`; return their number."""
    n = np.int64(0)
    for i in range(base, end):
        line[n] = i
        n += np.int64(ties.seat[i]) // WIDTH % turn.of == turn.k
    return n


def draw_sample(n_users: int, n_tiles: int = 1) -> Sample:
    """Return all blocks of a world, or ``MOST_BLOCKS`` at equal distances if it has more."""
    n = n_blocks(n_users)
    blocks = np.unique(np.linspace(0, n - 1, min(n, MOST_BLOCKS)).astype(np.int64))
    place = np.full(n, -1)
    place[blocks] = np.arange(len(blocks))
    rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    rows = rows[rows < n_users]
    return Sample(blocks, place, rows, records(layout(n_tiles).step_record, len(rows)))


def groups(blocks: I64, n_users: int, n_tiles: int = 1) -> Iterator[Sample]:
    """Yield a few `blocks` at a time, without place and rows; step records share memory."""
    step_records = records(layout(n_tiles).step_record, min(len(blocks), GROUP) * BLOCK)
    for first in range(0, len(blocks), GROUP):
        some = blocks[first : first + GROUP]
        n = np.minimum(BLOCK, n_users - some * BLOCK).sum()
        yield Sample(some, _NOT_NEEDED, _NOT_NEEDED, step_records[:n])


@rule
def user_at(some: Sample, at: Int) -> np.int64:
    """Return the user whose step record is ``some.step_records[at]``."""
    return np.int64(some.blocks[at // BLOCK] * BLOCK + at % BLOCK)


@rule
def stand_in(i: Int, sample: Sample, n_users: Int) -> np.int64:
    """Return the user of the sample whom user `i` copies; its blocks are used in turn."""
    block = sample.blocks[i // BLOCK % len(sample.blocks)]
    return np.int64(min(block * BLOCK + i % BLOCK, n_users - 1))


@rule
def kind_of(user: Record) -> np.uint8:
    """Return the kind of a user (age band, type, online); users of a kind are similar."""
    return np.uint8(user.band << 3 | (np.int64(user.type) + 1) << 1 | user.online)


@rule_loop
def kind_rows(first: Int, last: Int, users: Records, sample: Sample, kinds: U8) -> None:
    """Write the kinds of the users of the sample."""
    for at in range(first, last):
        kinds[at] = kind_of(users[sample.rows[at]])


@rule
def alike(i: Int, user: Record, sample: Sample, kinds: U8) -> np.int64:
    """Return a user of the sample of the kind of user `i`, searched from its `stand_in` on."""
    kind, at = kind_of(user), 0
    for k in range(i, i + MAX_TRIES):
        at = k // BLOCK % len(sample.blocks) * BLOCK + k % BLOCK
        if kinds[at] == kind:
            break
    return np.int64(sample.rows[min(at, len(sample.rows) - 1)])


def take_after(state: State, sample: Sample, threads: Threads) -> None:
    """Give users outside the sample the messengers of similar users inside."""
    kinds = np.full(len(sample.blocks) * BLOCK, NO_KIND, np.uint8)  # the last block may be short
    threads.run(kind_rows, len(sample.rows), state.users, sample, kinds)
    threads.run(
        take_after_rows, state.n_users, state.users, sample, kinds, state.public.choice_state,
        state.params,
    )  # fmt: skip


@rule_loop
def take_after_rows(
    first: Int, last: Int, users: Records, sample: Sample, kinds: U8, choice_state: U64,
    params: Record,
) -> None:  # fmt: skip
    """Copy installs that users know of, accounts and habits, and publish them."""
    for i in range(first, last):
        if sample.place[i // BLOCK] < 0:
            user, other = users[i], users[alike(i, users[i], sample, kinds)]
            user.installed = (other.installed & user.aware) * user.online
            user.account = user.installed
            for p in range(len(user.habit)):
                user.habit[p] = other.habit[p] * (user.installed >> p & 1)
            for o in range(tiles(params)):
                states = words_of(choice_state, o, tiles(params))
                states[i] = pack_choice_state(user, params, o)
