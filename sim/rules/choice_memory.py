"""Working memory of the choice, and what it records of a user (docs/model.md, 2.3).

Sixteen users are computed together, one a lane. Memory is rows of sixteen numbers, one a lane:

- results, 2 x 16 rows: sums of use by channel and platform (`use_row`), of welfare and helpers;
  then, by channel, how well users reach their contacts, and the contact of the step. Transposed,
  each row is that of one user;
- what each lane has on all its ties: degree, weights, share of calls, factors by level;
- a block of rows for each messenger (`block_of`);
- for each tile but the first, choice states of users and contacts, and results by messenger.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import aligned
from sim.kernel.arrays import F32, Int
from sim.kernel.compiled import rule
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    bits_of,
    floats_of,
    load,
    number_at,
    store,
    transpose,
    where,
    zeros,
)
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, Record

N_RESULT_ROWS = 2 * MAX + 4
WELFARE, HELPERS, REACH, SECURE, ABROAD, PARTNER = 14, 15, 16, 18, 20, 22
SCALE, ABROAD_WEIGHT, DEGREE, TOTAL, CALL_SHARE = range(23, 28)
# positions of the tables of factors by level, and of the blocks of messengers
HABIT_TABLE, FEAR_TABLE, _BLOCKS, _BLOCK_SIZE = 28 * WIDTH, 30 * WIDTH, 31 * WIDTH, 5 * WIDTH
_TILE_SIZE = MAX * _BLOCK_SIZE + (3 + WIDTH) * WIDTH  # blocks, choice states, results
# rows of a block: the user's own factors, then exp(v) on the present tie
HABIT_ROW, FEAR_ROW, MESSAGE_ROW, SENSITIVE_ROW, CALL_ROW = (k * WIDTH for k in range(5))


class Sums(NamedTuple):
    """Sums over the ties of sixteen users; `best_message`, `best_call` are of the last tie."""

    welfare: Floats
    helpers: Floats
    alone_message: Floats  # share of communication by cellular
    alone_call: Floats
    reach_message: Floats
    reach_call: Floats
    secure_message: Floats
    secure_call: Floats
    best_message: Floats
    best_call: Floats


def working_memory(n_tiles: int = 1) -> F32:
    """Return the working memory of one thread, flat."""
    return aligned.zeros(_BLOCKS + n_tiles * _TILE_SIZE, np.float32)


@rule
def block_of(p: Int, o: Int = 0) -> Int:
    """Return the position at which the rows of messenger `p` of tile `o` begin."""
    return _BLOCKS + o * _TILE_SIZE + p * _BLOCK_SIZE


@rule
def own_row(o: Int) -> Int:
    """Return the position of the low halves of the users' choice states of tile `o`."""
    return block_of(MAX, o)


@rule
def contact_row(o: Int) -> Int:
    """Return the position of the low halves of the contacts' choice states; then the high ones."""
    return own_row(o) + WIDTH


@rule
def results_of(o: Int) -> Int:
    """Return the position of the results of tile `o`, which is not the first."""
    return own_row(o) + 3 * WIDTH


@rule
def use_row(c: Int, p: Int, o: Int = 0) -> Int:
    """Return the position of the row that sums use on channel `c` of messenger `p` of tile `o`.

    Cellular is the last messenger of the first tile.
    """
    if o > 0:
        return results_of(o) + (c * MAX + p) * WIDTH
    return (c * (MAX + 1) + p) * WIDTH


@rule
def clear_results(memory: F32, n_tiles: Int) -> None:
    """Set the rows of results to 0."""
    for row in range(N_RESULT_ROWS):
        store(memory, row * WIDTH, zeros())
    for o in range(1, n_tiles):
        for row in range(2 * MAX):
            store(memory, results_of(o) + row * WIDTH, zeros())


@rule
def store_results(
    helpers: Floats, sums: Sums, sms_share: np.float32, partner: Ints, memory: F32, n_tiles: Int
) -> None:
    """Write the sums of sixteen users to the rows of results, and transpose them.

    Of the messages that no messenger carries, `sms_share` are sent as SMS, the others not at all.
    """
    store(memory, HELPERS * WIDTH, helpers)
    store(memory, WELFARE * WIDTH, sums.welfare)
    store(memory, use_row(MESSAGE, CELLULAR), sms_share * sums.alone_message)
    store(memory, use_row(CALL, CELLULAR), sums.alone_call)
    store(memory, (REACH + MESSAGE) * WIDTH, sums.reach_message)
    store(memory, (REACH + CALL) * WIDTH, sums.reach_call)
    store(memory, (SECURE + MESSAGE) * WIDTH, sums.secure_message)
    store(memory, (SECURE + CALL) * WIDTH, sums.secure_call)
    has_abroad = load(memory, ABROAD_WEIGHT * WIDTH) > 0.0  # then the last tie goes abroad
    store(memory, (ABROAD + MESSAGE) * WIDTH, where(has_abroad, sums.best_message, 0.0))
    store(memory, (ABROAD + CALL) * WIDTH, where(has_abroad, sums.best_call, 0.0))
    store(memory, PARTNER * WIDTH, floats_of(partner))
    transpose(memory, 0)
    transpose(memory, WIDTH * WIDTH)
    for o in range(1, n_tiles):
        transpose(memory, results_of(o))


@rule
def write_step_record(lane: Int, step_record: Record, memory: F32) -> None:
    """Write the results of one lane, after `store_results`, to the record of its user."""
    one, two = load(memory, lane * WIDTH), load(memory, (WIDTH + lane) * WIDTH)
    for c in range(2):
        for p in range(MAX):
            step_record.use[c, p] = number_at(one, use_row(c, p) // WIDTH)
        step_record.use[c, -1] = number_at(one, use_row(c, CELLULAR) // WIDTH)
    for o in range(1, len(step_record.openings) // MAX):
        more = load(memory, results_of(o) + lane * WIDTH)
        for c in range(2):
            for p in range(MAX):
                step_record.use[c, MAX * o + p] = number_at(more, c * MAX + p)
    step_record.welfare, step_record.helpers = number_at(one, WELFARE), number_at(one, HELPERS)
    for c in range(2):
        step_record.reachable[c] = number_at(two, REACH + c - WIDTH)
    for c in range(2):
        step_record.secure[c] = number_at(two, SECURE + c - WIDTH)
    for c in range(2):
        step_record.abroad[c] = number_at(two, ABROAD + c - WIDTH)
    step_record.partner = number_at(bits_of(two), PARTNER - WIDTH)
