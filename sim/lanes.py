"""Sixteen numbers side by side: a rule written once is computed for sixteen users together.

`Floats`, `Ints` and `Mask` hold sixteen 32-bit numbers or bits in registers; operators act lane by
lane, and a plain number stands for sixteen equal ones. Every operation is that of IEEE 754 on one
lane, so what a lane holds depends neither on the other lanes nor on the width of the machine.
With ``NUMBA_DISABLE_JIT`` lanes are numpy arrays of shape (16,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.compiled import INTERPRETED, rule
from sim.rng import Int

if TYPE_CHECKING or INTERPRETED:
    from sim.lanes_interpreted import (
        SPAN,
        WIDTH,
        any_bits,
        bits_of,
        count,
        fetch,
        floats_of,
        fma,
        gather,
        gather_rows,
        load,
        look_up,
        luck,
        maximum,
        number_at,
        pick,
        rotate,
        splat,
        store,
        where,
        zeros,
    )
else:
    from sim.lanes_compiled import (
        SPAN,
        WIDTH,
        any_bits,
        bits_of,
        count,
        fetch,
        floats_of,
        fma,
        gather,
        gather_rows,
        load,
        look_up,
        luck,
        maximum,
        number_at,
        pick,
        rotate,
        splat,
        store,
        where,
        zeros,
    )

__all__ = [
    "SPAN", "WIDTH", "Floats", "Ints", "Mask", "any_bits", "as_floats", "bits_of", "count",
    "decode", "fetch", "floats_of", "fma", "gather", "gather_rows", "ln", "load", "look_up",
    "luck", "maximum", "number_at", "pick", "rotate", "splat", "store", "where", "zeros",
]  # fmt: skip

Floats = Any  # sixteen float32
Ints = Any  # sixteen int32
Mask = Any  # sixteen bits

_ONE = 0x3F800000  # the bits of 1.0
_LOW = 0x3F3504F3  # the bits of sqrt(1/2)
_MANTISSA = 0x7FFFFF
_LN_2 = np.float32(0.69314718056)


@rule
def ln(x: Floats) -> Floats:
    """Return the natural logarithm of positive, normal numbers, to about 1e-7.

    The polynomial is that of Cephes' logf for ln(1 + t), |t| < 0.42 (S. L. Moshier, 1989).
    """
    moved = bits_of(x) + (_ONE - _LOW)
    exponent = as_floats((moved >> 23) - 127)
    t = floats_of((moved & _MANTISSA) + _LOW) - 1.0
    square = t * t
    y = fma(t, 7.0376836292e-2, -1.1514610310e-1)
    y = fma(y, t, 1.1676998740e-1)
    y = fma(y, t, -1.2420140846e-1)
    y = fma(y, t, 1.4249322787e-1)
    y = fma(y, t, -1.6668057665e-1)
    y = fma(y, t, 2.0000714765e-1)
    y = fma(y, t, -2.4999993993e-1)
    y = fma(y, t, 3.3333331174e-1)
    y = fma(y * t, square, square * -0.5)
    return fma(exponent, _LN_2, t + y)


@rule
def as_floats(ints: Ints) -> Floats:
    """Return whole numbers from -2^22 to 2^22 as floats."""
    return floats_of((ints + 0x400000) | 0x4B000000) - 12582912.0


@rule
def decode(bits: Ints, at: Int, width: int) -> Floats:
    """Return 1 + m / 2^width, m being the `width` bits from bit `at` on."""
    shift = (23 - width - at) & 31
    field = ((1 << width) - 1) << (23 - width)
    return floats_of((rotate(bits, shift) & field) | _ONE)
