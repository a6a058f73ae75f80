"""One behaviour for all cases: what each case says of the shared parameters, and how cases differ.

A case c has the parameters theta + delta_c in normal scores, delta_c ~ N(0, tau^2) on the few that
may deviate. Its figures, on the scale z = arcsin sqrt share, are

    y = f_c(theta + delta_c) + e,    e ~ N(0, s^2 + v + d_c^2 (I + B) / 2)

with f_c an emulator (experiments/emulator.py), v the variance of its errors, s the error of the
source, d_c = d / sqrt(weight of the case) what the model leaves out, half of it common to the
figures of a platform (B), as errors of a panel and of a description of a platform are. On this
scale an error of some points at 50 % and of one point at 2 % weigh alike. delta_c is integrated
out at first order. tau and d have half-normal priors and are learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.case_scores import WEIGHT
from experiments.emulator import Emulator
from experiments.smc import draws
from sim.kernel.arrays import F64

TAU, LEFT_OUT = 0.5, 0.05  # of the half-normal priors: of tau in normal scores, of d on the scale
LEAST = 0.002  # shares are cut off here; their errors, which grow without end, at EDGE
EDGE = 0.01
REACH = 2.0  # scores beyond it count as at it: few points lie there, and none of another value
POPULATION = 512  # draws of a posterior


def to_scale(points: F64) -> F64:
    """Return arcsin sqrt of shares that are given in points."""
    return np.asarray(np.arcsin(np.sqrt(np.clip(points / 100.0, LEAST, 1.0 - LEAST))))


def from_scale(scaled: F64) -> F64:
    """Return shares in points; the inverse of `to_scale`."""
    return np.asarray(100.0 * np.sin(np.clip(scaled, 0.0, np.pi / 2.0)) ** 2)


class Space(NamedTuple):
    """Which scores a state has: those of shared parameters, of one case's own, then two scales.

    Attributes
    ----------
    names : list of str
        Of all parameters.
    owner : list of str
        By parameter: the case that alone has it, or "".
    deviates : list of str
        Shared parameters that differ between cases.
    """

    names: list[str]
    owner: list[str]
    deviates: list[str]

    @property
    def size(self) -> int:
        """Return the length of a state: the parameters, then tau and d."""
        return len(self.names) + 2

    def of_case(self, case: str) -> list[int]:
        """Return the places of the parameters that a case has."""
        return [k for k, owner in enumerate(self.owner) if owner in ("", case)]

    def deviating(self, case: str) -> list[int]:
        """Return the places, among those of the case, of the parameters that deviate."""
        names = [self.names[k] for k in self.of_case(case)]
        return [names.index(name) for name in self.deviates]


class Hyper(NamedTuple):
    """Spread between cases [normal scores] and what the model leaves out [scale], shape (n,)."""

    tau: F64
    left_out: F64

    @classmethod
    def of(cls, states: F64) -> Hyper:
        """Return those of states (n, size)."""
        return cls(TAU * np.abs(states[:, -2]), LEFT_OUT * np.abs(states[:, -1]))


class LeftOut(NamedTuple):
    """What the model leaves out of the figures of a case.

    Attributes
    ----------
    shape : ndarray, shape (m, m)
        Correlations: a half between figures of one platform.
    weight : float
        Of the case: one of a weak record rests on more that was assumed.
    """

    shape: F64
    weight: float

    @classmethod
    def of(cls, levels: pd.DataFrame) -> LeftOut:
        """Return that of a case, `levels` as of `CaseRecord.levels`."""
        platform = levels["platform"].to_numpy()
        same = platform[:, None] == platform
        return cls((np.eye(len(levels)) + same) / 2.0, WEIGHT[levels["strength"].iloc[0]])

    def variance(self, hyper: Hyper) -> F64:
        """Return covariances, shape (n, m, m) [scale^2]."""
        return np.asarray((hyper.left_out**2 / self.weight)[:, None, None] * self.shape)

    def draws(self, hyper: Hyper, rng: np.random.Generator) -> F64:
        """Return errors, shape (n, m) [scale]."""
        chance = rng.standard_normal((len(hyper.left_out), len(self.shape)))
        size = hyper.left_out[:, None] / np.sqrt(self.weight)
        return np.asarray(size * (chance @ np.linalg.cholesky(self.shape).T))


class CaseLikelihood:
    """What the figures of one case say.

    Parameters
    ----------
    levels : DataFrame
        As of `CaseRecord.levels`.
    scores : ndarray, shape (n, k)
        Points that were simulated, parameters of this case.
    outputs : ndarray, shape (n, m)
        Levels there [points]; rows of NaN are left out.
    """

    def __init__(
        self, levels: pd.DataFrame, scores: F64, outputs: F64, deviating: list[int]
    ) -> None:
        self._deviating = deviating
        solved = np.isfinite(outputs).all(axis=1)
        scaled = to_scale(outputs[solved] + levels["bias"].to_numpy())
        self.emulator = Emulator(
            scores[solved], scaled, np.ones(int(solved.sum())), np.zeros(scaled.shape[1], bool)
        )
        self._observed = to_scale(levels["observed"].to_numpy(float))
        share = np.clip(levels["observed"].to_numpy(float) / 100.0, EDGE, 1.0 - EDGE)
        self.sd = levels["sigma"].to_numpy(float) / 100.0 / (2.0 * np.sqrt(share * (1.0 - share)))
        self._left_out = LeftOut.of(levels)
        self._sign = levels["bound"].map({"<": -1.0, ">": 1.0, "": 0.0}).to_numpy(float)

    def __call__(self, scores: F64, hyper: Hyper) -> F64:
        """Return the log likelihood of points (n, k), deviations integrated out, shape (n,)."""
        error, slope, rest = self._parts(scores, hyper)
        total = rest + hyper.tau[:, None, None] ** 2 * slope @ slope.transpose(0, 2, 1)
        factor = np.linalg.cholesky(total)
        standard = np.linalg.solve(factor, error[:, :, None])[:, :, 0]
        log_det = 2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        return np.asarray(-(log_det + (standard**2).sum(axis=1)) / 2.0)

    def deviations(self, scores: F64, hyper: Hyper, rng: np.random.Generator) -> F64:
        """Draw the deviations of the case at shared parameters (n, k), shape (n, q)."""
        error, slope, rest = self._parts(scores, hyper)
        inverse = np.linalg.inv(rest)
        back = slope.transpose(0, 2, 1) @ inverse
        prior = np.maximum(hyper.tau, 1e-6)[:, None, None] ** -2 * np.eye(slope.shape[2])
        variance = np.linalg.inv(prior + back @ slope)
        mean = -(variance @ back @ error[:, :, None])[:, :, 0]
        factor = np.linalg.cholesky(variance)
        chance = rng.standard_normal((len(scores), slope.shape[2], 1))
        return np.asarray(mean + (factor @ chance)[:, :, 0])

    def _parts(self, scores: F64, hyper: Hyper) -> tuple[F64, F64, F64]:
        """Return errors (n, m), their slopes in the deviations (n, m, q), the rest (n, m, m)."""
        scores = np.clip(scores, -REACH, REACH)
        error = self.emulator(scores) - self._observed
        slope = np.stack([self._slope(scores, k) for k in self._deviating], axis=2)
        holds = error * self._sign > 0.0  # a bound says no more
        error[holds] = 0.0
        slope[holds] = 0.0
        own = np.diag(self.sd**2 + self.emulator.variance)
        return error, slope, own + self._left_out.variance(hyper)

    def _slope(self, scores: F64, k: int) -> F64:
        """Return derivatives in a parameter: central differences, exact for a polynomial of 2."""
        step = np.zeros(scores.shape[1])
        step[k] = 1.0
        return np.asarray(self.emulator(scores + step) - self.emulator(scores - step)) / 2.0


class Posterior(NamedTuple):
    """Draws of shared parameters, of those that a case has alone, and of the two scales."""

    space: Space
    states: F64  # (n, size)

    @property
    def hyper(self) -> Hyper:
        """Return the two scales."""
        return Hyper.of(self.states)

    def shared(self, case: str) -> F64:
        """Return the scores that a case has, its deviations not added, shape (n, k)."""
        return np.asarray(self.states[:, self.space.of_case(case)])

    def unseen(self, case: str, rng: np.random.Generator) -> F64:
        """Return scores of a case of which nothing is known: a deviation is drawn."""
        scores, at = self.shared(case).copy(), self.space.deviating(case)
        chance = rng.standard_normal((len(scores), len(at)))
        scores[:, at] += self.hyper.tau[:, None] * chance
        return scores

    def seen(self, case: str, likelihood: CaseLikelihood, rng: np.random.Generator) -> F64:
        """Return scores of a case whose figures were fitted: its deviation is drawn from them."""
        scores = self.shared(case).copy()
        scores[:, self.space.deviating(case)] += likelihood.deviations(scores, self.hyper, rng)
        return scores


def posterior(
    space: Space, likelihoods: Mapping[str, CaseLikelihood], without: Sequence[str], seed: int
) -> Posterior:
    """Return the posterior that all cases give but for those of `without`."""
    heard = {name: one for name, one in likelihoods.items() if name not in without}
    places = {name: space.of_case(name) for name in heard}

    def likelihood(states: F64) -> F64:
        hyper = Hyper.of(states)
        told = [one(states[:, places[name]], hyper) for name, one in heard.items()]
        return np.asarray(np.sum(told, axis=0))

    rng = np.random.default_rng(seed)
    return Posterior(space, draws(likelihood, space.size, POPULATION, rng))
