"""Fixed-point numbers: whole multiples of a unit, in two bytes where a float takes four.

Rules read and write them here, so that no other file has to know the units. A number is rounded
to the nearest multiple, half to even, and cut off at the ends of what its type holds. A number
that moves by less than half a unit in a step stays where it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.arrays import F32, F64, I16, U16, Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, read_tile, write_tile
from sim.rules.records import Record

# steps in one unit
TASTE_STEPS = 32  # of a standard deviation, as sim/population/population.py draws tastes
SHARE_STEPS = 65535  # of a share in [0, 1]: habits, reachable ties
INTENSITY_STEPS = 2048  # of the average intensity; the maximum is 32
CONCERN_STEPS = 1024  # of a kappa of 1; the maximum is 64
SKILL_STEPS = 1024  # of a util; cut off at -32 and 32
BELIEF_STEPS = 2048  # of a log-odds of 1; cut off at -16 and 16, odds of 9 million to one
OPENED_STEPS = 4096  # of an opening; cut off at 16, where a panel has surely seen the user


@rule
def read_fixed_point(array: U16 | I16, steps: int, o: Int = 0) -> Vec8:
    """Return the numbers of tile `o` in an array that holds multiples of 1 / `steps`."""
    return read_tile(array, o) * np.float32(1.0 / steps)


@rule
def write_fixed_point(array: U16 | I16, numbers: Vec8, steps: int, o: Int = 0) -> None:
    """Write the numbers of tile `o` to an array that holds multiples of 1 / `steps`."""
    write_tile(array, o, numbers * np.float32(steps))


@rule
def intensity(user: Record) -> np.float32:
    """Return D_i, how much `user` communicates, relative to the average user."""
    return np.float32(user.intensity) * np.float32(1.0 / INTENSITY_STEPS)


@rule
def concern(user: Record) -> np.float32:
    """Return kappa_i, how much being read by the state matters to `user`."""
    return np.float32(user.concern) * np.float32(1.0 / CONCERN_STEPS)


@rule
def skill(user: Record) -> np.float32:
    """Return s_i, how easy a VPN is for `user`, net of its ordinary cost [utils]."""
    return np.float32(user.skill) * np.float32(1.0 / SKILL_STEPS)


@rule
def habits(user: Record, o: Int = 0) -> Vec8:
    """Return the habits of `user` in the messengers of tile `o`, in [0, 1]."""
    return read_fixed_point(user.habit, SHARE_STEPS, o)


@rule
def habit(user: Record, p: Int) -> float:
    """Return the habit of `user` in messenger `p`."""
    return float(np.float64(user.habit[p]) * (1.0 / SHARE_STEPS))


@rule
def set_habits(user: Record, numbers: Vec8, o: Int = 0) -> None:
    """Write the habits of `user` in the messengers of tile `o`."""
    write_fixed_point(user.habit, numbers, SHARE_STEPS, o)


@rule
def set_habit(user: Record, p: Int, number: float) -> None:
    """Write the habit of `user` in messenger `p`, in [0, 1]."""
    user.habit[p] = np.uint16(np.rint(number * SHARE_STEPS))


@rule
def beliefs(user: Record, o: Int = 0) -> Vec8:
    """Return the beliefs of `user` that the state reads the messengers of a tile [log-odds]."""
    return read_fixed_point(user.belief, BELIEF_STEPS, o)


@rule
def belief(user: Record, p: Int) -> float:
    """Return the belief of `user` that the state reads messenger `p` [log-odds]."""
    return float(np.float64(user.belief[p]) * (1.0 / BELIEF_STEPS))


@rule
def set_beliefs(user: Record, numbers: Vec8, o: Int = 0) -> None:
    """Write the beliefs of `user` about the messengers of tile `o` [log-odds]."""
    write_fixed_point(user.belief, numbers, BELIEF_STEPS, o)


@rule
def set_belief(user: Record, p: Int, number: float) -> None:
    """Write the belief of `user` about messenger `p` [log-odds]."""
    steps = min(max(np.float64(number) * BELIEF_STEPS, -32768.0), 32767.0)
    user.belief[p] = np.int16(np.rint(steps))


def to_fixed_point(numbers: F64 | F32, steps: int, kind: type[np.integer[Any]]) -> NDArray[Any]:
    """Return numbers as multiples of 1 / `steps`: an array of equal shape and of type `kind`."""
    ends = np.iinfo(kind)
    return np.rint(np.clip(numbers * np.float64(steps), ends.min, ends.max)).astype(kind)


@rule
def share_steps(share: float) -> float:
    """Return the nearest multiple of 1 / ``SHARE_STEPS``; rounding may put a share above 1."""
    return float(np.rint(min(np.float64(share), 1.0) * SHARE_STEPS))


@rule
def tastes(user: Record, o: Int = 0) -> Vec8:
    """Return the tastes of `user` for the messengers of tile `o` [standard deviations]."""
    return read_fixed_point(user.taste, TASTE_STEPS, o)
