"""Eight numbers side by side, one a messenger: each operation against numpy.

Each test calls a small function that is compiled, or interpreted with NUMBA_DISABLE_JIT=1.
"""

from pathlib import Path

import numpy as np
import pytest

from sim.kernel import vec8
from sim.kernel.compiled import jit_loop
from sim.kernel.vec8 import (
    USED,
    WIDTH,
    bits_of,
    bytes_of,
    flags,
    fma,
    largest,
    lowest,
    number_at,
    read,
    splat,
    total,
    vec8_of,
    where,
    word_of,
    write,
)

pytestmark = pytest.mark.interpreted

RNG = np.random.default_rng(4)
N = 200
SPECIAL = [0.0, -0.0, 1.0, np.inf, -np.inf, 3e38]


def random_numbers(dtype=np.float32):
    found = RNG.normal(size=(N, USED)) * 10.0 ** RNG.integers(-9, 9, (N, USED))
    found[:USED] = [np.roll(SPECIAL, k) for k in range(USED)]
    return found.astype(dtype)


A, B, C = random_numbers(), random_numbers()[::-1].copy(), random_numbers()


def single(array):
    return np.asarray(array).astype(np.float32)


def same(found, expected):
    np.testing.assert_array_equal(found, expected)


# Exponentials and logarithms.


# Uniform draws.


# Arithmetic.


@jit_loop
def side_by_side(a, found):
    for i in range(len(a)):
        x = a[i]
        write(found[i], vec8_of(x[5], x[4], x[3], x[2], x[1], x[0], 7.0, 8.0))


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
        write(found[3, i], x / y)
        write(found[4, i], 1.5 * x)
        write(found[5, i], 1.0 / x)
        write(found[6, i], 0.1 - x)
        write(found[7, i], splat(0.1))


def test_arithmetic_is_that_of_numpy_in_single_precision():
    found, tenth = np.zeros((8, N, USED), np.float32), np.float32(0.1)
    with np.errstate(all="ignore"):
        arithmetic(A, B, found)
        expected = [A + B, A - B, A * B, A / B, np.float32(1.5) * A, np.float32(1) / A, tenth - A]
    for k, one in enumerate(expected):
        assert one.dtype == np.float32
        same(found[k], one)
    same(found[7], np.full((N, USED), tenth))


@jit_loop
def comparisons(a, b, found):
    for i in range(len(a)):
        x, y = read(a[i]), read(b[i])
        write(found[0, i], where(x > y, x, y))
        write(found[1, i], where(x < 0.25, 1.0, y))
        write(found[2, i], where(x >= y, x, 0.0))
        write(found[3, i], where(x <= y, x, 0.0))
        write(found[4, i], where((x == y) & (x >= -1.0), 1.0, 0.0))


def test_comparisons_are_those_of_numpy():
    found, b = np.zeros((5, N, USED), np.float32), np.where(RNG.random(A.shape) < 0.5, A, B)
    comparisons(A, b, found)
    same(found[0], np.where(b < A, A, b))
    same(found[1], np.where(A < 0.25, np.float32(1), b))
    same(found[2], np.where(b <= A, A, 0))
    same(found[3], np.where(b >= A, A, 0))
    same(found[4], (b == A) & (A >= -1))


@jit_loop
def fused(a, b, c, found):
    for i in range(len(a)):
        write(found[0, i], fma(read(a[i]), read(b[i]), read(c[i])))
        write(found[1, i], fma(read(a[i]), 2.0, -1.0))


def test_a_product_and_a_sum_are_rounded_once():
    a, b, c = (single(RNG.uniform(-4, 4, (N, USED))) for _ in range(3))
    found = np.zeros((2, N, USED), np.float32)
    fused(a, b, c, found)
    same(found[0], single(a.astype(float) * b + c))  # the product is exact in double precision
    same(found[1], single(a.astype(float) * 2 - 1))
    assert (found[0] != a * b + c).any()  # rounded twice


# Lanes, words and bits.


@jit_loop
def reduce_rows(a, b, sums, most, equal, one):
    for i in range(len(a)):
        x, y = read(a[i]), read(b[i])
        sums[i], most[i] = total(x), largest(x)
        equal[i] = bits_of((x == y) & (x >= -1.0))
        one[i] = number_at(x, i % USED)


def test_reductions_are_those_of_numpy_halves_added_first():
    (sums, most, one), equal = np.zeros((3, N), np.float32), np.zeros(N, np.int64)
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
        back[i] = word_of(bytes_of(words[i]) + 0.9)
        low[i] = lowest(held[i])


def test_words_are_bytes_and_bits():
    words = RNG.integers(0, 2**64, N, dtype=np.uint64)
    held = RNG.integers(1, 256, N)
    found, back, low = np.zeros((N, USED), "f4"), np.zeros(N, np.int64), np.zeros(N, np.int64)
    turn_words(words, held, found, back, low)
    has = (held[:, None] >> np.arange(USED) & 1) != 0
    parts = words.view(np.uint8).reshape(N, WIDTH)[:, :USED].astype(float)
    same(found, np.where(has, parts, -1.0))
    same(back, words & np.uint64(2**48 - 1))
    same(low, [int(bits & -bits).bit_length() - 1 for bits in held.tolist()])


def test_every_operation_of_tiles_is_tested():
    files = Path(__file__).parent.glob("test_vec8*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    operations = {name for name in vec8.__all__ if name.islower()}
    assert {name for name in operations if f"{name}(" in source} == operations
