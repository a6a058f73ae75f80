"""Simulation-based calibration: is a truth found again by the whole method, as sure as it says?

Talts et al. (2018): draw a truth from the prior, simulate what would be observed, run the method,
and rank the truth among the draws of its posterior. If the method is right, ranks are even. The
method is run whole (wave, history, generations, weights), hundreds of times, so an emulator stands
for the simulator: a second-order polynomial in the normal scores, fitted to the points of a real
calibration. What is tested is the inference, in as many dimensions and for a response of such a
shape, not the simulator.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import kstest, qmc

from experiments.history import implausibility, not_ruled_out
from experiments.importance import Normal, Sizes, close_in
from experiments.likelihood import GRID, SCALE, log_likelihood
from sim.rules.records import F64

RIDGE = 1.0  # of the polynomial's coefficients but the mean, as a prior sd of 1 for a noise of 1


class Emulator:
    """A second-order polynomial in the scores, by ridge regression.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
    outputs : ndarray, shape (n, m)
    """

    def __init__(self, scores: F64, outputs: F64) -> None:
        terms = _terms(scores)
        self._scale = outputs.std(axis=0)
        self._mean = outputs.mean(axis=0)
        wanted = (outputs - self._mean) / self._scale
        penalty = RIDGE * np.eye(terms.shape[1])
        penalty[0, 0] = 0.0
        self._coefficients = np.linalg.solve(terms.T @ terms + penalty, terms.T @ wanted)

    def __call__(self, scores: F64) -> F64:
        """Return the outputs at scores (n, k), shape (n, m)."""
        return np.asarray(self._mean + self._scale * (_terms(scores) @ self._coefficients))


def _terms(scores: F64) -> F64:
    rows, columns = np.triu_indices(scores.shape[1])
    ones = np.ones((len(scores), 1))
    return np.hstack([ones, scores, scores[:, rows] * scores[:, columns]])


def ranks(
    model: Emulator, sd: F64, k: int, n_wave: int, sizes: Sizes, n_truths: int, seed: int
) -> F64:
    """Return the rank of each simulated truth in its posterior, shape (n_truths, k), in (0, 1).

    Parameters
    ----------
    model
    sd : ndarray, shape (m,)
        Stated errors; a discrepancy is drawn from its prior for each truth.
    k
        Number of parameters.
    n_wave, sizes
        As of the calibration.
    """
    wave = ndtri(qmc.Sobol(k, rng=seed).random(n_wave))
    at_wave = model(wave)
    density = np.exp(-((GRID / SCALE) ** 2) / 2)
    found = np.empty((n_truths, k))
    for t in range(n_truths):
        rng = np.random.default_rng((seed, t))
        truth = rng.standard_normal(k)
        discrepancy = rng.choice(GRID, p=density / density.sum())
        noise = np.hypot(sd, discrepancy) * rng.standard_normal(len(sd))
        observed = model(truth[None])[0] + noise

        def likelihood(_: int, scores: F64, observed: F64 = observed) -> F64:
            return log_likelihood(model(scores) - observed, sd)

        def first(_: F64, observed: F64 = observed) -> Normal:
            far = implausibility(at_wave - observed, np.hypot(sd, SCALE))
            left = not_ruled_out(far, at_least=2 * k)
            return Normal.of(wave[left], np.ones(int(left.sum())))

        sample, _ = close_in(likelihood, wave, first, sizes, seed=int(rng.integers(2**31)))
        found[t] = sample.probability() @ (sample.scores < truth)
    return found


def uneven(names: list[str], found: F64) -> pd.DataFrame:
    """Test each parameter's ranks for evenness (Kolmogorov and Smirnov).

    Returns
    -------
    DataFrame
        parameter, p, spread (mean distance of ranks from the middle, over that of even ones: below
        1 the method's posteriors are wider than they need be, above 1 too narrow), in_50, in_90
        (share of truths inside the central band).
    """
    rows = [
        (name, kstest(column, "uniform").pvalue, 4 * np.abs(column - 0.5).mean(),
         *(float((np.abs(column - 0.5) <= level / 2).mean()) for level in (0.5, 0.9)))
        for name, column in zip(names, found.T, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["parameter", "p", "spread", "in_50", "in_90"])
