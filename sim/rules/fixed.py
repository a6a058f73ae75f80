"""Numbers that are stored as whole multiples of a unit: two bytes where a float takes four.

Rules read and write them here, so that nothing else has to know the units. What is written is
rounded to the nearest multiple, half to even, and cut off at the ends of what two bytes hold. A
number that moves by less than half a unit in a step stays where it is.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.rules.records import Int, Record

TASTE_STEPS = 32  # of a standard deviation; the world draws them so (world/population.py)
SHARE_STEPS = 65535  # of all that a user could reach


@rule
def share_steps(share: float) -> float:
    """Return the number of steps next to a share in [0, 1]; one that rounding made larger is 1."""
    return float(np.rint(min(np.float64(share), 1.0) * SHARE_STEPS))


@rule
def taste(user: Record, p: Int) -> float:
    """Return the taste of `user` for messenger `p` [standard deviations]."""
    return float(np.float64(user.taste[p]) / TASTE_STEPS)
