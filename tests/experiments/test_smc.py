"""Populations of draws: tempered, weighed and moved, they find posteriors that are known."""

import numpy as np
import pytest
from scipy.stats import norm

from experiments import likelihood, smc
from experiments.likelihood import GRID, PRIOR, discrepancies, log_likelihood
from experiments.smc import draws

RNG = np.random.default_rng
MATRIX = np.array([[1.0, 0.5], [0.0, 2.0], [1.0, -1.0]])  # of a linear model with two parameters


def conjugate(matrix, value, variance):
    """Return mean and covariance of scores under a standard normal prior and a linear model."""
    covariance = np.linalg.inv(np.eye(matrix.shape[1]) + matrix.T @ matrix / variance)
    return covariance @ matrix.T @ value / variance, covariance


def test_a_tempered_population_finds_a_sharp_conjugate_posterior():
    value, sd = np.array([2.0, -3.0, 1.0]), 0.05

    def of(scores):
        return -(((scores @ MATRIX.T - value) / sd) ** 2).sum(axis=1) / 2

    found = draws(of, 2, 4000, RNG(1))
    mean, covariance = conjugate(MATRIX, value, sd**2)
    assert found.mean(axis=0) == pytest.approx(mean, abs=4 * np.sqrt(covariance.max() / 1000))
    assert np.cov(found.T) == pytest.approx(covariance, rel=0.15, abs=1e-4)


def test_a_population_is_weighed_once_by_the_whole_likelihood(monkeypatch):
    """Without moves, which would mend what weights have spoilt; several powers lead there."""
    monkeypatch.setattr(smc, "MOVES", 0)
    powers = []
    step = smc._step
    monkeypatch.setattr(smc, "_step", lambda *given: powers.append(step(*given)) or powers[-1])
    found = draws(lambda scores: -((scores[:, 0] - 1.0) ** 2) / (2 * 0.3**2), 1, 40_000, RNG(12))
    assert len(powers) > 1
    assert sum(powers) == pytest.approx(1.0)
    assert found.mean() == pytest.approx(1 / 1.09, abs=0.01)
    assert found.std() == pytest.approx(0.3 / np.sqrt(1.09), rel=0.03)


def test_moves_keep_the_law_that_a_power_of_the_likelihood_gives():
    scores = RNG(20).standard_normal((20_000, 1))

    def of(z):
        return -(z[:, 0] ** 2) / (2 * 0.5**2)

    moved, known = smc._moved(of, scores, of(scores), 0.5, RNG(21))
    assert moved.var() == pytest.approx(1 / (1 + 0.5 / 0.5**2), rel=0.05)
    assert np.array_equal(known, of(moved))


def test_a_population_is_resampled_in_proportion_to_its_weights_on_average():
    rng = RNG(22)
    copies = [np.bincount(smc._resampled(np.array([1.0, 3.0]), rng)) for _ in range(2000)]
    copies = np.array([np.pad(found, (0, 2 - len(found))) for found in copies])
    assert copies.mean(axis=0) == pytest.approx([0.5, 1.5], abs=0.05)


def test_without_data_draws_are_those_of_the_prior():
    found = draws(lambda scores: np.zeros(len(scores)), 3, 4000, RNG(2))
    assert found.std(axis=0) == pytest.approx([1.0] * 3, abs=0.05)


def test_the_likelihood_is_the_mean_over_discrepancies():
    errors, variance = np.array([[0.01, -0.02]]), np.array([1e-4, 4e-4])
    by_hand = sum(
        p * np.prod(norm.pdf(errors[0], scale=np.sqrt(variance + d**2)))
        for d, p in zip(GRID, PRIOR, strict=True)
    )
    assert log_likelihood(errors, variance) == pytest.approx([np.log(by_hand)])


def test_a_discrepancy_is_half_normal_before_anything_is_learnt():
    variance = PRIOR @ GRID**2
    assert variance == pytest.approx(likelihood.SCALE**2, rel=0.1)


def test_a_discrepancy_is_learnt_from_many_errors():
    errors = 0.02 * RNG(3).standard_normal((500, 200))
    found = discrepancies(errors, np.full(200, 1e-8), RNG(4))
    assert found.mean() == pytest.approx(0.02, rel=0.05)
    assert set(found) <= set(likelihood.GRID)
