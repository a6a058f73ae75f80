"""Calibration by emulation finds posteriors that are known in closed form."""

import numpy as np
import pandas as pd
import pytest

from experiments import likelihood
from experiments.emulator import Emulator
from experiments.history_matching import (
    HistoryMatch,
    Observed,
    WaveSizes,
    implausibility,
    likelihood_power,
    match_history,
)
from experiments.informs import informing
from experiments.likelihood import GRID, PRIOR, log_likelihood
from experiments.recovery import ranks, uneven

RNG = np.random.default_rng
MATRIX = np.array([[1.0, 0.5], [0.0, 2.0], [1.0, -1.0]])  # of a linear model with two parameters
NO_SHARE = np.zeros(3, bool)


def conjugate(matrix, value, variance):
    """Return mean and covariance of scores under a standard normal prior and a linear model."""
    covariance = np.linalg.inv(np.eye(matrix.shape[1]) + matrix.T @ matrix / variance)
    return covariance @ matrix.T @ value / variance, covariance


def test_an_emulator_knows_its_own_error():
    """A cubic term is no part of it; what is left out is as wrong as it says."""
    scores, fresh = RNG(5).standard_normal((400, 3)), RNG(6).standard_normal((4000, 3))

    def model(z):
        return np.column_stack([z[:, 0] ** 2 - z[:, 1] * z[:, 2], 0.3 * z[:, 0] ** 3])

    emulator = Emulator(scores, model(scores), np.ones(400), np.zeros(2, bool))
    error = ((emulator(fresh) - model(fresh)) ** 2).mean(axis=0)
    assert error[0] < 1e-3
    assert emulator.variance[1] == pytest.approx(error[1], rel=0.5)


@pytest.mark.parametrize("n", [1, 2, 8])
def test_a_prior_of_the_slope_weighs_as_much_as_a_point_that_says_nought(n):
    """Of n points on either side; how much all count together is no matter."""
    scores = np.repeat([[-1.0], [1.0]], n, axis=0)
    emulator = Emulator(scores, scores, np.full(2 * n, 5.0), np.zeros(1, bool))
    assert emulator(np.ones((1, 1)))[0, 0] == pytest.approx(2 * n / (2 * n + 1))


def test_an_output_that_never_changes_is_expected_to_stay():
    constant = Emulator(RNG(24).standard_normal((9, 1)), np.full((9, 1), 0.3), np.ones(9), False)
    assert constant(np.array([[5.0]]))[0, 0] == pytest.approx(0.3)


def test_what_is_left_out_is_as_wrong_as_what_is_new():
    """Of few points, which do not count alike, and a thousand outputs of mere noise.

    Points are left out of the sum alone, not of the mean and scale, and leave no gap in space.
    """
    n, noise = 40, RNG(17).standard_normal((40, 1000))
    scores, weight = RNG(15).standard_normal((n, 2)), np.where(np.arange(n) % 2, 1.0, 0.2)
    whole = Emulator(scores, noise, weight, np.zeros(1000, bool))
    error = np.empty((n, 1000))
    for i in range(n):
        kept = np.arange(n) != i
        part = Emulator(scores[kept], noise[kept], weight[kept], np.zeros(1000, bool))
        error[i] = (part(scores[i : i + 1])[0] - noise[i]) ** 2
    by_hand = (weight @ error / weight.sum()).mean()
    assert by_hand > 1.1
    assert whole.variance.mean() == pytest.approx(by_hand, rel=0.04)


def test_what_points_that_count_have_in_common_is_met_whatever_the_others_are():
    """The mean is not drawn to that of points which are ruled out."""
    scores, ruled_out = RNG(19).standard_normal((20, 1)), np.arange(20) % 2 == 1
    outputs = np.where(ruled_out, 10.0, 3.0)[:, None]
    weight = np.where(ruled_out, 1e-12, 1.0)
    emulator = Emulator(scores, outputs, weight, np.zeros(1, bool))
    assert emulator(scores) == pytest.approx(np.full((20, 1), 3.0), abs=1e-6)


def test_shares_are_emulated_between_0_and_1():
    scores = RNG(7).standard_normal((300, 2))
    share = 1 / (1 + np.exp(-1 - 2 * scores[:, :1]))
    emulator = Emulator(scores, share, np.ones(300), np.ones(1, bool))
    far = emulator(np.array([[5.0, 0.0], [-5.0, 0.0]]))[:, 0]
    assert far == pytest.approx([1 / (1 + np.exp(-11)), 1 / (1 + np.exp(9))], abs=1e-3)


def test_points_that_are_ruled_out_count_little():
    assert likelihood_power(np.array([0.5, 3.0, 6.0])) == pytest.approx([1.0, 1.0, 1 / 16])


def test_one_bad_output_rules_nothing_out():
    errors, sd = np.array([[9.0, 1.0, -2.0], [0.0, -4.0, 10.0]]), np.array([1.0, 1.0, 2.0])
    assert implausibility(errors, sd).tolist() == [1.0, 4.0]


def linear(_, scores):
    return 0.05 * scores @ MATRIX.T


def test_it_closes_in_on_a_conjugate_posterior(monkeypatch):
    """With a discrepancy that is known the posterior of a linear model is normal."""
    monkeypatch.setattr(likelihood, "GRID", np.array([0.01]))
    monkeypatch.setattr(likelihood, "PRIOR", np.ones(1))
    observed = Observed(np.array([0.05, -0.1, 0.1]), np.full(3, 0.01), NO_SHARE)
    closed = match_history(
        linear, RNG(8).standard_normal((256, 2)), observed, WaveSizes(2, 512), seed=1
    )
    mean, covariance = conjugate(0.05 * MATRIX, observed.value, 2e-4)
    assert closed.scores.mean(axis=0) == pytest.approx(mean, abs=0.05)
    assert closed.scores.std(axis=0) == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.15)
    assert closed.outputs == pytest.approx(linear(0, closed.scores))
    assert [step.n_points for step in closed.history] == [768, 1280]


def test_noise_of_the_simulator_widens_the_posterior_and_surprises_nobody(monkeypatch):
    monkeypatch.setattr(likelihood, "GRID", np.array([0.01]))
    monkeypatch.setattr(likelihood, "PRIOR", np.ones(1))
    noise = RNG(13)

    def noisy(_, scores):
        return linear(_, scores) + 0.02 * noise.standard_normal((len(scores), 3))

    observed = Observed(np.array([0.05, -0.1, 0.1]), np.full(3, 0.01), NO_SHARE)
    closed = match_history(
        noisy, RNG(14).standard_normal((512, 2)), observed, WaveSizes(2, 512), seed=1
    )
    _, covariance = conjugate(0.05 * MATRIX, observed.value, 0.01**2 + 0.01**2 + 0.02**2)
    assert closed.scores.std(axis=0) == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.15)
    assert len(np.unique(closed.scores[:, 0])) == 512
    for step in closed.history:
        assert step.surprise == pytest.approx(1.0, abs=0.1)
        assert step.emulator == pytest.approx(0.02, rel=0.1)


def test_what_is_ruled_out_does_not_spoil_the_emulator():
    """Beyond a cliff all is other, far from what was observed."""

    def cliff(_, scores):
        return 0.05 * scores[:, [0, 0]] + 2.0 * (scores[:, [0, 0]] > 0.8)

    observed = Observed(np.zeros(2), np.full(2, 0.01), np.zeros(2, bool))
    closed = match_history(
        cliff, RNG(25).standard_normal((256, 1)), observed, WaveSizes(1, 256), seed=1
    )
    assert closed.history[0].emulator < 0.02
    assert abs(closed.scores.mean()) < 0.1


def test_points_that_no_stated_error_allows_count_as_far_as_a_discrepancy_does():
    """Else a handful would tell how far simulations lie from the emulator."""
    noise = RNG(26)

    def noisy(_, scores):
        return linear(_, scores) + 0.02 * noise.standard_normal((len(scores), 3))

    observed = Observed(np.array([0.05, -0.1, 0.1]), np.full(3, 1e-5), NO_SHARE)
    closed = match_history(
        noisy, RNG(27).standard_normal((512, 2)), observed, WaveSizes(1, 64), seed=1
    )
    assert closed.history[0].emulator == pytest.approx(0.02, rel=0.1)


def test_each_generation_gets_its_number_and_has_noise_of_its_own():
    told = {}

    def simulate(generation, scores):
        told[generation] = scores
        return linear(generation, scores)

    observed = Observed(np.array([0.05, -0.1, 0.1]), np.full(3, 0.01), NO_SHARE)
    wave = RNG(28).standard_normal((64, 2))
    match_history(simulate, wave, observed, WaveSizes(2, 256), seed=3)
    assert list(told) == [0, 1, 2]
    assert told[0] is wave
    assert abs(np.corrcoef(told[1][:, 0], told[2][:, 0])[0, 1]) < 0.3


def test_there_may_be_more_new_points_than_a_population_has_at_least():
    observed = Observed(np.zeros(3), np.full(3, 0.1), NO_SHARE)
    closed = match_history(
        linear, RNG(29).standard_normal((64, 2)), observed, WaveSizes(1, 2500), seed=1
    )
    assert len(np.unique(closed.scores[:, 0])) == 2500


def test_an_error_is_that_of_a_point_on_average():
    """Half of the points err by 3 in both outputs, half by 4."""

    def off(_, scores):
        return np.repeat(3.0 + np.arange(len(scores)) % 2, 2).reshape(-1, 2)

    observed = Observed(np.zeros(2), np.ones(2), np.zeros(2, bool))
    closed = match_history(
        off, RNG(30).standard_normal((64, 1)), observed, WaveSizes(1, 64), seed=1
    )
    assert closed.history[0].rmse == pytest.approx(3.5)


def test_the_same_seed_gives_the_same_draws():
    observed = Observed(np.array([0.05, -0.1, 0.1]), np.full(3, 0.01), NO_SHARE)
    wave = RNG(9).standard_normal((64, 2))
    first, second = (
        match_history(linear, wave, observed, WaveSizes(1, 64), seed=3) for _ in range(2)
    )
    assert np.array_equal(first.scores, second.scores)


@pytest.mark.slow
def test_simulated_truths_are_found_again_and_false_certainty_shows(monkeypatch):
    monkeypatch.setattr("experiments.history_matching.POPULATION", 64)
    wave = RNG(10).standard_normal((128, 2))
    observed = Observed(np.zeros(3), np.full(3, 0.02), NO_SHARE)
    sound = uneven(
        ["a", "b"], ranks(wave, linear(0, wave), observed, WaveSizes(1, 64), 50, seed=1)
    )
    assert sound["p"].min() > 1e-3
    assert sound["in_90"].min() > 0.75

    def too_sure(errors, variance):
        return 25 * log_likelihood(errors, variance)

    monkeypatch.setattr("experiments.history_matching.log_likelihood", too_sure)
    false = uneven(
        ["a", "b"], ranks(wave, linear(0, wave), observed, WaveSizes(1, 64), 50, seed=1)
    )
    assert false["p"].max() < 1e-3
    assert false["in_90"].max() < 0.6


def test_what_a_truth_shows_errs_by_the_source_and_by_what_the_model_leaves_out(monkeypatch):
    """In two outputs, one of a source that hardly errs."""
    monkeypatch.setattr("experiments.recovery.REPORT_EVERY", 10**6)
    wave, sd, shown = RNG(3).standard_normal((32, 2)), np.array([0.001, 0.03]), []

    def close(_simulate, _wave, observed, *_):
        shown.append(observed.value)
        return HistoryMatch(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(2), [])

    monkeypatch.setattr("experiments.recovery.match_history", close)
    ranks(
        wave, np.zeros((32, 2)), Observed(np.zeros(2), sd, NO_SHARE[:2]), WaveSizes(1, 1), 2400, 5
    )
    expected = sd**2 + PRIOR @ GRID**2  # a standard error is 6 % of it
    assert np.mean(np.square(shown), axis=0) == pytest.approx(expected, rel=0.25)


def test_a_rank_among_one_draw_lies_anywhere_on_its_half(monkeypatch):
    monkeypatch.setattr("experiments.history_matching.POPULATION", 64)
    wave = RNG(31).standard_normal((32, 2))
    observed = Observed(np.zeros(3), np.full(3, 0.02), NO_SHARE)
    found = ranks(wave, linear(0, wave), observed, WaveSizes(1, 1), 4, seed=1)
    assert ((found > 0) & (found < 1)).all()
    assert len(np.unique(found % 0.5)) == found.size


def test_a_parameter_would_miss_the_observations_that_tell_it():
    """Three outputs: two see the first parameter, one the second; nothing sees the third."""
    scores = RNG(11).standard_normal((300, 3))
    outputs = 0.05 * scores[:, [0, 0, 1]]
    observed = Observed(np.zeros(3), np.full(3, 0.005), NO_SHARE)
    groups = pd.Series(["both", "both", "other"])
    found = informing(["a", "b", "c"], scores, outputs, observed, groups, seed=1)
    assert found["group"].tolist() == ["both", "other", ""]
    assert found["wider"][:2].min() > 3
