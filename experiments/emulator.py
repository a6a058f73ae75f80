"""A fast stand-in for the simulator: a second-order polynomial in the normal scores of parameters.

It gives the expected output and how far simulations lie from it, chance included: a sweep of
points gives both (Kennedy and O'Hagan 2001; Vernon, Goldstein and Bower 2010, with a polynomial
for their Gaussian process, which many smooth outputs of some thousand rough simulations do not
need).
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F64

RIDGE = 1.0  # coefficients of standardised outputs have a prior sd of 1, as the error
LEAST_SHARE = 1e-4  # shares are put on the log-odds scale after cutting them off here


class Emulator:
    """A weighted ridge regression of each output.

    Attributes
    ----------
    variance : ndarray, shape (m,)
        Mean squared error at points left out of the fit, those near to what was observed first.
    """

    def __init__(self, scores: F64, outputs: F64, weight: F64, shares: F64) -> None:
        """Fit.

        Parameters
        ----------
        scores : ndarray, shape (n, k)
        outputs : ndarray, shape (n, m)
        weight : ndarray, shape (n,)
            How much each point counts.
        shares : ndarray of bool, shape (m,)
            Outputs between 0 and 1, emulated as log-odds.
        """
        self._shares = shares
        terms, wanted = _terms(scores), self._linked(outputs)
        self._mean, self._scale = wanted.mean(axis=0), wanted.std(axis=0) + 1e-12
        wanted = (wanted - self._mean) / self._scale
        weight = weight / weight.mean()
        penalty = RIDGE * np.eye(terms.shape[1])
        penalty[0, 0] = 0.0
        weighted = terms.T * weight
        inverse = np.linalg.inv(weighted @ terms + penalty)
        self._coefficients = inverse @ (weighted @ wanted)
        leverage = weight * ((terms @ inverse) * terms).sum(axis=1)
        fitted = terms @ self._coefficients
        left_out = wanted - (wanted - fitted) / (1 - leverage)[:, None]
        error = self._natural(left_out) - outputs
        self.variance = np.asarray(weight @ error**2 / weight.sum())

    def __call__(self, scores: F64) -> F64:
        """Return the expected outputs at scores (n, k), shape (n, m)."""
        return self._natural(_terms(scores) @ self._coefficients)

    def _linked(self, outputs: F64) -> F64:
        cut = np.clip(outputs, LEAST_SHARE, 1 - LEAST_SHARE)
        return np.where(self._shares, np.log(cut / (1 - cut)), outputs)

    def _natural(self, standard: F64) -> F64:
        linked = self._mean + self._scale * standard
        return np.asarray(np.where(self._shares, 1 / (1 + np.exp(-linked)), linked))


def _terms(scores: F64) -> F64:
    """Return 1, the scores, their squares and their products, shape (n, 1 + k + k (k + 1) / 2)."""
    rows, columns = np.triu_indices(scores.shape[1])
    ones = np.ones((len(scores), 1))
    return np.hstack([ones, scores, scores[:, rows] * scores[:, columns]])
