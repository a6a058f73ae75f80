"""Draws from a posterior whose likelihood is cheap: a population cooled from the prior.

Sequential Monte Carlo with tempering (Del Moral, Doucet and Jasra 2006): the power of the
likelihood rises from 0 to 1 in steps that half of the population effectively survives; after each
the population is resampled and moved by Metropolis steps of its own covariance. The prior is
standard normal.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from sim.kernel.arrays import F64

SURVIVE = 0.5  # of the population, effectively, at each step of the power
MOVES = 20  # Metropolis steps after each
LENGTH = 2.38  # of a step, over the square root of the dimension (Roberts, Gelman and Gilks 1997)
JITTER = 1e-9

Likelihood = Callable[[F64], F64]  # scores (n, k) to log likelihoods (n,)


def draws(likelihood: Likelihood, k: int, n: int, rng: np.random.Generator) -> F64:
    """Return n draws from the posterior, shape (n, k)."""
    scores = rng.standard_normal((n, k))
    known, power = likelihood(scores), 0.0
    while power < 1.0:
        step = _step(known, 1.0 - power)
        chosen = _resampled(np.exp(step * (known - known.max())), rng)
        scores, known, power = scores[chosen], known[chosen], power + step
        scores, known = _moved(likelihood, scores, known, power, rng)
    return scores


def _step(known: F64, longest: float) -> float:
    """Return how far the power may rise."""

    def short_of(step: float) -> float:
        weight = np.exp(step * (known - known.max()))
        return float(weight.sum() ** 2 / (weight**2).sum()) / len(known) - SURVIVE

    return longest if short_of(longest) >= 0 else float(brentq(short_of, 0.0, longest))


def _resampled(
    weight: F64, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return which of a population go on, in proportion to their weights (systematic)."""
    reach = np.cumsum(weight) / weight.sum()
    at = (np.arange(len(weight)) + rng.random()) / len(weight)
    return np.minimum(np.searchsorted(reach, at), len(weight) - 1)


def _moved(
    likelihood: Likelihood, scores: F64, known: F64, power: float, rng: np.random.Generator
) -> tuple[F64, F64]:
    """Return the population after Metropolis steps under prior x likelihood^power."""
    n, k = scores.shape
    factor = np.linalg.cholesky(np.atleast_2d(np.cov(scores.T)) + JITTER * np.eye(k))
    for _ in range(MOVES):
        tried = scores + LENGTH / np.sqrt(k) * rng.standard_normal((n, k)) @ factor.T
        there = likelihood(tried)
        gain = power * (there - known) + ((scores**2).sum(axis=1) - (tried**2).sum(axis=1)) / 2
        taken = np.log(rng.random(n)) < gain
        scores = np.where(taken[:, None], tried, scores)
        known = np.where(taken, there, known)
    return scores, known
