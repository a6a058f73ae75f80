"""What being read by the state means to a user (docs/model.md, 2.8)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8
from sim.kernel.vec8 import sigmoid as sigmoids
from sim.rules.chance import sigmoid
from sim.rules.fixed_point import belief, beliefs, concern
from sim.rules.records import Int, Record


@rule
def surveillance_attitude(user: Record, p: Int) -> float:
    """Return type kappa b, how much being read there repels (< 0) or attracts the user.

    The state-averse shun what they think the state reads, the foreign-averse prefer it.
    """
    if user.type == 0:  # most users: spared the exponential
        return 0.0
    return float(user.type * concern(user) * sigmoid(belief(user, p)))


@rule
def surveillance_attitudes(user: Record) -> Vec8:
    """Return `surveillance_attitude` by messenger."""
    return (np.float32(user.type) * concern(user)) * sigmoids(beliefs(user))
