"""Exponentials, logarithms, powers and random numbers of a tile."""

import numpy as np
import pytest

from sim.kernel.compiled import jit_loop
from sim.kernel.rng import uniform
from sim.kernel.vec8 import (
    TINY,
    USED,
    exp,
    exponents,
    ln,
    logistic,
    nearest,
    power,
    power_of_two,
    read,
    sigmoid,
    uniform_draws,
    write,
)

pytestmark = pytest.mark.interpreted
RNG = np.random.default_rng(4)
N = 200
ULP = 2.0**-23


def single(array):
    return np.asarray(array).astype(np.float32)


def rows(numbers):
    """Return numbers of single precision, as many as fit in whole rows."""
    return single(numbers)[: len(numbers) // USED * USED].reshape(-1, USED)


def same(found, expected):
    np.testing.assert_array_equal(found, expected)


@jit_loop
def exponentials(a, found):
    for i in range(len(a)):
        write(found[0, i], exp(read(a[i])))
        write(found[1, i], sigmoid(read(a[i])))


def test_exponentials():
    a = rows(np.concatenate([RNG.normal(size=USED * N) * 10, RNG.uniform(-87, 87, USED * N)]))
    found = np.zeros((2, *a.shape), np.float32)
    exponentials(a, found)
    np.testing.assert_allclose(found[0], np.exp(a.astype(float)), rtol=3e-7)
    np.testing.assert_allclose(found[1], 1 / (1 + np.exp(-a.astype(float))), rtol=4e-7)


def test_exponentials_are_cut_off_and_exact_at_zero():
    a, found = rows([-800.0, 800.0, 0.0, np.inf, -np.inf, 87.0]), np.zeros((2, 1, USED), "f4")
    exponentials(a, found)
    low, high = np.exp([-87.0, 87.0])
    np.testing.assert_allclose(found[0, 0], [low, high, 1.0, high, low, high], rtol=3e-7)
    np.testing.assert_allclose(found[1, 0], [low, 1.0, 0.5, 1.0, low, 1.0], rtol=4e-7)
    same(found[:, 0, 2], [1.0, 0.5])


@jit_loop
def whole_powers(a, found):
    for i in range(len(a)):
        write(found[i], power_of_two(nearest(read(a[i]))))


def test_powers_of_two_have_the_nearest_whole_exponent():
    a = rows([*range(-126, 128), *RNG.uniform(-126.5, 127.5, N), 0.5, 1.5, -0.5, -1.5])
    found = np.zeros_like(a)
    whole_powers(a, found)
    same(found, 2.0 ** np.rint(a))


@jit_loop
def logarithms(a, found):
    for i in range(len(a)):
        write(found[0, i], ln(read(a[i])))
        write(found[1, i], exponents(read(a[i])))


@pytest.mark.parametrize(("low", "high"), [(1e-37, 1e38), (0.25, 4.0), (1 - 1e-3, 1 + 1e-3)])
def test_ln_is_the_logarithm(low, high):
    a = rows(np.exp(RNG.uniform(np.log(low), np.log(high), 20 * N)))
    found, exact = np.zeros((2, *a.shape), np.float32), np.log(a.astype(float))
    logarithms(a, found)
    assert (np.abs(found[0] - exact) <= 1.2e-7 * np.abs(exact)).all()


def test_ln_and_exponents_are_exact_at_powers_of_two():
    k = np.arange(-126, 126)
    found = np.zeros((2, len(k) // USED, USED), np.float32)
    logarithms(rows(2.0**k), found)
    assert found[0].ravel() == pytest.approx(k * np.log(2), rel=ULP)
    assert found[0].ravel()[k == 0] == 0.0
    same(found[1].ravel(), k)
    logarithms(rows(2.0**k * (2 - ULP)), found)
    same(found[1].ravel(), k)


@jit_loop
def powers(a, y, found):
    for i in range(len(a)):
        write(found[i], power(read(a[i]), y))


@pytest.mark.parametrize("y", [0.0, 0.5, 1.0, 2.0, 3.3])
def test_powers(y):
    a = rows(np.exp(RNG.uniform(np.log(1e-6), np.log(1e6), 6 * N)))
    found, exact = np.zeros_like(a), a.astype(float) ** y
    powers(a, y, found)
    error = 3e-7 + 2 * ULP * np.abs(np.log(exact))  # of exp, and of what it is taken of
    assert (np.abs(found / exact - 1) <= error).all()


def test_what_is_less_than_tiny_counts_as_tiny_in_powers():
    a, found = rows([0.0, -1.0, TINY, 1e-38, -np.inf, TINY / 2]), np.zeros((1, USED), np.float32)
    powers(a, 0.5, found)
    assert found[0] == pytest.approx(TINY**0.5, rel=2e-5)
    assert len(set(found[0])) == 1
    powers(a, 9.0, found)
    assert found[0] == pytest.approx(np.exp(-87.0), rel=3e-7)


@jit_loop
def draw_all(key, first, found, noise):
    for i in range(len(first)):
        u = uniform_draws(key, first[i])
        write(found[i], u)
        write(noise[i], logistic(u))


@pytest.mark.parametrize("key", [0, 1, 0x9E3779B97F4A7C15, 2**64 - 1])
def test_a_uniform_draw_is_the_addressed_number_in_the_middle_of_a_step_of_23_bits(key):
    first = np.array([0, 1, 8, 8 * 10**6, 2**35, *RNG.integers(0, 2**40, N)])
    found, noise = np.zeros((2, len(first), USED), np.float32)
    draw_all(np.uint64(key), first, found, noise)
    u = [[uniform(np.uint64(key), int(i) + lane) for lane in range(USED)] for i in first]
    same(found, (2 * np.floor(np.array(u) * 2**23) + 1) / 2**24)
    assert found.min() > 0
    assert found.max() < 1
    odds = found.astype(float) / (1 - found.astype(float))
    assert np.abs(noise - np.log(odds)).max() <= 1.2e-7 * np.log(2**24)


@jit_loop
def noises(u, noise):
    for i in range(len(u)):
        write(noise[i], logistic(read(u[i])))


def test_noise_is_as_large_on_either_side_and_finite_at_the_ends():
    half = 2.0**-24 * np.array([1, 3, 5, 2**20 + 1, 2**22 + 1, 2**23])
    one, other = np.zeros((2, 1, USED), np.float32)
    noises(rows(half), one)
    noises(rows(1 - half), other)
    same(one, -other)
    assert one[0, 0] == pytest.approx(-np.log(2.0**24 - 1), rel=1e-6)
    assert one[0, -1] == 0
