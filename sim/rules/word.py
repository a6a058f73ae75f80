"""All that a contact must see of a user, in one 64-bit word: one memory touch a tie.

bits 0-5     messengers the user can be reached on (on the first phone, with an account)
bits 6-13    place (region and VPN): which restrictions apply
bits 14-31   the fear of being read by messenger, 3 bits each
bits 32-61   the habit by messenger, 5 bits each

Levels are equally spaced in what multiplies exp(v) on a tie, so a tie needs no exponential:

    exp(eta h / 2)    = 1 + (exp(eta / 2) - 1) level / 31
    exp(-lambda f / 2) = 1 - (1 - exp(-lambda MOST_FEAR / 2)) level / 7

Both ends of a tie use the quantised values, so the choice on a tie is the same from either end.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.lanes import Floats, Ints, decode, fma
from sim.rules.beliefs import fear
from sim.rules.records import Int, Record

USABLE = (1 << 6) - 1
PLACE_BIT = 6  # the lowest bit of the place says whether there is a VPN
VPN_BIT = 1 << PLACE_BIT
FEAR_BIT, FEAR_WIDTH = 14, 3
HABIT_BIT, HABIT_WIDTH = 32, 5
HABIT_STEPS, FEAR_STEPS = (1 << HABIT_WIDTH) - 1, (1 << FEAR_WIDTH) - 1
MOST_FEAR = 4.0  # of kappa b


@jit
def usable(word: np.uint64) -> np.int64:
    """Return the bits of the messengers the user can be reached on."""
    return np.int64(word) & USABLE


@jit
def place(word: np.uint64) -> np.int64:
    """Return the user's place."""
    return (np.int64(word) >> PLACE_BIT) & 0xFF


@jit
def habit_level(word: np.uint64, platform: int) -> np.int64:
    """Return the level of habit, 0 to 31."""
    return (np.int64(word) >> (HABIT_BIT + HABIT_WIDTH * platform)) & HABIT_STEPS


@jit
def fear_level(word: np.uint64, platform: int) -> np.int64:
    """Return the level of fear, 0 to 7."""
    return (np.int64(word) >> (FEAR_BIT + FEAR_WIDTH * platform)) & FEAR_STEPS


@jit
def in_use(user: Record) -> np.int64:
    """Return the bits of the messengers on the first phone that have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@jit
def quantised_habit(habit: float, rules: Record) -> np.int64:
    """Return the level nearest to a habit in [0, 1]."""
    if habit == 0.0 or rules.habit_pull == 0.0:
        return np.int64(0)
    pull = np.exp(rules.habit_value / 2.0 * habit) - 1.0
    return np.int64(pull / rules.habit_pull * HABIT_STEPS + 0.5)


@jit
def quantised_fear(fear_of_it: float, rules: Record) -> np.int64:
    """Return the level nearest to a fear from 0."""
    if fear_of_it == 0.0 or rules.fear_pull == 0.0:
        return np.int64(0)
    pull = 1.0 - np.exp(-rules.chilling_value / 2.0 * min(fear_of_it, MOST_FEAR))
    return np.int64(pull / rules.fear_pull * FEAR_STEPS + 0.5)


@jit
def pack(user: Record, rules: Record) -> np.uint64:
    """Return the word of `user`."""
    word = in_use(user) | np.int64(user.place) << PLACE_BIT
    for p in range(rules.n_messengers):
        habit = quantised_habit(np.float64(user.habit[p]), rules)
        word |= habit << (HABIT_BIT + HABIT_WIDTH * p)
        word |= quantised_fear(fear(user, p), rules) << (FEAR_BIT + FEAR_WIDTH * p)
    return np.uint64(word)


@jit
def habit_factor(high: Ints, p: Int, pull: np.float32) -> Floats:
    """Return exp(eta h / 2) for messenger `p` from the high halves of words.

    Parameters
    ----------
    pull : float
        exp(eta / 2) - 1, in single precision.
    """
    step = pull * np.float32((HABIT_STEPS + 1.0) / HABIT_STEPS)
    return fma(decode(high, HABIT_WIDTH * p, HABIT_WIDTH), step, np.float32(1.0) - step)


@jit
def fear_factor(low: Ints, p: Int, least: np.float32) -> Floats:
    """Return exp(-lambda f / 2) for messenger `p` from the low halves of words.

    Counted from the largest fear, so that no digits are lost where the factor is small.

    Parameters
    ----------
    least : float
        exp(-lambda MOST_FEAR / 2), in single precision.
    """
    step = (np.float32(1.0) - least) * np.float32((FEAR_STEPS + 1.0) / FEAR_STEPS)
    most = np.float32(2.0 - 1.0 / (FEAR_STEPS + 1.0))
    return fma(most - decode(low, FEAR_BIT + FEAR_WIDTH * p, FEAR_WIDTH), step, least)
