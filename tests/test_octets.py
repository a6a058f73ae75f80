"""Eight numbers side by side, one a messenger: each operation against numpy.

Each test calls a small function that is compiled, or interpreted with NUMBA_DISABLE_JIT=1.
"""

from pathlib import Path

import numpy as np
import pytest

from sim import octets
from sim.compiled import jit_loop
from sim.octets import (
    USED,
    WIDTH,
    add_to,
    beside,
    bits_of,
    bytes_of,
    exp,
    flags,
    largest,
    look_up,
    lowest,
    nearest,
    number_at,
    octet_of,
    power_of_two,
    read,
    splat,
    total,
    where,
    word_of,
    write,
)

pytestmark = pytest.mark.interpreted

RNG = np.random.default_rng(4)
N = 200
SPECIAL = [0.0, -0.0, 1.0, np.inf, -np.inf, 1e300]


def random_numbers(dtype=np.float64):
    found = RNG.normal(size=(N, USED)) * 10.0 ** RNG.integers(-9, 9, (N, USED))
    found[:USED] = [np.roll(SPECIAL, k) for k in range(USED)]
    with np.errstate(over="ignore"):
        return found.astype(dtype)


A, B = random_numbers(), random_numbers()[::-1].copy()


def same(found, expected):
    np.testing.assert_array_equal(found, expected)


@jit_loop
def exponentials(a, found):
    for i in range(len(a)):
        write(found[0, i], exp(read(a[i])))
        write(found[1, i], power_of_two(nearest(read(a[i]))))


def test_exponentials():
    a = np.concatenate(
        [RNG.normal(size=(N, USED)) * 10, [[-800.0, 800.0, 0.0, 700.0, -700.0, 0.5]]]
    )
    found = np.zeros((2, *a.shape))
    exponentials(a, found)
    np.testing.assert_allclose(found[0], np.exp(np.clip(a, -700, 700)), rtol=1e-12)
    assert found[0, -1, 2] == 1.0
    same(found[1, :-1], 2.0 ** np.rint(a[:-1]))


@jit_loop
def side_by_side(a, found):
    for i in range(len(a)):
        x = a[i]
        write(found[i], octet_of(x[5], x[4], x[3], x[2], x[1], x[0], 7.0, 8.0))


def test_eight_numbers_are_put_side_by_side():
    found = np.zeros_like(A)
    side_by_side(A, found)
    same(found, A[:, ::-1])


@jit_loop
def arithmetic(a, b, found):
    for i in range(len(a)):
        x, y = read(a[i]), read(b[i])
        write(found[0, i], x + y)
        write(found[1, i], x - y)
        write(found[2, i], x * y)
        write(found[3, i], 1.5 * x)
        write(found[4, i], where(x > y, x, y))
        write(found[5, i], where(x < 0.25, 1.0, y))
        write(found[6, i], where(x >= 0.0, x, 0.0))
        write(found[7, i], splat(0.1))


def test_arithmetic_is_that_of_numpy():
    found = np.zeros((8, N, USED))
    with np.errstate(all="ignore"):
        arithmetic(A, B, found)
        for k, one in enumerate([A + B, A - B, A * B, 1.5 * A]):
            same(found[k], one)
        same(found[4], np.where(A > B, A, B))
        same(found[5], np.where(A < 0.25, 1.0, B))
        same(found[6], np.where(A >= 0, A, 0.0))
        same(found[7], np.full((N, USED), 0.1))


@jit_loop
def copy_rows(a, found):
    for i in range(len(a)):
        write(found[i], read(a[i]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_written_is_what_was_read_and_nothing_beyond(kind):
    given, found = random_numbers(kind), np.full((N + 1, USED), 7, kind)
    copy_rows(given, found[:N])
    same(found[:N], given)
    same(found[N], 7)


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
def test_whole_numbers_are_the_nearest_and_end_with_their_type(kind):
    ends = np.iinfo(kind)
    every = np.arange(ends.min, ends.max + 1)[: 2**16 // USED * USED].reshape(-1, USED)
    found = np.full((len(every) + 1, USED), 7, kind)
    copy_rows(every.astype(kind), found[:-1])
    same(found, np.vstack([every, [7] * USED]))
    middles = [0.5, 1.5, 2.5000001, -0.5, -1.5, -0.4]
    beyond = [ends.max + 0.4, ends.max + 0.5, 1e300, np.inf, ends.min - 3.0, -np.inf]
    copy_rows(np.array([middles, beyond]), found[:2])
    same(found[0], [0, 2, 3, *([0, -2, 0] if ends.min else [0, 0, 0])])
    same(found[1], [*[ends.max] * 4, *[ends.min] * 2])


@jit_loop
def reduce_rows(a, b, sums, most, equal, one):
    for i in range(len(a)):
        x, y = read(a[i]), read(b[i])
        sums[i], most[i] = total(x), largest(x)
        equal[i] = bits_of((x == y) & (x >= -1.0))
        one[i] = number_at(x, i % USED)


def test_reductions_are_those_of_numpy_halves_added_first():
    sums, most, one, equal = np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N, np.int64)
    b = np.where(RNG.random(A.shape) < 0.5, A, B)
    with np.errstate(invalid="ignore"):
        reduce_rows(A, b, sums, most, equal, one)
        same(sums, (A[:, 0] + A[:, 4] + A[:, 2]) + (A[:, 1] + A[:, 5] + A[:, 3]))
    same(most, np.maximum(A.max(axis=1), 0.0))  # the last two are 0
    held = np.pad((b == A) & (A >= -1), ((0, 0), (0, 2)), constant_values=True)
    same(equal, held @ (1 << np.arange(WIDTH)))
    same(one, A[np.arange(N), np.arange(N) % USED])


@jit_loop
def turn_words(words, held, found, back, low):
    for i in range(len(words)):
        write(found[i], where(flags(held[i]), bytes_of(words[i]), -1.0))
        back[i] = word_of(bytes_of(words[i]) + 0.9, 8)
        low[i] = lowest(held[i])


def test_words_are_bytes_and_bits():
    words = RNG.integers(0, 2**63, N).astype(np.uint64)
    held = RNG.integers(1, 256, N)
    found, back, low = np.zeros((N, USED)), np.zeros(N, np.int64), np.zeros(N, np.int64)
    turn_words(words, held, found, back, low)
    has = (held[:, None] >> np.arange(USED) & 1) != 0
    parts = words.view(np.uint8).reshape(N, WIDTH)[:, :USED].astype(float)
    same(found, np.where(has, parts, -1.0))
    same(back, words & np.uint64(2**48 - 1))
    same(low, [int(bits & -bits).bit_length() - 1 for bits in held.tolist()])


@jit_loop
def find_and_add(table, a, sums):
    for i in range(len(a)):
        add_to(sums, WIDTH, beside(look_up(table, read(a[i])), 2.0))


def test_numbers_of_a_table_are_added_up():
    table, at = RNG.normal(size=50), RNG.uniform(0, 50, (N, USED))
    sums, expected = np.ones(3 * WIDTH), np.ones(USED)
    find_and_add(table, at, sums)
    for row in at:
        expected += table[row.astype(int)]
    same(sums[WIDTH : WIDTH + USED], expected)
    same(sums[WIDTH + USED : 2 * WIDTH], [1 + 2 * N, 1])
    same(np.delete(sums, np.s_[WIDTH : 2 * WIDTH]), 1)


def test_every_operation_of_octets_is_tested():
    source = Path(__file__).read_text(encoding="utf-8")
    operations = {name for name in octets.__all__ if name.islower()}
    assert {name for name in operations if f"{name}(" in source} == operations
