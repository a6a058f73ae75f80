"""Sixteen numbers side by side: each operation against numpy, and every lane for itself."""

import numpy as np
import pytest

from sim.kernel.compiled import INTERPRETED, jit_loop
from sim.kernel.vec16 import (
    WIDTH,
    any_bits,
    bits_of,
    decode,
    exponent,
    floats_of,
    fma,
    ln,
    load,
    maximum,
    pick,
    rotate,
    splat,
    store,
    where,
    zeros,
)
from tests.helpers.lanes import RNG, A, B, N, floats, same

pytestmark = pytest.mark.interpreted

SPECIAL_INTS = np.array(
    [0, 1, -1, 2**31 - 1, -(2**31), 0x55555555, -0x55555556, 31, 32, 255, 256, -256, 23, 2**22,
     -(2**22), 2**16], np.int32,
)  # fmt: skip


def random_ints():
    drawn = RNG.integers(-(2**31), 2**31, N - 4 * WIDTH).astype(np.int32)
    return np.concatenate([*[np.roll(SPECIAL_INTS, k) for k in range(4)], drawn])


K, J = random_ints(), np.concatenate([np.tile(SPECIAL_INTS, 4), random_ints()[4 * WIDTH :]])


def ints(n=N):
    return np.zeros(n, np.int32)


def quiet():
    """Let numpy be silent about what IEEE 754 has a value for."""
    return np.errstate(all="ignore")


@jit_loop
def arithmetic(a, b, found):
    for at in range(0, len(a), WIDTH):
        x, y = load(a, at), load(b, at)
        store(found[0], at, x + y)
        store(found[1], at, x - y)
        store(found[2], at, x * y)
        store(found[3], at, x / y)
        store(found[4], at, maximum(x, y))
        store(found[5], at, where(x > y, x, y))
        store(found[6], at, x + 1.5)
        store(found[7], at, where(x > 0.25, 1.0, 0.0))
        store(found[8], at, splat(0.1))
        store(found[9], at, zeros())


def numbers_only(*arrays):
    """Return where no array holds NaN."""
    return ~np.any([np.isnan(a) for a in arrays], axis=0)


def test_arithmetic_on_floats_is_that_of_numpy():
    found = np.zeros((10, N), np.float32)
    with quiet():
        arithmetic(A, B, found)
        expected = [A + B, A - B, A * B, A / B]
    for k, one in enumerate(expected):
        same(found[k], one)
    both = numbers_only(A, B)
    same(found[4, both], np.maximum(A, B)[both])
    same(found[5], np.where(A > B, A, B))
    same(found[6], A + np.float32(1.5))
    same(found[7], (A > 0.25).astype(np.float32))
    same(found[8], np.full(N, 0.1, np.float32))
    same(found[9], floats())


@jit_loop
def on_ints(i, j, found):
    for at in range(0, len(i), WIDTH):
        x, y = load(i, at), load(j, at)
        store(found[0], at, x + y)
        store(found[1], at, x - y)
        store(found[2], at, x & y)
        store(found[3], at, x | y)
        store(found[4], at, x & 0xFF)
        store(found[5], at, x + 1)
        store(found[6], at, rotate(x, 5))
        store(found[7], at, rotate(x, 31))
        store(found[8], at, (x >> 6) & 0xFF)
        store(found[9], at, x >> 23)


def turned(bits, by):
    return bits << np.uint32(by) | bits >> np.uint32(32 - by)


def test_arithmetic_on_whole_numbers_is_that_of_numpy():
    found, bits = np.zeros((10, N), np.int32), K.view(np.uint32)
    with quiet():
        on_ints(K, J, found)
        expected = [K + J, K - J, K & J, K | J, K & 0xFF, K + np.int32(1)]
    for k, one in enumerate(expected):
        same(found[k], one.astype(np.int32))
    same(found[6], turned(bits, 5).view(np.int32))
    same(found[7], turned(bits, 31).view(np.int32))
    same(found[8], ((bits >> np.uint32(6)) & np.uint32(0xFF)).view(np.int32))


def test_a_shift_to_the_right_keeps_the_sign():
    found = np.zeros((10, N), np.int32)
    with quiet():
        on_ints(K, J, found)
    same(found[9], K >> np.int32(23))


@jit_loop
def compared(i, j, a, found):
    for at in range(0, len(i), WIDTH):
        x, y, f = load(i, at), load(j, at), load(a, at)
        store(found[0], at, where(x > y, 1.0, 0.0))
        store(found[1], at, where(x == y, 1.0, 0.0))
        store(found[2], at, where(x != y, 1.0, 0.0))
        store(found[3], at, where((x & 4) != 0, 1.0, 0.0))
        store(found[4], at, where((x > 0) & (f > 0.0), 1.0, 0.0))
        store(found[5], at, where(f > f + 1.0, 1.0, f))


def test_comparisons_are_those_of_numpy():
    found = np.zeros((6, N), np.float32)
    with quiet():
        compared(K, J, A, found)
    expected = [K > J, K == J, K != J, K & 4 != 0, (K > 0) & (A > 0)]
    for k, one in enumerate(expected):
        same(found[k], one.astype(np.float32))
    same(found[5], A)


@jit_loop
def fused(a, b, c, found):
    for at in range(0, len(a), WIDTH):
        store(found[0], at, fma(load(a, at), load(b, at), load(c, at)))
        store(found[1], at, fma(load(a, at), 2.0, -1.0))


def test_a_product_and_a_sum_are_rounded_once():
    a, b, c = (RNG.uniform(-4, 4, N).astype(np.float32) for _ in range(3))
    found = np.zeros((2, N), np.float32)
    fused(a, b, c, found)
    exact = a.astype(float) * b + c  # a product of single precision is exact in double precision
    same(found[0], exact.astype(np.float32))
    same(found[1], (a.astype(float) * 2 - 1).astype(np.float32))
    assert (found[0] != a * b + c).any()  # rounded twice


def test_infinite_factors_and_terms_stay_so():
    a, b = np.tile(np.float32([np.inf, 1.0]), 8), np.tile(np.float32([2.0, -np.inf]), 8)
    found = np.zeros((2, WIDTH), np.float32)
    with quiet():
        fused(a, b, b, found)
    assert np.isinf(found[0]).all()


@jit_loop
def recast(a, i, found, bits):
    for at in range(0, len(a), WIDTH):
        store(bits, at, bits_of(load(a, at)))
        store(found, at, floats_of(load(i, at)))


def test_bits_and_floats_are_two_readings_of_the_same():
    found, bits = floats(), ints()
    with quiet():
        recast(A, K, found, bits)
    assert (bits == A.view(np.int32)).all()
    assert found.tobytes() == K.view(np.float32).tobytes()


@jit_loop
def united(i):
    return any_bits(load(i, 0))


def test_any_bits_are_those_set_in_some_lane():
    for _ in range(20):
        i = (1 << RNG.integers(0, 31, WIDTH)).astype(np.int32)
        assert united(i) == np.bitwise_or.reduce(i)
    assert united(ints(WIDTH)) == 0
    for lane in range(WIDTH):
        one = ints(WIDTH)
        one[lane] = 0b101
        assert united(one) == 0b101


@jit_loop
def everything(a, i, table, found):
    """Write a value on which all operations have worked."""
    for at in range(0, len(a), WIDTH):
        x, y = load(a, at), load(i, at)
        z = fma(ln(x), decode(y, 7, 5), pick(table, 3, y & 31)) / (x + exponent(x + 0.1))
        store(found, at, maximum(where((y & 2) != 0, z, x * z), floats_of(rotate(y, 3) & 0x3FFF)))


def test_a_lane_does_not_depend_on_the_others_nor_on_where_it_stands():
    n = 40 if INTERPRETED else 2000
    x, i = RNG.uniform(1e-6, 9, n).astype(np.float32), RNG.integers(0, 2**31, n).astype(np.int32)
    table = RNG.normal(size=40).astype(np.float32)

    def among(x, i, lane):
        """Return the results for numbers that stand in `lane`, each among other strangers."""
        a = RNG.uniform(1e-6, 9e4, (n, WIDTH)).astype(np.float32)
        b = RNG.integers(-(2**31), 2**31, (n, WIDTH)).astype(np.int32)
        a[:, (lane + 3) % WIDTH], a[:, (lane + 5) % WIDTH] = np.inf, np.nan
        a[:, lane], b[:, lane] = x, i
        found = np.zeros((n, WIDTH), np.float32)
        with quiet():
            everything(a.ravel(), b.ravel(), table, found.ravel())
        return found[:, lane].copy()

    alone = among(x, i, 0)
    assert np.isfinite(alone).all()
    assert len(np.unique(alone)) > 0.9 * n
    for lane in range(WIDTH):
        assert among(x, i, lane).tobytes() == alone.tobytes()
