"""A posterior by adaptive multiple importance sampling, a whole generation at a time.

Cornuet, Marin, Mira and Robert (2012). Points are drawn from one proposal after another, each a
normal fitted to what is known so far; every point keeps counting, weighted by prior times
likelihood over the mixture of all proposals (the deterministic mixture of Veach and Guibas 1995;
Owen and Zhou 2000). While the likelihood is too sharp for the points that are there, it is
tempered (raised to a power below 1), and the power rises as the proposals close in. A generation
can be simulated side by side, and nothing that was simulated is thrown away.

Everything happens in normal scores, in which the prior is standard normal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from sim.rules.records import F64

Likelihood = Callable[[int, F64], F64]  # (generation, scores (n, k)) to log likelihoods (n,)


class Normal(NamedTuple):
    """A multivariate normal law.

    Attributes
    ----------
    mean : ndarray, shape (k,)
    factor : ndarray, shape (k, k)
        Lower triangle whose product with its transpose is the covariance.
    """

    mean: F64
    factor: F64

    @classmethod
    def standard(cls, k: int) -> Self:
        """Return the prior of k parameters."""
        return cls(np.zeros(k), np.eye(k))

    @classmethod
    def of(cls, scores: F64, weight: F64) -> Self:
        """Fit a normal to weighted points (n, k).

        The covariance is drawn towards that of the prior, the more so the fewer points there
        effectively are: k of its rows count as much as the points.
        """
        k = scores.shape[1]
        probability = weight / weight.sum()
        mean = probability @ scores
        apart = scores - mean
        pull = k / (k + effective(probability))
        covariance = (1 - pull) * (apart.T * probability) @ apart + pull * np.eye(k)
        return cls(mean, np.linalg.cholesky(covariance))

    def draw(self, n: int, rng: np.random.Generator) -> F64:
        """Return n points, shape (n, k)."""
        return np.asarray(self.mean + rng.standard_normal((n, len(self.mean))) @ self.factor.T)

    def log_density(self, scores: F64) -> F64:
        """Return the log density at each point, shape (n,)."""
        z = np.linalg.solve(self.factor, (scores - self.mean).T)
        scale = len(self.mean) / 2 * np.log(2 * np.pi) + np.log(np.diag(self.factor)).sum()
        return np.asarray(-(z**2).sum(axis=0) / 2 - scale)


class Sample(NamedTuple):
    """All points so far, and the proposals they came from.

    Attributes
    ----------
    scores : ndarray, shape (n, k)
    log_likelihood : ndarray, shape (n,)
    generation : ndarray, shape (n,)
        Which proposal a point was drawn from.
    proposals : tuple of Normal
    """

    scores: F64
    log_likelihood: F64
    generation: np.ndarray[tuple[int], np.dtype[np.int64]]
    proposals: tuple[Normal, ...]

    def joined(self, scores: F64, log_likelihood: F64, proposal: Normal) -> Self:
        """Return the sample with another generation."""
        generation = np.full(len(scores), len(self.proposals))
        return self._replace(
            scores=np.concatenate([self.scores, scores]),
            log_likelihood=np.concatenate([self.log_likelihood, log_likelihood]),
            generation=np.concatenate([self.generation, generation]),
            proposals=(*self.proposals, proposal),
        )

    def probability(self, power: float = 1.0) -> F64:
        """Return the weights under prior x likelihood^power, which add up to 1."""
        n_drawn = np.bincount(self.generation, minlength=len(self.proposals))
        densities = [proposal.log_density(self.scores) for proposal in self.proposals]
        mixture = logsumexp(np.array(densities), axis=0, b=n_drawn[:, None] / len(self.scores))
        prior = Normal.standard(self.scores.shape[1]).log_density(self.scores)
        log_weight = prior + power * self.log_likelihood - mixture
        return np.asarray(np.exp(log_weight - logsumexp(log_weight)))

    def power(self, at_least: float) -> float:
        """Return the highest power, up to 1, at which that many points effectively count."""

        def short_of(power: float) -> float:
            return effective(self.probability(power)) - at_least

        if short_of(1.0) >= 0:
            return 1.0
        return float(brentq(short_of, 0.0, 1.0, xtol=1e-4)) if short_of(0.0) > 0 else 0.0


class Sizes(NamedTuple):
    """How much is simulated."""

    generations: int  # at most, after the wave
    new: int  # points of a generation
    enough: int  # effective points at which it ends


class Step(NamedTuple):
    """What one generation brought, a row of generations.csv."""

    generation: int
    n_points: int  # so far
    power: float  # of the likelihood at which the next proposal is fitted
    effective: float  # points, under prior x likelihood


def close_in(
    likelihood: Likelihood, wave: F64, first: Callable[[F64], Normal], sizes: Sizes, seed: int
) -> tuple[Sample, list[Step]]:
    """Simulate a wave from the prior, then generations that close in on the posterior.

    Parameters
    ----------
    likelihood
        Of points; it is called once a generation, in order.
    wave : ndarray, shape (n, k)
        Points of the prior, generation 0.
    first
        The proposal of generation 1 by the log likelihoods of the wave (history matching).
    sizes
    seed
        Generation g draws from stream (seed, g), whatever was run before in this process.
    """
    k = wave.shape[1]
    known = likelihood(0, wave)
    sample = Sample(wave, known, np.zeros(len(wave), np.int64), (Normal.standard(k),))
    proposal, history = first(known), [_step(sample, 0.0)]
    for g in range(1, sizes.generations + 1):
        scores = proposal.draw(sizes.new, np.random.default_rng((seed, g)))
        sample = sample.joined(scores, likelihood(g, scores), proposal)
        power = sample.power(at_least=min(4 * k, len(sample.scores) / 4))
        history.append(_step(sample, power))
        if power == 1.0 and history[-1].effective >= sizes.enough:
            break
        proposal = Normal.of(sample.scores, sample.probability(power))
    return sample, history


def _step(sample: Sample, power: float) -> Step:
    n_effective = effective(sample.probability())
    return Step(len(sample.proposals) - 1, len(sample.scores), power, n_effective)


def effective(probability: F64) -> float:
    """Return the effective number of weighted points (Kish): 1 / sum of squared probabilities."""
    return float(1 / (probability**2).sum())


def resampled(probability: F64, n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how often each point stands among n draws: systematic, so within 1 of n p."""
    edges = np.concatenate([[0.0], np.cumsum(probability)]) * n / probability.sum()
    return np.diff(np.ceil(edges - 0.5)).astype(np.int64)
