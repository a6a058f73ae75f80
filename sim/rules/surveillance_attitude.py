"""Surveillance attitude: how much reading by the state repels or attracts (docs/model.md, 2.8)."""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8
from sim.kernel.vec8 import sigmoid as sigmoids
from sim.rules.chance import sigmoid
from sim.rules.declare import Parameter
from sim.rules.fixed_point import belief, beliefs, concern
from sim.rules.records import Record

PARAMETERS = (
    Parameter(
        "risk_value", 1.2, 0, 10, "utils", "chi", "weight of being read in taking up a messenger",
        "assumption; polls: 47 % would avoid Max, 34 % are ready", storage="f4",
    ),
)  # fmt: skip


@rule
def surveillance_attitude(user: Record, p: Int) -> float:
    """Return A_ip = type kappa b, how much being read on `p` repels (< 0) or attracts the user.

    State-averse users avoid messengers that they believe the state reads, foreign-averse users
    prefer them. The belief b is the sigmoid of its log-odds.
    """
    if user.type == 0:  # most users, for whom the exponential is saved
        return 0.0
    return float(user.type * concern(user) * sigmoid(belief(user, p)))


@rule
def surveillance_attitudes(user: Record, o: Int = 0) -> Vec8:
    """Return `surveillance_attitude` by messenger of tile `o`."""
    return (np.float32(user.type) * concern(user)) * sigmoids(beliefs(user, o))
