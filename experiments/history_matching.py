"""Calibration by emulation: waves of simulations that close in on the posterior.

A wave fills the prior. An emulator is fitted to all that was simulated, what history matching
rules out counting little; draws from the emulator's posterior are simulated in turn and make the
next emulator better where it matters (as in Andrianakis et al. 2015), and so on. The last
generation is the posterior. Everything happens in normal scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from experiments.emulator import Emulator
from experiments.likelihood import SCALE, log_likelihood
from experiments.scores import rmse
from experiments.smc import draws
from sim.kernel.arrays import F64

LIMIT = 3.0  # of implausibility: Pukelsheim's three sigma
FADING = 4  # power at which points beyond the limit count less
POPULATION = 2048  # at least, of which the new points are taken

Simulator = Callable[[int, F64], F64]  # (generation, scores (n, k)) to outputs (n, m)


class Observed(NamedTuple):
    """Observed points, shape (m,) each: value, stated sd, whether it is a share."""

    value: F64
    sd: F64
    shares: F64


class WaveSizes(NamedTuple):
    """How much is simulated after the wave."""

    generations: int
    new: int  # points of each; the last are the posterior


class Step(NamedTuple):
    """What one generation brought, a row of generations.csv."""

    generation: int
    n_points: int
    rmse: float  # of its points from the observations, on average [1]
    emulator: float  # root mean square error of the emulator at points left out [1]
    surprise: float  # errors of the emulator at the new points, over what it expected; 1 is sound


class HistoryMatch(NamedTuple):
    """Where a calibration ended.

    Attributes
    ----------
    scores : ndarray, shape (new, k)
        Draws from the posterior, of equal weight.
    outputs : ndarray, shape (new, m)
        Simulated there.
    variance : ndarray, shape (m,)
        Of the emulator's error.
    history : list of Step
    """

    scores: F64
    outputs: F64
    variance: F64
    history: list[Step]


def match_history(
    simulate: Simulator, wave: F64, observed: Observed, sizes: WaveSizes, seed: int
) -> HistoryMatch:  # fmt: skip
    """Simulate a wave (n, k) from the prior, then generations; return the last.

    Generation g draws from stream (seed, g), whatever was run before in this process.
    """
    scores, outputs, history = wave, simulate(0, wave), []
    for g in range(1, sizes.generations + 1):
        far = implausibility(outputs - observed.value, np.hypot(observed.sd, SCALE))
        emulator = Emulator(scores, outputs, likelihood_power(far), observed.shares)
        new = emulated_likelihood(emulator, observed, scores.shape[1], sizes.new, (seed, g))
        there = simulate(g, new)
        surprise = rmse((there - emulator(new)) / np.sqrt(emulator.variance))
        off = float(np.sqrt(((there - observed.value) ** 2).mean(axis=1)).mean())
        error = float(np.sqrt(emulator.variance.mean()))
        history.append(Step(g, len(scores) + len(new), off, error, surprise))
        scores, outputs = np.concatenate([scores, new]), np.concatenate([outputs, there])
    return HistoryMatch(new, there, emulator.variance, history)


def emulated_likelihood(
    emulator: Emulator, observed: Observed, k: int, n: int, stream: tuple[int, ...]
) -> F64:  # fmt: skip
    """Return n draws from the posterior that an emulator gives, shape (n, k)."""
    variance = observed.sd**2 + emulator.variance

    def likelihood(scores: F64) -> F64:
        return log_likelihood(emulator(scores) - observed.value, variance)

    rng = np.random.default_rng(stream)
    population = draws(likelihood, k, max(n, POPULATION), rng)
    return population[rng.choice(len(population), n, replace=False)]


def implausibility(errors: F64, sd: F64) -> F64:
    """Return how implausible each point is: its second largest standardised error, shape (n,).

    The second largest of several outputs, so that one bad error model rules nothing out (Vernon,
    Goldstein and Bower 2010).

    Parameters
    ----------
    errors : ndarray, shape (n points, m)
        Simulated minus observed.
    sd : ndarray, shape (m,)
        Of stated error and expected discrepancy.
    """
    return np.sort(np.abs(errors / sd), axis=1)[:, -2]


def likelihood_power(far: F64) -> F64:
    """Return how much each point counts for an emulator: fully unless it is ruled out."""
    return np.asarray(np.minimum(1.0, (LIMIT / far) ** FADING))
