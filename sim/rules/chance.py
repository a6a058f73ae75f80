"""Chances: an event of a hazard, a yes or no by utility."""

from __future__ import annotations

import numpy as np

from sim.compiled import rule


@rule
def happens(u: float, hazard: float) -> bool:
    """Say whether an event of integrated `hazard` happens, for `u` uniform in [0, 1).

    The chance is 1 - exp(-hazard) <= hazard: most users are spared the exponential.
    """
    return bool(u < hazard and u < -np.expm1(-hazard))


@rule
def sigmoid(u: float) -> float:
    """Return 1 / (1 + exp(-u))."""
    return float(1.0 / (1.0 + np.exp(-u)))
