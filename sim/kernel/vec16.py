"""Sixteen numbers side by side: a rule written once is computed for sixteen users together.

`Floats`, `Ints` and `Mask` hold sixteen 32-bit numbers or bits in registers; operators act lane by
lane, and a plain number stands for sixteen equal ones. Every operation is that of IEEE 754 on one
lane, so what a lane holds depends neither on the other lanes nor on the width of the machine.
There are more of them than registers: a loop over rows begins by `align_stack`, as LLVM by itself
puts the others where the stack happens to stand, most of them across two lines of the cache.
With ``NUMBA_DISABLE_JIT`` lanes are numpy arrays of shape (16,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import INTERPRETED, rule

if TYPE_CHECKING or INTERPRETED:
    from sim.kernel.vec16_interpreted import (
        SPAN,
        WIDTH,
        align_stack,
        any_bits,
        bits_of,
        exponent,
        floats_of,
        fma,
        gather,
        gather_rows,
        load,
        look_up,
        maximum,
        number_at,
        pick,
        prefetch,
        rotate,
        splat,
        store,
        transpose,
        uniform_draws,
        unlikely,
        where,
        zeros,
    )
else:
    from sim.kernel.vec16_arrays import (
        SPAN,
        gather,
        gather_rows,
        load,
        look_up,
        pick,
        prefetch,
        store,
        transpose,
    )
    from sim.kernel.vec16_compiled import (
        WIDTH,
        align_stack,
        any_bits,
        bits_of,
        exponent,
        floats_of,
        fma,
        maximum,
        number_at,
        rotate,
        splat,
        uniform_draws,
        unlikely,
        where,
        zeros,
    )

__all__ = [
    "SPAN",
    "WIDTH",
    "Floats",
    "Ints",
    "Mask",
    "align_stack",
    "any_bits",
    "bits_of",
    "decode",
    "exponent",
    "floats_of",
    "fma",
    "gather",
    "gather_rows",
    "ln",
    "load",
    "look_up",
    "maximum",
    "number_at",
    "pick",
    "pick_of",
    "prefetch",
    "rotate",
    "splat",
    "store",
    "transpose",
    "uniform_draws",
    "unlikely",
    "where",
    "zeros",
]

Floats = Any  # sixteen float32
Ints = Any  # sixteen int32
Mask = Any  # sixteen bits

_ONE = 0x3F800000  # the bits of 1.0
_MANTISSA = 0x7FFFFF
_LN_2 = np.float32(0.69314718056)
_MIDDLES = 1.0 + (np.arange(SPAN) + 0.5) / SPAN
_INVERSES = (1.0 / _MIDDLES).astype(np.float32)
_LOGARITHMS = -np.log(_INVERSES.astype(np.float64)).astype(np.float32)


@rule
def ln(x: Floats) -> Floats:
    """Return the natural logarithm of positive, normal numbers, to about 1e-7 or 1e-7 of it.

    With x = 2^k m and c one of 32 numbers between 1 and 2, next to m,

        ln x = k ln 2 + ln c + ln (m / c),    |m / c - 1| < 1 / 64

    so three terms of the last one's series suffice (Tang 1990, doi:10.1145/98267.98294).
    """
    bits = bits_of(x)
    nearest = bits >> (23 - 5)  # modulo SPAN
    t = fma(floats_of((bits & _MANTISSA) | _ONE), pick(_INVERSES, 0, nearest), -1.0)
    near = fma(t * t, fma(t, 1.0 / 3.0, -0.5), t)
    return fma(exponent(x), _LN_2, pick(_LOGARITHMS, 0, nearest)) + near


@rule
def pick_of(table: Any, at: Int, ints: Ints, size: Int) -> Any:
    """Return table[at + ints], ints being from 0 to below `size`, rounded up to whole ``SPAN``."""
    found = pick(table, at, ints)
    for first in range(SPAN, size, SPAN):
        is_here = (ints >> 5) == first // SPAN
        found = where(is_here, pick(table, at + first, ints), found)
    return found


@rule
def decode(bits: Ints, at: Int, width: int) -> Floats:
    """Return 1 + m / 2^width, m being the `width` bits from bit `at` on."""
    shift = (23 - width - at) & 31
    field = ((1 << width) - 1) << (23 - width)
    return floats_of((rotate(bits, shift) & field) | _ONE)
