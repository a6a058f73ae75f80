"""What draws predict beside what was observed: known answers for a posterior made by hand."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from experiments.calibration import CalibrationOptions, Record
from experiments.forecasts import (
    FITTED,
    HELD_OUT,
    NOT_FITTED,
    Calibration,
    PosteriorRuns,
    bands,
    misfit,
    naive,
    points,
    scores,
)  # fmt: skip
from experiments.targets import COMPANY
from experiments.validation_scores import beside_naive

DATES = pd.date_range("2025-10-01", periods=5, freq="MS")


def wanted(value, period, measure="mau", sd=0.03, bias=0.0):
    """Return targets of one platform, a month each."""
    n = len(value)
    return pd.DataFrame({
        "platform": "max", "measure": measure, "date": DATES[:n], "since": pd.NaT,
        "operator": "monthly_reach", "value": value, "sd": sd, "bias": bias, "period": period,
    })  # fmt: skip


def seen(*draws, discrepancy=0.04, measure="mau"):
    """Return draws, each a list of reach by month."""
    keys = [("max", "any", measure, date) for date in DATES[: len(draws[0])]]
    columns = pd.MultiIndex.from_tuples(keys)
    return PosteriorRuns(pd.DataFrame(draws, columns=columns), np.full(len(draws), discrepancy))


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
    found = PosteriorRuns.of(draws, pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index))
    assert found.discrepancy.tolist() == [0.3, 0.1, 0.3]
    assert found.weight.tolist() == [1 / 3] * 3


def test_scores_are_in_points_by_period():
    found = points(wanted([0.53, 0.46, 0.5], [FITTED, FITTED, HELD_OUT]), seen([0.5] * 3))
    table = scores(found).set_index("period")
    assert table.loc[FITTED, "n"] == 2
    assert table.loc[FITTED, "rmse"] == pytest.approx(np.sqrt((3**2 + 4**2) / 2))
    assert table.loc[HELD_OUT, "rmse"] == pytest.approx(0.0)
    assert table["in_90"].tolist() == [1.0, 1.0]
    assert table["in_50"].tolist() == [0.5, 1.0]  # z is .6 and .8; half lie within .67
    exact = 100 * 0.05 * (np.sqrt(2 / np.pi) - 1 / np.sqrt(np.pi))
    assert table.loc[HELD_OUT, "crps"] == pytest.approx(exact)


def test_what_was_not_fitted_counts_for_no_error_of_the_median():
    rows = wanted([0.5, 0.6, 0.9], [FITTED, HELD_OUT, NOT_FITTED])
    found = misfit(rows, seen([0.5] * 3, [0.52] * 3, [0.6] * 3))
    assert found[FITTED, "max"] == pytest.approx(2.0)
    assert found[HELD_OUT, "max"] == pytest.approx(8.0)
    assert len(found) == 2


def test_the_error_of_the_median_is_of_daily_reach_as_well_and_of_nothing_else():
    rows = wanted([0.5, 0.6], [FITTED, HELD_OUT], measure="dau").assign(operator="daily_reach")
    draws = seen([0.52] * 2, measure="dau")
    assert misfit(rows, draws).tolist() == pytest.approx([2.0, 8.0])
    assert misfit(rows.assign(measure="dau change"), draws).empty


def test_bands_of_reach_hold_half_and_nine_tenths_of_the_draws():
    draws = np.linspace(0.0, 1.0, 101)
    daily = seen(*draws[:, None], measure="dau").months
    months = pd.concat([seen(*draws[:, None] / 2).months, daily], axis=1)
    use = months.set_axis(months.columns.set_levels(["use", "x"], level=2), axis=1)
    found = bands(PosteriorRuns(pd.concat([months, use], axis=1), np.zeros(101)))
    assert found["measure"].tolist() == ["mau", "dau"]
    assert found.filter(regex="q").columns.tolist() == ["q05", "q25", "q50", "q75", "q95"]
    assert found.iloc[1, 3:].tolist() == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95])


@pytest.mark.parametrize("until", ["2025-12-30", "2025-12-31"])
def test_what_is_held_out_was_measured_in_months_that_were_not_over(until):
    """What was not fitted and is none of those, as a claim, is not held against forecasts."""
    asked = CalibrationOptions("russia_2025", pd.Timestamp(until), [])
    fitted = Record(asked, dt.date(2025, 6, 2)).targets
    dates = pd.date_range("2025-07-01", "2026-02-01", freq="MS")
    within = pd.DataFrame(columns=pd.MultiIndex.from_product([["max"], dates], names=["", "date"]))
    found = Calibration.targets(SimpleNamespace(options=asked, fitted=fitted), within)
    by_period = dict(list(found.groupby("period")))
    assert len(by_period[FITTED]) == (fitted["date"] >= dates[0]).sum() < len(fitted)
    first = by_period[HELD_OUT]["date"].min()
    assert first == pd.Timestamp("2025-12-01" if until < "2025-12-31" else "2026-01-01")
    assert set(by_period[NOT_FITTED]["quality"]) == {COMPANY}
    assert COMPANY not in set(by_period[HELD_OUT]["quality"])
    assert (found["date"].min(), found["date"].max()) == (dates[0], dates[-1])


def test_naive_growth_to_the_share_of_people_online_is_found_again():
    reach = 0.86 - 0.7 * np.exp(-0.2 * np.arange(5))
    errors = naive(wanted(reach, [FITTED] * 4 + [HELD_OUT]), "max")
    assert errors["constant hazard to 0.86"] == pytest.approx(0.0, abs=1e-6)


def test_naive_forecasts_know_what_was_fitted_and_are_held_against_what_was_not():
    """Reach rises by five points a month, over the turn of the year as well."""
    rows = wanted([0.1, 0.15, 0.2, 0.25, 0.3], [FITTED] * 3 + [HELD_OUT] * 2)
    errors = naive(rows, "max")
    for last in ("2", "3", "all"):
        name = f"line, {last}" if last == "all" else f"line, last {last}"
        assert errors[name] == pytest.approx(0.0, abs=1e-9)
    assert errors["persistence"] == pytest.approx(np.sqrt((5**2 + 10**2) / 2))


def test_who_has_no_line_to_draw_stands_beside_no_naive_forecast():
    """It ended in a traceback if a platform had figures held out and none that were fitted."""
    late = wanted([0.1], [HELD_OUT])
    early = wanted([0.1, 0.2, 0.3, 0.4], [*[FITTED] * 3, HELD_OUT]).assign(platform="vk")
    rows = pd.concat([late, early]).assign(rmse=0.0, error=0.0, crps=0.0, in_50=True, in_90=True)
    assert list(beside_naive(rows)) == ["vk"]


def test_a_record_begins_with_the_month_of_the_start_and_ends_with_the_date():
    asked = CalibrationOptions("russia_2025", pd.Timestamp("2025-12-31"), [])
    found = Record(asked, dt.date(2025, 6, 2)).targets
    assert found["date"].min() == pd.Timestamp("2025-06-01")
    assert found["date"].max() == pd.Timestamp("2025-12-01")
    assert COMPANY not in set(found["quality"])
    claims = Record(asked, dt.date(2025, 6, 2), left_out="").targets
    assert COMPANY in set(claims["quality"])
    observed = Record(asked, dt.date(2025, 6, 2)).observed
    assert observed.shares.tolist() == found["since"].isna().tolist()
    assert 0 < observed.shares.sum() < len(found)
