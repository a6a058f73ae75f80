"""Numbers that are stored as whole multiples of a unit: two bytes where a float takes four.

Rules read and write them here, so that nothing else has to know the units. What is written is
rounded to the nearest multiple, half to even, and cut off at the ends of what two bytes hold. A
number that moves by less than half a unit in a step stays where it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, read, write
from sim.rules.records import F32, F64, I16, U16, Int, Record

TASTE_STEPS = 32  # of a standard deviation; the world draws them so (world/population.py)
SHARE_STEPS = 65535  # of all that a user says (habits) or could reach
INTENSITY_STEPS = 2048  # of what the average user says; the most is 32 times that
CONCERN_STEPS = 1024  # of a kappa of 1; the most is 64
SKILL_STEPS = 1024  # of a util; the ends are at 32 utils
BELIEF_STEPS = 2048  # of a log-odds of 1; the ends are at 16, odds of 9 million to one
OPENED_STEPS = 4096  # of an opening; who has opened a messenger 16 times has been seen


@rule
def read_fixed_point(array: U16 | I16, steps: int) -> Vec8:
    """Return the numbers by messenger of an array that holds them in `steps` of one."""
    return read(array) * np.float32(1.0 / steps)


@rule
def write_fixed_point(array: U16 | I16, numbers: Vec8, steps: int) -> None:
    """Write the numbers by messenger to an array that holds them in `steps` of one."""
    write(array, numbers * np.float32(steps))


@rule
def intensity(user: Record) -> np.float32:
    """Return how much `user` communicates, relative to the average."""
    return np.float32(user.intensity) * np.float32(1.0 / INTENSITY_STEPS)


@rule
def concern(user: Record) -> np.float32:
    """Return kappa, how much being read matters to `user`."""
    return np.float32(user.concern) * np.float32(1.0 / CONCERN_STEPS)


@rule
def skill(user: Record) -> np.float32:
    """Return the ease of a VPN for `user`, net of its ordinary cost [utils]."""
    return np.float32(user.skill) * np.float32(1.0 / SKILL_STEPS)


@rule
def habits(user: Record) -> Vec8:
    """Return the habits of `user`, in [0, 1]."""
    return read_fixed_point(user.habit, SHARE_STEPS)


@rule
def habit(user: Record, p: Int) -> float:
    """Return the habit of `user` in messenger `p`."""
    return float(np.float64(user.habit[p]) * (1.0 / SHARE_STEPS))


@rule
def set_habits(user: Record, numbers: Vec8) -> None:
    """Write the habits of `user`."""
    write_fixed_point(user.habit, numbers, SHARE_STEPS)


@rule
def beliefs(user: Record) -> Vec8:
    """Return the beliefs of `user` that the state reads the messengers [log-odds]."""
    return read_fixed_point(user.belief, BELIEF_STEPS)


@rule
def belief(user: Record, p: Int) -> float:
    """Return the belief of `user` that the state reads messenger `p` [log-odds]."""
    return float(np.float64(user.belief[p]) * (1.0 / BELIEF_STEPS))


@rule
def set_beliefs(user: Record, numbers: Vec8) -> None:
    """Write the beliefs of `user` [log-odds]."""
    write_fixed_point(user.belief, numbers, BELIEF_STEPS)


@rule
def set_belief(user: Record, p: Int, number: float) -> None:
    """Write the belief of `user` about messenger `p` [log-odds]."""
    steps = min(max(np.float64(number) * BELIEF_STEPS, -32768.0), 32767.0)
    user.belief[p] = np.int16(np.rint(steps))


def to_fixed_point(numbers: F64 | F32, steps: int, kind: type[np.integer[Any]]) -> NDArray[Any]:
    """Return many numbers as whole `steps` of one, as an array of `kind`."""
    ends = np.iinfo(kind)
    return np.rint(np.clip(numbers * np.float64(steps), ends.min, ends.max)).astype(kind)


@rule
def share_steps(share: float) -> float:
    """Return the number of steps next to a share in [0, 1]; one that rounding made larger is 1."""
    return float(np.rint(min(np.float64(share), 1.0) * SHARE_STEPS))


@rule
def tastes(user: Record) -> Vec8:
    """Return the tastes of `user` for the messengers [standard deviations]."""
    return read_fixed_point(user.taste, TASTE_STEPS)
