"""Eight numbers side by side, one a messenger: a rule is computed for all messengers of a user.

An `Octet` holds eight doubles in registers, `Flags` eight bits; operators act messenger by
messenger, and a plain number stands for eight equal ones. Every operation is that of IEEE 754 on
plain numbers, so a rule gives the same bits on numbers as on octets. A case has ``USED``
messengers at most; the last two numbers are 0 or nobody's. With ``NUMBA_DISABLE_JIT`` octets are
numpy arrays of shape (8,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.compiled import INTERPRETED, rule

if TYPE_CHECKING or INTERPRETED:
    from sim.octets_interpreted import (
        USED,
        WIDTH,
        add_to,
        beside,
        bits_of,
        bytes_of,
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
else:
    from sim.octets_arrays import add_to, look_up, read, write
    from sim.octets_compiled import (
        USED,
        WIDTH,
        beside,
        bits_of,
        bytes_of,
        flags,
        largest,
        lowest,
        nearest,
        number_at,
        octet_of,
        power_of_two,
        splat,
        total,
        where,
        word_of,
    )

__all__ = [
    "USED", "WIDTH", "Flags", "Octet", "add_to", "beside", "bits_of", "bytes_of", "exp", "flags",
    "largest", "look_up", "lowest", "nearest", "number_at", "octet_of", "power_of_two", "read",
    "splat", "total", "where", "word_of", "write",
]  # fmt: skip

Octet = Any  # eight float64
Flags = Any  # eight bits

_LOG2_E, _LN_2 = 1.4426950408889634, 0.6931471805599453


@rule
def exp(x: Octet) -> Octet:
    """Return e to the power of numbers, cut off at -700 and 700, to about 2e-13 of it.

    2^k exp(f) with whole k and |f| < 0.35, by Taylor's polynomial; its terms are added in pairs,
    since a sum one after another would have to wait for each (Estrin 1960).
    """
    x = where(x > -700.0, where(x < 700.0, x, 700.0), -700.0)
    k = nearest(x * _LOG2_E)
    f = x - k * _LN_2
    square = f * f
    a = (f + 1.0) + square * (f * (1.0 / 6.0) + 0.5)
    b = (f * (1.0 / 120.0) + 1.0 / 24.0) + square * (f * (1.0 / 5040.0) + 1.0 / 720.0)
    c = (f * (1.0 / 362880.0) + 1.0 / 40320.0) + square * (1.0 / 3628800.0)
    square = square * square
    return (a + square * (b + square * c)) * power_of_two(k)
