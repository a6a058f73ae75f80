"""Sixteen numbers side by side, for tests of what is done with them."""

import numpy as np

from sim.kernel.vec16 import WIDTH

RNG = np.random.default_rng(3)
N = 64 * WIDTH
ULP = 2.0**-23
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 3e38, -3e38, 1.2e-38, 1e-40, -1e-45, 0.5, 2.0,
     1 + ULP, 16777216.0], np.float32,
)  # fmt: skip


def random_floats():
    sizes = 2.0 ** RNG.uniform(-120, 120, N - 4 * WIDTH)
    drawn = (sizes * RNG.choice([-1, 1], N - 4 * WIDTH)).astype(np.float32)
    specials = [np.roll(SPECIAL, k) for k in range(4)]  # every special value meets others
    return np.concatenate([*specials, drawn])


A, B, C = random_floats(), np.concatenate([np.tile(SPECIAL, 4), random_floats()[4 * WIDTH :]]), (
    random_floats()[::-1].copy()
)  # fmt: skip


def floats(n=N):
    return np.zeros(n, np.float32)


def same(found, expected):
    """Assert that arrays hold the same numbers, NaN where NaN."""
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
