"""Approximate Bayesian computation by a population of particles, a whole generation at a time.

The adaptive population Monte Carlo of Lenormand, Jabot and Deffuant (2013), which builds on
Beaumont et al. (2009) and Toni et al. (2009). The nearest particles are kept; new ones are drawn
around them with a normal kernel of twice their weighted covariance (Filippi et al. 2013) and
weighted by one over the density that they were drawn from, so that together they stand for the
prior; again the nearest of all are kept, and with them the tolerance falls. Nothing that was
simulated and lies within the tolerance is thrown away, and a generation can be run side by side.

Everything happens in the unit cube, in which the prior is uniform.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from scipy.special import logsumexp

from sim.rules.records import F64

BATCH = 20_000  # proposals drawn at once
JITTER = 1e-12  # keeps the covariance of very few particles invertible


class Box(NamedTuple):
    """What is left of the unit cube: lowest and highest place on each axis, shape (k,)."""

    low: F64
    high: F64

    def holds(self, places: F64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Say which places (n, k) lie inside, shape (n,)."""
        return np.asarray(((places >= self.low) & (places <= self.high)).all(axis=1))


class Particles(NamedTuple):
    """A weighted sample.

    Attributes
    ----------
    places : ndarray, shape (n, k)
        In the unit cube.
    weight : ndarray, shape (n,)
        Prior density over the density drawn from, up to one factor common to all.
    distance : ndarray, shape (n,)
        Between simulated and observed.
    """

    places: F64
    weight: F64
    distance: F64

    def nearest(self, n: int) -> Self:
        """Return the `n` of smallest distance."""
        order = np.argsort(self.distance, kind="stable")[:n]
        return self._replace(
            places=self.places[order], weight=self.weight[order], distance=self.distance[order]
        )

    def joined(self, other: Particles) -> Self:
        """Return both together, these first."""
        return self._replace(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)])
               for name in self._fields}
        )  # fmt: skip

    @property
    def probability(self) -> F64:
        """Return the weights, which add up to 1."""
        return self.weight / self.weight.sum()

    @property
    def effective(self) -> float:
        """Return the effective number of particles (Kish): 1 / sum of squared probabilities."""
        return float(1 / (self.probability**2).sum())


def propose(parents: Particles, n: int, box: Box, rng: np.random.Generator) -> tuple[F64, F64]:
    """Draw new particles around the present ones; return places (n, k) and weights (n,).

    Proposals outside the box are drawn anew, which raises the density inside it by one over the
    share that lay inside.
    """
    k = parents.places.shape[1]
    covariance = 2 * np.atleast_2d(np.cov(parents.places.T, aweights=parents.weight))
    factor = np.linalg.cholesky(covariance + JITTER * np.eye(k))
    found, n_inside, n_drawn = [], 0, 0
    while n_inside < n:
        around = rng.choice(len(parents.places), BATCH, p=parents.probability)
        drawn = parents.places[around] + rng.standard_normal((BATCH, k)) @ factor.T
        inside = drawn[box.holds(drawn)]
        found.append(inside)
        n_inside, n_drawn = n_inside + len(inside), n_drawn + BATCH
    places = np.concatenate(found)[:n]
    density = np.exp(_log_density(places, parents, factor))
    volume = float(np.prod(box.high - box.low))
    return places, (n_inside / n_drawn) / (density * volume)


def _log_density(places: F64, parents: Particles, factor: F64) -> F64:
    """Return the log density of the mixture of kernels at each place, shape (n,)."""
    k = len(factor)
    z = np.linalg.solve(factor, (places[:, None] - parents.places[None]).reshape(-1, k).T)
    square = (z**2).sum(axis=0).reshape(len(places), -1)
    scale = k / 2 * np.log(2 * np.pi) + np.log(np.diag(factor)).sum()
    total = logsumexp(np.log(parents.probability) - square / 2, axis=1)
    return np.asarray(total - scale)


def implausibility(residuals: F64) -> F64:
    """Return how implausible each point is: its second largest standardised residual.

    The second largest of several outputs, so that one bad error model rules nothing out (Vernon,
    Goldstein and Bower 2010).

    Parameters
    ----------
    residuals : ndarray, shape (n points, n targets)
        (simulated - observed) / sd.
    """
    return np.sort(np.abs(residuals), axis=1)[:, -2]


def not_ruled_out(places: F64, implausible: F64, limit: float, at_least: int) -> Box:
    """Return the box that holds the points below the limit, or the `at_least` least implausible.

    Each side is moved out by the mean gap between m uniform points, range / (m - 1), which is what
    the range of a sample falls short of the range of its law.
    """
    kept = places[implausible < limit]
    if len(kept) < at_least:
        kept = places[np.argsort(implausible, kind="stable")[:at_least]]
    low, high = kept.min(axis=0), kept.max(axis=0)
    gap = (high - low) / (len(kept) - 1)
    return Box(np.maximum(low - gap, 0.0), np.minimum(high + gap, 1.0))
