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
    # 27 Jan has 5 days in January and 2 in February; the last step, too, lasts 7 days.
    starts = pd.date_range("2025-01-06", periods=8, freq="7D")
    means = monthly_mean(daily(starts, range(8)))
    assert list(means["date"]) == [pd.Timestamp("2025-02-01")]  # January and March are cut
    expected = (2 * 3 + 7 * 4 + 7 * 5 + 7 * 6 + 5 * 7) / 28
    assert means["value"].item() == pytest.approx(expected, rel=1e-14)


def test_steps_of_unequal_length():
    means = monthly_mean(daily(["2025-06-01", "2025-06-11", "2025-07-01"], [1.0, 4.0, 9.0]))
    june = means[means["date"] == "2025-06-01"]["value"].item()
    assert june == pytest.approx((10 * 1 + 20 * 4) / 30)


def test_the_last_step_lasts_as_long_as_the_one_before_it():
    means = monthly_mean(daily(["2025-05-25", "2025-06-01", "2025-07-01"], [1.0, 4.0, 9.0]))
    assert means["value"].tolist() == pytest.approx([4.0, 9.0])


def test_every_series_is_averaged_for_itself_as_pandas_does():
    dates = pd.date_range("2025-06-01", "2025-08-31", freq="D")  # steps of a day: plain means
    frame = pd.MultiIndex.from_product(
        [dates, ["max", "imo"], range(3)], names=["date", "platform", "replication"]
    ).to_frame(index=False)
    steps = frame.assign(
        platform=frame["platform"].astype("category"),
        value=np.random.default_rng(1).random(len(frame)),
    )
    by_month = [
        steps["platform"].astype(str),
        steps["replication"],
        steps["date"].dt.to_period("M"),
    ]
    expected = steps["value"].groupby(by_month).mean()
    means = monthly_mean(steps)
    assert list(means) == ["date", "platform", "replication", "value"]
    found = means.assign(
        date=means["date"].dt.to_period("M"), platform=means["platform"].astype(str)
    )
    found = found.set_index(["platform", "replication", "date"])["value"]
    pd.testing.assert_series_equal(found, expected, rtol=1e-13)


def test_a_single_step_covers_no_month():
    assert monthly_mean(daily(["2025-06-02"], [0.5])).empty
