"""Eight numbers side by side, one a messenger: a rule is computed for all messengers of a user.

An `Octet` holds eight doubles in registers, `Flags` eight bits; operators act messenger by
messenger, and a plain number stands for eight equal ones. Every operation is that of IEEE 754 on
plain numbers, so a rule gives the same bits on numbers as on octets. A case has ``USED``
messengers at most; the last two numbers are 0 or nobody's. With ``NUMBA_DISABLE_JIT`` octets are
numpy arrays of shape (8,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.compiled import INTERPRETED

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
        number_at,
        read,
        single,
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
        number_at,
        single,
        splat,
        total,
        where,
        word_of,
    )

__all__ = [
    "USED", "WIDTH", "Flags", "Octet", "add_to", "beside", "bits_of", "bytes_of", "flags",
    "largest", "look_up", "lowest", "number_at", "read", "single", "splat", "total", "where",
    "word_of", "write",
]  # fmt: skip

Octet = Any  # eight float64
Flags = Any  # eight bits
