"""Draws the users' own shares of calls, of a given mean (sim/rules/channels.py)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F32
from sim.kernel.rng import purpose_key
from sim.population.population import normals

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(101)  # of means over a standard normal


def call_shares(config: SimConfig, first: int, last: int) -> F32:
    """Return the shares of calls of the users `first` to `last` - 1, shape (last - first,)."""
    mean, sd = config.behaviour.call_share, config.behaviour.call_share_sd
    if sd == 0.0 or mean in (0.0, 1.0):
        return np.full(last - first, mean, np.float32)
    key = purpose_key(config.seed, 0, "start.call_share")
    own = sd * normals(key, last - first, first)
    return np.asarray(expit(middle(mean, sd) + own), np.float32)


def middle(mean: float, sd: float) -> float:
    """Return the median log-odds of a logit-normal share of given mean in (0, 1) [log-odds].

    Parameters
    ----------
    sd : float
        Standard deviation of the log-odds.
    """
    centre = float(logit(mean))
    reach = 1.0 + sd**2  # the mean moves the median away from 0 by less

    def gap(at: float) -> float:
        return float(_WEIGHTS @ expit(at + sd * _NODES) / _WEIGHTS.sum()) - mean

    return float(brentq(gap, centre - reach, centre + reach, xtol=1e-12))
