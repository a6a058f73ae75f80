"""The choice states of sixteen users together (layout: packed_state.py).

`low` and `high` are the low and high 32-bit halves of their choice states, one user a lane.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, Int
from sim.kernel.bits import only
from sim.kernel.compiled import rule
from sim.kernel.vec16 import (
    SPAN,
    WIDTH,
    Floats,
    Ints,
    Mask,
    any_bits,
    decode,
    fma,
    load,
    rotate,
    store,
)
from sim.rules.packed_state import (
    ABROAD_BIT,
    FEAR_BIT,
    FEAR_STEPS,
    FEAR_WIDTH,
    HABIT_STEPS,
    HABIT_WIDTH,
    PLACE_BIT,
    USABLE,
    VPN_BIT,
)

_LEVELS = np.arange(SPAN, dtype=np.int32)


@rule
def had_by_any(low: Ints) -> np.int64:
    """Return the set of messengers that any of sixteen users has."""
    return np.int64(any_bits(low & USABLE))


@rule
def shared_by_any(offered: Int, low: Ints, other_low: Ints) -> np.int64:
    """Return those of the messengers `offered` that any user shares with its contact."""
    return np.int64(offered & any_bits(low & other_low))


@rule
def both_have(low: Ints, other_low: Ints, p: Int) -> Mask:
    """Say which users and contacts both have messenger `p`."""
    return (low & other_low & only(p)) != 0


@rule
def have_vpn(low: Ints) -> Mask:
    """Say which users have a VPN."""
    return (low & VPN_BIT) != 0


@rule
def have_abroad(high: Ints) -> Mask:
    """Say which users have a contact abroad."""
    return (high & ABROAD_BIT) != 0


@rule
def any_abroad(high: Ints) -> bool:
    """Say whether any of sixteen users has a contact abroad."""
    return bool(any_bits(high & ABROAD_BIT) != 0)


@rule
def places(low: Ints) -> Ints:
    """Return the places of users."""
    return (low >> PLACE_BIT) & 0xFF


@rule
def vpn_bits(low: Ints) -> Ints:
    """Return numbers whose lowest bit is 1 for users with a VPN; the others are arbitrary."""
    return low >> PLACE_BIT


@rule
def habit_level_bits(high: Ints, p: Int) -> Ints:
    """Return numbers whose lowest bits are the levels of habit for messenger `p`."""
    return high >> HABIT_WIDTH * p


@rule
def fear_level_bits(low: Ints, p: Int) -> Ints:
    """Return numbers whose lowest bits are the levels of fear on messenger `p`."""
    return low >> FEAR_BIT + FEAR_WIDTH * p


@rule
def store_habit_factors(memory: F32, at: Int, pull: np.float32) -> None:
    """Write exp(eta h / 2) by level to a table of 32 numbers from position `at` on."""
    store(memory, at, habit_factor(load(_LEVELS, 0), 0, pull))
    store(memory, at + WIDTH, habit_factor(load(_LEVELS, WIDTH), 0, pull))


@rule
def store_fear_factors(memory: F32, at: Int, smallest: np.float32) -> None:
    """Write exp(-lambda f / 2) by level to a table of 16 numbers from position `at` on.

    There are eight levels; the second half of the table repeats them.
    """
    store(memory, at, fear_factor(rotate(load(_LEVELS, 0), FEAR_BIT), 0, smallest))


@rule
def habit_factor(high: Ints, p: Int, pull: np.float32) -> Floats:
    """Return exp(eta h / 2) for messenger `p` from the high halves of choice states.

    Parameters
    ----------
    pull : float
        exp(eta / 2) - 1, in single precision.
    """
    step = pull * np.float32((HABIT_STEPS + 1.0) / HABIT_STEPS)
    return fma(decode(high, HABIT_WIDTH * p, HABIT_WIDTH), step, np.float32(1.0) - step)


@rule
def fear_factor(low: Ints, p: Int, smallest: np.float32) -> Floats:
    """Return exp(-lambda f / 2) for messenger `p` from the low halves of choice states.

    Levels are counted from the largest fear, so that no digits are lost where the factor is small.

    Parameters
    ----------
    smallest : float
        exp(-lambda MAX_FEAR / 2), in single precision.
    """
    step = (np.float32(1.0) - smallest) * np.float32((FEAR_STEPS + 1.0) / FEAR_STEPS)
    top = np.float32(2.0 - 1.0 / (FEAR_STEPS + 1.0))
    return fma(top - decode(low, FEAR_BIT + FEAR_WIDTH * p, FEAR_WIDTH), step, smallest)
