"""Means over calendar months of what is simulated step by step."""

import numpy as np
import pandas as pd
import pytest

from sim.observation.months import monthly_mean


def daily(dates, values):
    return pd.DataFrame(
        {"date": pd.to_datetime(dates), "platform": "max", "replication": 0, "value": values}
    )


def test_a_month_weighs_steps_by_their_days_in_it():
    # 27 Jan stands for 23.5 to 30.5 Jan, 3 Feb for 30.5 Jan to 6.5 Feb, 24 Feb for 20.5 to 27.5.
    starts = pd.date_range("2025-01-06", periods=9, freq="7D")
    means = monthly_mean(daily(starts, range(9)))
    assert list(means["date"]) == [pd.Timestamp("2025-02-01")]  # January and March are cut
    expected = (3 * 0 + 4 * 5.5 + 5 * 7 + 6 * 7 + 7 * 7 + 8 * 1.5) / 28
    assert means["value"].item() == pytest.approx(expected, rel=1e-14)


def test_steps_of_unequal_length():
    means = monthly_mean(daily(["2025-06-01", "2025-06-11", "2025-07-01"], [1.0, 4.0, 9.0]))
    june = means[means["date"] == "2025-06-01"]["value"].item()
    assert june == pytest.approx((5 * 1 + 15 * 4 + 10 * 9) / 30)


def test_the_last_step_lasts_as_long_as_the_one_before_it():
    means = monthly_mean(daily(["2025-06-01", "2025-07-01"], [4.0, 9.0]))
    assert means["value"].tolist() == pytest.approx([(15 * 4 + 15 * 9) / 30, 9.0])


def test_every_series_is_averaged_for_itself_by_the_trapezoidal_rule():
    dates = pd.date_range("2025-06-01", "2025-09-01", freq="D")
    frame = pd.MultiIndex.from_product(
        [dates, ["max", "imo"], range(3)], names=["date", "platform", "replication"]
    ).to_frame(index=False)
    steps = frame.assign(
        platform=frame["platform"].astype("category"),
        value=np.random.default_rng(1).random(len(frame)),
    )
    means = monthly_mean(steps)
    assert list(means) == ["date", "platform", "replication", "value"]
    assert len(means) == 3 * 2 * 3
    for row in means.itertuples():
        of_one = (steps["platform"] == row.platform) & (steps["replication"] == row.replication)
        last = row.date + pd.offsets.MonthBegin()
        values = steps[of_one & steps["date"].between(row.date, last)]["value"]
        expected = np.trapezoid(values) / (len(values) - 1)
        assert row.value == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("days", [1, 7, 10])
def test_a_series_that_grows_evenly_has_the_mean_of_the_middle_of_the_month(days):
    """So months do not lag by half a step, however long a step is."""
    starts = pd.date_range("2025-06-01", "2025-10-31", freq=f"{days}D")
    grown = (starts - starts[0]) / pd.Timedelta(days=1)
    august = monthly_mean(daily(starts, grown)).set_index("date")["value"]["2025-08-01"]
    assert august == pytest.approx(61 + 31 / 2, abs=days**2 / 31)


def test_a_single_step_covers_no_month():
    assert monthly_mean(daily(["2025-06-02"], [0.5])).empty
