"""Eight numbers read from arrays, written and added to them, against numpy."""

import numpy as np
import pytest

from sim.kernel.compiled import jit_loop
from sim.kernel.vec8 import (
    USED,
    WIDTH,
    add_to,
    count,
    insert_lane,
    read,
    read_tile,
    words_of,
    write,
    write_tile,
)
from tests.kernel.test_vec8 import N, random_numbers, same, single

pytestmark = pytest.mark.interpreted

RNG = np.random.default_rng(5)


@jit_loop
def copy_rows(a, found):
    for i in range(len(a)):
        write(found[i], read(a[i]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_written_is_what_was_read_and_nothing_beyond(kind):
    given, found = random_numbers(kind), np.full((N + 1, USED), 7, kind)
    copy_rows(given, found[:N])
    same(found[:N], single(given))
    same(found[N], 7)


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
def test_whole_numbers_are_the_nearest_and_end_with_their_type(kind):
    ends = np.iinfo(kind)
    every = np.arange(ends.min, ends.max + 1)[: 2**16 // USED * USED].reshape(-1, USED)
    found = np.full((len(every) + 1, USED), 7, kind)
    copy_rows(every.astype(kind), found[:-1])
    same(found, np.vstack([every, [7] * USED]))
    middles = [0.5, 1.5, 2.50001, -0.5, -1.5, -0.4]
    beyond = [ends.max + 0.4, ends.max + 0.5, 3e38, np.inf, ends.min - 3.0, -np.inf]
    copy_rows(single([middles, beyond]), found[:2])
    same(found[0], [0, 2, 3, *([0, -2, 0] if ends.min else [0, 0, 0])])
    same(found[1], [*[ends.max] * 4, *[ends.min] * 2])


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_whole_numbers_of_one_byte_are_read(kind):
    every = np.arange(-128, 128).astype(kind)[:252].reshape(-1, USED)
    found = np.zeros(every.shape, np.float32)
    copy_rows(every, found)
    same(found, every)


@jit_loop
def add_rows(a, sums):
    for i in range(len(a)):
        add_to(sums, WIDTH, insert_lane(read(a[i]), 2.0))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_numbers_are_added_up_in_the_precision_of_the_sums(kind):
    a = single(RNG.normal(size=(N, USED)))
    sums, expected = np.ones(3 * WIDTH, kind), np.ones(USED, kind)
    add_rows(a, sums)
    for row in a:
        expected += row
    same(sums[WIDTH : WIDTH + USED], expected)
    same(sums[WIDTH + USED : 2 * WIDTH], [1 + 2 * N, 1])
    same(np.delete(sums, np.s_[WIDTH : 2 * WIDTH]), 1)


@jit_loop
def count_all(words, counts):
    for word in words:
        count(counts, 1, word)


def test_bits_are_counted():
    words = RNG.integers(-(2**63), 2**63 - 1, 300)
    counts = np.full(66, 7, np.uint16)
    count_all(words, counts)
    assert (counts[1:65] - 7).tolist() == [(words >> k & 1).sum() for k in range(64)]
    assert counts[[0, 65]].tolist() == [7, 7]


@jit_loop
def exchange(numbers, words, found, kept):
    write_tile(found, 0, read_tile(numbers, 1))
    write_tile(found, 1, read_tile(numbers, 0))
    for k in range(3):
        kept[k] = words_of(words, 1, 2)[k]


def test_numbers_and_words_are_found_by_tile():
    numbers, found = np.arange(12, dtype=np.float32), np.zeros(12, np.float32)
    words, kept = np.arange(6, dtype=np.uint64), np.zeros(3, np.uint64)
    exchange(numbers, words, found, kept)
    assert found.tolist() == [*range(6, 12), *range(6)]
    assert kept.tolist() == [3, 4, 5]
