"""Logarithms, levels and random numbers of sixteen lanes."""

import numpy as np
import pytest

from sim.kernel.compiled import INTERPRETED, jit_loop
from sim.kernel.rng import uniform
from sim.kernel.vec16 import (
    SPAN,
    WIDTH,
    decode,
    exponent,
    ln,
    load,
    number_at,
    store,
    uniform_draws,
)
from tests.helpers.lanes import RNG, ULP, A, N, floats, same

pytestmark = pytest.mark.interpreted


@jit_loop
def exponents(a, found):
    for at in range(0, len(a), WIDTH):
        store(found, at, exponent(load(a, at)))


def test_the_exponent_of_a_normal_number_is_its_logarithm_rounded_down():
    powers = 2.0 ** np.arange(-126, 128)
    edges = [powers, np.nextafter(np.float32(2 * powers[:-1]), np.float32(0))]
    a = np.resize(np.concatenate([np.abs(A[4 * WIDTH :]), *edges]), N + 32 * WIDTH)
    a, found = a.astype(np.float32), floats(N + 32 * WIDTH)
    exponents(a, found)
    same(found, np.floor(np.log2(a.astype(float))).astype(np.float32))


@jit_loop
def logarithms(a, found):
    for at in range(0, len(a), WIDTH):
        store(found, at, ln(load(a, at)))


@pytest.mark.parametrize(("low", "high"), [(1e-30, 1e30), (0.25, 4.0), (1 - 1e-3, 1 + 1e-3)])
def test_ln_is_the_logarithm(low, high):
    n = 200 * WIDTH if INTERPRETED else 10_000 * WIDTH
    x = np.exp(RNG.uniform(np.log(low), np.log(high), n)).astype(np.float32)
    found = floats(n)
    logarithms(x, found)
    exact = np.log(x.astype(float))
    error = np.abs(found - exact)
    print(f"ln from {low} to {high}: largest error {error.max():.2e}, "
          f"relative {(error / np.maximum(np.abs(exact), 1e-9)).max():.2e}")  # fmt: skip
    assert (error <= 2e-7 * (1 + np.abs(exact))).all()


def test_ln_is_near_its_value_at_powers_of_two_and_at_one_to_a_part_of_a_digit():
    x = 2.0 ** np.arange(-100, 100)
    x = np.resize(np.concatenate([[1.0], x]), 13 * WIDTH).astype(np.float32)
    found = floats(len(x))
    logarithms(x, found)
    assert abs(found[0]) < ULP / 4
    assert found == pytest.approx(np.log(x.astype(float)), rel=1.2e-7, abs=ULP / 4)


def test_ln_jumps_nowhere_between_the_numbers_that_it_is_counted_from():
    edges = np.float32(1) + np.arange(1, SPAN + 1, dtype=np.float32) / np.float32(SPAN)
    below, found = np.nextafter(edges, np.float32(0)), np.zeros((2, SPAN), np.float32)
    for x, y in zip((below, edges), found, strict=True):
        logarithms(x, y)
    assert np.abs(np.diff(found, axis=0)).max() <= ULP


@jit_loop
def decoded(i, position, width, found):
    for at in range(0, len(i), WIDTH):
        store(found, at, decode(load(i, at), position, width))


@pytest.mark.parametrize("width", [3, 5])
def test_a_level_is_decoded_wherever_it_stands(width):
    levels = np.resize(np.arange(2**width), 2 * SPAN).astype(np.uint32)
    others = RNG.integers(0, 2**32, len(levels), dtype=np.uint32)
    found = floats(len(levels))
    for position in range(33 - width):
        mask = np.uint32((2**width - 1) << position)
        words = (levels << np.uint32(position)) | (others & ~mask)
        decoded(words.view(np.int32), position, width, found)
        same(found, (1 + levels / 2**width).astype(np.float32))


@jit_loop
def draw_all(key, ids, found, same_ids, same_draws):
    for at in range(0, len(ids), WIDTH):
        store(found, at, uniform_draws(key, load(ids, at)))
        for lane in range(WIDTH):
            same_ids[at + lane] = number_at(load(ids, at), lane)
            same_draws[at + lane] = number_at(uniform_draws(key, load(ids, at)), lane)


@pytest.mark.parametrize("key", [0, 1, 0x9E3779B97F4A7C15, 2**64 - 1])
def test_a_uniform_draw_is_the_addressed_number_rounded_down(key):
    ids = np.resize([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 12345], N).astype(np.uint32)
    found, same_ids, same_draws = floats(), np.zeros(N, np.int64), floats()
    draw_all(np.uint64(key), ids, found, same_ids, same_draws)
    expected = np.array([uniform(np.uint64(key), int(i)) for i in ids])
    same(found, (np.floor(expected * 2.0**24) / 2.0**24).astype(np.float32))
    same(same_ids, ids.astype(np.int64))
    same(same_draws, found)
