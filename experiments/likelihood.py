"""How likely observed points are: normal errors as stated, and a model discrepancy to be learnt.

Observed y_j = model_j + e_j, e_j ~ N(0, s_j^2 + d^2), with s_j^2 the variance of what is known to
err (the source, the emulator) and d what the model leaves out (Kennedy and O'Hagan 2001, one sd
for all points). d has a half-normal prior and is integrated out on a grid, so that bands are as
wide as the misfit says and not as was guessed.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from sim.kernel.arrays import F64

POINT = 0.01  # a percentage point
SCALE = 1.5 * POINT  # sd of the half-normal prior of the discrepancy
GRID = np.linspace(0.1, 5.0, 50) * POINT
PRIOR = np.exp(-((GRID / SCALE) ** 2) / 2)
PRIOR /= PRIOR.sum()


def log_likelihoods(errors: F64, variance: F64) -> F64:
    """Return the log likelihood of errors at each discrepancy of the grid, prior of it included.

    Parameters
    ----------
    errors : ndarray, shape (n points, m)
        Simulated minus observed.
    variance : ndarray, shape (m,)
        Known.

    Returns
    -------
    ndarray, shape (n points, n grid)
    """
    total = variance + GRID[:, None] ** 2
    square = errors**2 @ (1 / total).T
    return np.asarray(np.log(PRIOR) - (square + np.log(2 * np.pi * total).sum(axis=1)) / 2)


def log_likelihood(errors: F64, variance: F64) -> F64:
    """Return the log likelihood with the discrepancy integrated out, shape (n points,)."""
    return np.asarray(logsumexp(log_likelihoods(errors, variance), axis=1))


def discrepancies(errors: F64, variance: F64, rng: np.random.Generator) -> F64:
    """Draw a discrepancy for each point from its posterior there, shape (n,)."""
    log = log_likelihoods(errors, variance)
    reach = np.cumsum(np.exp(log - logsumexp(log, axis=1, keepdims=True)), axis=1)
    below = (reach < rng.random(len(errors))[:, None]).sum(axis=1)
    return np.asarray(GRID[below.clip(max=len(GRID) - 1)])
