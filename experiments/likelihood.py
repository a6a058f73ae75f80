"""How likely observed points are: normal errors as stated, and a model discrepancy to be learnt.

Observed y_j = model_j + e_j, e_j ~ N(0, s_j^2 + d^2), with s_j the stated error of a source and d
what the model leaves out and the luck of a small society (Kennedy and O'Hagan 2001, one sd for
all points). d has a half-normal prior and is integrated out on a grid, so that bands are as wide
as the misfit says and not as was guessed.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from sim.rules.records import F64

POINT = 0.01  # a percentage point
SCALE = 1.5 * POINT  # sd of the half-normal prior of the discrepancy
GRID = np.linspace(0.1, 5.0, 50) * POINT


def log_likelihoods(errors: F64, sd: F64) -> F64:
    """Return the log likelihood of errors at each discrepancy of the grid, prior of it included.

    Parameters
    ----------
    errors : ndarray, shape (n points, m)
        Simulated minus observed.
    sd : ndarray, shape (m,)
        Stated.

    Returns
    -------
    ndarray, shape (n points, n grid)
    """
    variance = sd**2 + GRID[:, None] ** 2
    prior = -((GRID / SCALE) ** 2) / 2
    prior = prior - logsumexp(prior)
    square = errors**2 @ (1 / variance).T
    return np.asarray(prior - (square + np.log(2 * np.pi * variance).sum(axis=1)) / 2)


def log_likelihood(errors: F64, sd: F64) -> F64:
    """Return the log likelihood with the discrepancy integrated out, shape (n points,)."""
    return np.asarray(logsumexp(log_likelihoods(errors, sd), axis=1))


def discrepancies(errors: F64, sd: F64, at: F64) -> F64:
    """Return a discrepancy for each point, drawn by its places `at` in [0, 1), shape (n,)."""
    log = log_likelihoods(errors, sd)
    reach = np.cumsum(np.exp(log - logsumexp(log, axis=1, keepdims=True)), axis=1)
    return np.asarray(GRID[(reach < at[:, None]).sum(axis=1).clip(max=len(GRID) - 1)])
