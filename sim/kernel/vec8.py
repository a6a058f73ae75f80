"""Eight numbers side by side, one a messenger: a rule is computed for all messengers of a user.

A `Vec8` holds eight numbers of single precision in a register, `Flags` eight bits; operators
act messenger by messenger, and a plain number stands for eight equal ones. Every operation is that
of IEEE 754 on plain numbers, so a rule gives the same bits on numbers as on a Vec8. A case has
``USED`` messengers at most; the last two numbers are 0 or nobody's. With ``NUMBA_DISABLE_JIT``
a Vec8 is a numpy array of shape (8,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.kernel.compiled import INTERPRETED, rule

if TYPE_CHECKING or INTERPRETED:
    from sim.kernel.vec8_interpreted import (
        USED,
        WIDTH,
        add_to,
        bits_of,
        bytes_of,
        count,
        exponents,
        flags,
        fma,
        insert_lane,
        largest,
        lowest,
        nearest,
        number_at,
        power_of_two,
        read_tile,
        splat,
        total,
        uniform_draws,
        vec8_of,
        where,
        word_of,
        words_of,
        write_tile,
    )
else:
    from sim.kernel.vec8_arrays import add_to, count, read_tile, words_of, write_tile
    from sim.kernel.vec8_compiled import (
        bits_of,
        bytes_of,
        exponents,
        flags,
        fma,
        insert_lane,
        largest,
        lowest,
        nearest,
        number_at,
        power_of_two,
        splat,
        total,
        uniform_draws,
        vec8_of,
        where,
        word_of,
    )
    from sim.kernel.vec8_type import USED, WIDTH

__all__ = [
    "USED",
    "WIDTH",
    "Flags",
    "Vec8",
    "add_to",
    "bits_of",
    "bytes_of",
    "count",
    "exp",
    "exponents",
    "flags",
    "fma",
    "insert_lane",
    "largest",
    "ln",
    "logistic",
    "lowest",
    "nearest",
    "number_at",
    "power",
    "power_of_two",
    "read",
    "read_tile",
    "sigmoid",
    "splat",
    "total",
    "uniform_draws",
    "vec8_of",
    "where",
    "word_of",
    "words_of",
    "write",
    "write_tile",
]

Vec8 = Any  # eight float32
Flags = Any  # eight bits

TINY = 1e-30

_LOG2_E, _LN_2, _SQRT_2 = 1.4426950408889634, 0.6931471805599453, 1.4142135623730951


@rule
def read(array: Any) -> Vec8:
    """Return the numbers of the first messengers in a flat array; the last two are 0."""
    return read_tile(array, 0)


@rule
def write(array: Any, numbers: Vec8) -> None:
    """Write the numbers of the first messengers to a flat array; see `write_tile`."""
    write_tile(array, 0, numbers)


@rule
def ln(x: Vec8) -> Vec8:
    """Return the natural logarithm of positive, normal numbers below 2^127, to about 1e-7.

    The polynomial is that of Cephes' logf for ln(1 + t), -0.30 < t < 0.42 (S. L. Moshier, 1989).
    """
    k = exponents(x)
    m = x * power_of_two(0.0 - k)
    large = m > _SQRT_2
    k, t = where(large, k + 1.0, k), where(large, 0.5 * m, m) - 1.0
    square = t * t
    y = fma(t, 7.0376836292e-2, -1.1514610310e-1)
    y = fma(y, t, 1.1676998740e-1)
    y = fma(y, t, -1.2420140846e-1)
    y = fma(y, t, 1.4249322787e-1)
    y = fma(y, t, -1.6668057665e-1)
    y = fma(y, t, 2.0000714765e-1)
    y = fma(y, t, -2.4999993993e-1)
    y = fma(y, t, 3.3333331174e-1)
    return fma(k, _LN_2, t + fma(y * t, square, square * -0.5))


@rule
def power(x: Vec8, y: float) -> Vec8:
    """Return numbers from 0 to the power of `y`; less than ``TINY`` counts as ``TINY``."""
    return exp(np.float32(y) * ln(where(x > TINY, x, TINY)))


@rule
def sigmoid(x: Vec8) -> Vec8:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(0.0 - x))


@rule
def logistic(uniform_draws: Vec8) -> Vec8:
    """Return numbers of the logistic law, ln u - ln (1 - u), from uniform ones in (0, 1)."""
    return ln(uniform_draws) - ln(1.0 - uniform_draws)


@rule
def exp(x: Vec8) -> Vec8:
    """Return e to the power of numbers, cut off at -87 and 87, to about 3e-7 of it.

    2^k exp(f) with whole k and |f| < 0.35; the polynomial is that of Cephes' expf (S. L. Moshier,
    1989), its terms added in pairs, since a sum one after another would have to wait for each
    (Estrin 1960).
    """
    x = where(x > -87.0, where(x < 87.0, x, 87.0), -87.0)
    k = nearest(x * _LOG2_E)
    f = fma(k, -_LN_2, x)
    square = f * f
    a = fma(f, 1.6666665459e-1, 5.0000001201e-1)
    b = fma(f, 8.3334519073e-3, 4.1665795894e-2)
    c = fma(f, 1.9875691500e-4, 1.3981999507e-3)
    return fma(square, fma(square, fma(square, c, b), a), f + 1.0) * power_of_two(k)
