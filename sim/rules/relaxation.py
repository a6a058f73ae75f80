"""How far habits and beliefs move in one step (docs/model.md, 2.6 and 2.8).

Rates are per day and are integrated over the step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.rules.records import Record


class Relaxation(NamedTuple):
    """Shares of the distance that one step covers or leaves; computed once for all users."""

    memory: np.float32  # exp(-rho_h dt), what a habit keeps
    follow: np.float32  # 1 - exp(-phi dt), towards a contact's beliefs
    forget: np.float32  # 1 - exp(-delta dt), back to the prior
    usual: np.float32  # exp(-rho_W dt), what usual welfare keeps


@rule
def relaxation(params: Record, days: float) -> Relaxation:
    """Return how far habits and beliefs move in a step of `days`."""
    return Relaxation(
        np.float32(np.exp(-params.habit_rate * days)),
        np.float32(-np.expm1(-params.peer_rate * days)),
        np.float32(-np.expm1(-params.forget_rate * days)),
        np.float32(np.exp(-params.usual_rate * days)),
    )
