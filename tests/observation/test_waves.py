"""Changes between the waves of one pollster are figures with a small error of their own."""

import pandas as pd
import pytest

from sim import load_config
from sim.observation.observed import observations
from sim.observation.sources import WAVE
from sim.observation.waves import as_waves, waves, with_waves


@pytest.fixture(scope="module")
def polls():
    """Return three waves of one pollster, the later two to be fitted, and one of another."""
    one = observations(load_config()).query("quality == 'poll' and operator == 'monthly_reach'")
    row = {**one.iloc[0], "measurer": "A", "platform": "max", "base": "18+", "bound": ""}
    dates = pd.to_datetime(["2025-11-01", "2025-08-01", "2026-02-01", "2025-08-01"])
    rows = [
        {**row, "date": date, "value": value, "use": use, "measurer": measurer}
        for date, value, use, measurer in zip(
            dates, (0.3, 0.1, 0.45, 0.2), ("fit", "show", "fit", "fit"), "AAAB", strict=True
        )
    ]
    return pd.DataFrame(rows, index=pd.Index([2, 3, 4, 5], name="line"))


def test_each_wave_is_compared_with_the_one_before(polls):
    found = waves(polls)
    assert found["value"].tolist() == pytest.approx([0.2, 0.15])
    assert found["until"].dt.strftime("%Y-%m").tolist() == ["2025-11", "2026-02"]
    assert set(found["operator"]) == {"monthly_reach_change"}
    assert found["in_points"].all()
    assert (found["sigma"] == WAVE / 100.0).all()
    assert found["use"].tolist() == ["fit", "fit"]


def test_levels_stay_and_lines_stay_unique(polls):
    both = with_waves(polls)
    assert len(both) == len(polls) + 2
    assert both.index.is_unique
    assert both.loc[polls.index].equals(polls)


def test_later_waves_may_stand_as_changes_alone(polls):
    """A level and the change to it are one figure."""
    found = as_waves(polls)
    assert sorted(found.index) == sorted(polls.index)
    is_change = found["until"].notna()
    assert found.loc[~is_change, "measurer"].sort_values().tolist() == ["A", "B"]
    assert found.loc[is_change, "value"].tolist() == pytest.approx([0.2, 0.15])


def test_where_nobody_asked_twice_nothing_is_added(polls):
    for one in (with_waves, as_waves):
        assert one(polls.iloc[:1]).equals(polls.iloc[:1])
