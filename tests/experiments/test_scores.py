"""Scores of forecasts against exact values; naive forecasts against the study that set the bar."""

import numpy as np
import pytest
from scipy.stats import norm

from experiments.scores import band, crps, hazard, inside, line, place, rmse
from experiments.targets import targets

ONE, NO_ERROR = np.ones(1), np.zeros(1)


def test_crps_of_a_normal_forecast_is_exact():
    z, sd = 0.7, 2.0
    exact = sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert crps(np.zeros(1), ONE, np.full(1, sd), z * sd) == pytest.approx(exact)


def test_crps_of_one_value_is_its_error_and_of_a_perfect_one_nothing():
    assert crps(np.array([2.0]), ONE, NO_ERROR, 5.0) == 3.0
    assert crps(np.array([5.0]), ONE, NO_ERROR, 5.0) == 0.0


def test_crps_of_weighted_values():
    """Values 0 and 1 with weights 3/4 and 1/4 against 0: 1/4 - (2 * 3/4 * 1/4) / 2."""
    assert crps(np.array([0.0, 1.0]), np.array([0.75, 0.25]), np.zeros(2), 0.0) == pytest.approx(
        1 / 16
    )


def test_bands_of_a_normal_forecast_are_its_quantiles_and_cover_what_lies_in_them():
    draws, sd = np.zeros(3), 1.5
    error = np.full(3, sd)
    weight = np.array([0.2, 0.3, 0.5])
    assert band(draws, weight, error, 0.9) == pytest.approx(norm.interval(0.9, 0.0, sd))
    at = place(draws, weight, error, norm.ppf(0.96) * sd)
    assert at == pytest.approx(0.96)
    assert not inside(at, 0.9)
    assert inside(at, 0.95)


def test_crps_of_draws_with_errors_of_their_own():
    """By numerical integration of (F - 1{x > y})^2."""
    draws, weight, error = np.array([0.0, 1.0]), np.array([0.4, 0.6]), np.array([0.5, 2.0])
    x = np.linspace(-15, 15, 60_001)
    below = weight[0] * norm.cdf(x, 0.0, 0.5) + weight[1] * norm.cdf(x, 1.0, 2.0)
    exact = np.trapezoid((below - (x > 0.3)) ** 2, x)
    assert crps(draws, weight, error, 0.3) == pytest.approx(exact, rel=1e-3)


def test_root_mean_square():
    assert rmse(np.array([3.0, -4.0])) == pytest.approx(np.sqrt(12.5))


def test_adoption_at_a_constant_hazard_is_found_again():
    months = np.array([0.0, 2.0, 3.0, 6.0])
    shares = 0.8 - 0.7 * np.exp(-0.2 * months)
    found = hazard(months, shares, np.array([8.0]), 0.8)
    assert found[0] == pytest.approx(0.8 - 0.7 * np.exp(-1.6))


def known(platform):
    """Return months, shares until December 2025, and those of January and February 2026."""
    rows = targets("russia_2025")
    rows = rows[(rows["platform"] == platform) & (rows["measure"] == "mau")]
    months = (rows["date"].dt.year * 12 + rows["date"].dt.month).to_numpy(float)
    shares, held = rows["value"].to_numpy(), (rows["date"] >= "2026-01-01").to_numpy()
    return months[~held], shares[~held], months[held], shares[held]


def test_the_best_naive_forecasts_of_the_study_are_met():
    """Root mean square, points: 7.5, .7 and .6; the record has been read anew since."""
    for platform, last, expected in (("whatsapp", 3, 7.5), ("telegram", 2, 0.7)):
        months, shares, at, truth = known(platform)
        assert 100 * rmse(line(months, shares, at, last) - truth) == pytest.approx(
            expected, abs=0.1
        )
        assert rmse(shares[-1] - truth) > rmse(line(months, shares, at, last) - truth)
    months, shares, at, truth = known("max")
    assert 100 * rmse(hazard(months, shares, at, 0.86) - truth) == pytest.approx(0.6, abs=0.05)
