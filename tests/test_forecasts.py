"""What draws predict beside what was observed: known answers for a posterior made by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from experiments.fitting import Asked, Record
from experiments.forecasts import FITTED, HELD_OUT, NOT_FITTED, Seen, misfit, naive, points, scores
from experiments.targets import COMPANY

DATES = pd.date_range("2025-10-01", periods=5, freq="MS")


def wanted(value, period, measure="mau", sd=0.03, bias=0.0):
    """Return targets of one platform, a month each."""
    n = len(value)
    return pd.DataFrame({
        "platform": "max", "measure": measure, "date": DATES[:n], "since": pd.NaT,
        "operator": "monthly_reach", "value": value, "sd": sd, "bias": bias, "period": period,
    })  # fmt: skip


def seen(*draws, discrepancy=0.04):
    """Return draws, each a list of monthly reach."""
    keys = [("max", "any", "mau", date) for date in DATES[: len(draws[0])]]
    columns = pd.MultiIndex.from_tuples(keys)
    return Seen(pd.DataFrame(draws, columns=columns), np.full(len(draws), discrepancy))


def test_a_point_is_predicted_with_the_errors_of_source_and_model():
    """Draws that agree: a normal law with sd = hypot(.03, .04)."""
    (row,) = points(wanted([0.6], FITTED), seen([0.5], [0.5])).itertuples()
    sd, z = 0.05, 2.0
    assert (row.low, row.high) == pytest.approx(norm.interval(0.9, 0.5, sd))
    assert row.median == 0.5
    assert row.error == pytest.approx(-0.1)  # less than observed
    exact = sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert row.crps == pytest.approx(exact)
    assert (row.in_50, row.in_90) == (False, False)


def test_what_is_predicted_of_a_source_that_overstates_is_what_it_would_say():
    (row,) = points(wanted([0.6], NOT_FITTED, bias=0.025), seen([0.5], [0.5])).itertuples()
    assert row.median == pytest.approx(0.525)


def test_draws_have_the_discrepancy_that_was_learnt_with_them():
    index = pd.MultiIndex.from_tuples([(2, 0), (0, 0), (2, 1)], names=["point", "replication"])
    draws = pd.DataFrame({"point": [0, 1, 2], "discrepancy": [0.1, 0.2, 0.3]})
    found = Seen.of(draws, pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index))
    assert found.discrepancy.tolist() == [0.3, 0.1, 0.3]
    assert found.weight.tolist() == [1 / 3] * 3


def test_scores_are_in_points_by_period():
    found = points(wanted([0.53, 0.46, 0.5], [FITTED, FITTED, HELD_OUT]), seen([0.5] * 3))
    table = scores(found).set_index("period")
    assert table.loc[FITTED, "n"] == 2
    assert table.loc[FITTED, "rmse"] == pytest.approx(np.sqrt((3**2 + 4**2) / 2))
    assert table.loc[HELD_OUT, "rmse"] == pytest.approx(0.0)
    assert table["in_90"].tolist() == [1.0, 1.0]


def test_what_was_not_fitted_counts_for_no_error_of_the_median():
    rows = wanted([0.5, 0.6, 0.9], [FITTED, HELD_OUT, NOT_FITTED])
    found = misfit(rows, seen([0.5] * 3, [0.52] * 3, [0.6] * 3))
    assert found[FITTED, "max"] == pytest.approx(2.0)
    assert found[HELD_OUT, "max"] == pytest.approx(8.0)
    assert len(found) == 2


def test_naive_forecasts_know_what_was_fitted_and_are_held_against_what_was_not():
    """Reach rises by five points a month, over the turn of the year as well."""
    rows = wanted([0.1, 0.15, 0.2, 0.25, 0.3], [FITTED] * 3 + [HELD_OUT] * 2)
    errors = naive(rows, "max")
    for last in ("2", "3", "all"):
        name = f"line, {last}" if last == "all" else f"line, last {last}"
        assert errors[name] == pytest.approx(0.0, abs=1e-9)
    assert errors["persistence"] == pytest.approx(np.sqrt((5**2 + 10**2) / 2))


def test_a_record_begins_with_the_month_of_the_start_and_ends_with_the_date():
    asked = Asked("russia_2025", pd.Timestamp("2025-12-31"), [])
    found = Record(asked, dt.date(2025, 6, 2)).targets
    assert found["date"].min() == pd.Timestamp("2025-06-01")
    assert found["date"].max() == pd.Timestamp("2025-12-01")
    assert COMPANY not in set(found["quality"])
    claims = Record(asked, dt.date(2025, 6, 2), left_out="").targets
    assert COMPANY in set(claims["quality"])
    observed = Record(asked, dt.date(2025, 6, 2)).observed
    assert observed.shares.tolist() == found["since"].isna().tolist()
    assert 0 < observed.shares.sum() < len(found)
