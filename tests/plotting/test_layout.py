import datetime as dt

import pandas as pd
import pytest

from sim.base.errors import ConfigError
from sim.plotting.flows import GAP, primary_flows, ribbons
from sim.plotting.layout import band_note, midway, spread


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([1.0, 9.0], [1.0, 9.0]),
        ([5.0, 5.0], [4.0, 6.0]),
        ([6.0, 5.0], [6.5, 4.5]),  # order is kept
        ([0.0, 0.0], [0.0, 2.0]),  # so are the bounds
        ([10.0, 10.0, 10.0], [6.0, 8.0, 10.0]),
        ([5.0, 5.0, 5.0], [3.0, 5.0, 7.0]),  # the middle one need not move
        ([5.0, 5.0, 6.5], [3.5, 5.5, 7.5]),
    ],
)
def test_labels_spread(places, expected):
    assert spread(places, 2.0, 0.0, 10.0) == pytest.approx(expected)


def test_labels_for_which_there_is_no_room_begin_at_the_lower_bound():
    assert spread([1.0, 1.0, 1.0], 6.0, 0.0, 10.0) == pytest.approx([0.0, 6.0, 12.0])


def test_a_step_is_drawn_in_its_midst_and_a_longer_gap_is_no_step():
    dates = pd.to_datetime(["2025-06-01", "2025-06-08", "2025-06-22"])
    rows = pd.DataFrame({"date": [*dates, *dates], "value": range(6)})
    moved = midway(rows)
    assert (moved["date"] - rows["date"] == pd.Timedelta(days=3.5)).all()
    assert midway(rows[:1])["date"].tolist() == [dates[0]]


def test_flows_of_the_whole_interval_are_a_mean_over_replications():
    dates = pd.to_datetime(["2025-06-01", "2025-07-01", "2025-08-01"])
    pairs = [("whatsapp", "whatsapp", 0.6), ("whatsapp", "max", 0.2), ("max", "max", 0.2)]
    whole = [(r, dates[0], dates[2], a, b, s) for r in range(2) for a, b, s in pairs]
    part = [(0, dates[0], dates[1], "max", "whatsapp", 1.0)]
    away = [(1, dates[0], dates[2], "max", "whatsapp", 0.1)]  # in one replication of two
    columns = ["replication", "from_date", "to_date", "from_platform", "to_platform", "share"]
    matrix = primary_flows(pd.DataFrame(whole + part + away, columns=columns))
    assert matrix.loc["whatsapp", "max"] == pytest.approx(0.2)
    assert matrix.loc["max", "whatsapp"] == pytest.approx(0.05)
    later = [(0, dates[1], dates[2], "max", "max", 1.0)]
    parts = pd.DataFrame(part + later, columns=columns)
    with pytest.raises(ConfigError, match="no rows from 2025-06-01 to 2025-08-01, only parts"):
        primary_flows(parts)


def test_ribbons_fill_their_bars_without_overlap():
    matrix = pd.DataFrame([[0.5, 0.2], [0.1, 0.2]], index=["a", "b"], columns=["a", "b"])
    found = {(ribbon.source, ribbon.target): ribbon for ribbon in ribbons(matrix)}
    assert [ribbon.height for ribbon in found.values()] == [0.5, 0.2, 0.1, 0.2]
    left = [found["a", "a"].left, found["a", "b"].left, found["b", "a"].left, found["b", "b"].left]
    assert left == pytest.approx([0.0, 0.5, 0.7 + GAP, 0.8 + GAP])
    right = [found["a", "a"].right, found["b", "a"].right]
    assert right == pytest.approx([0.0, 0.5])
    right = [found["a", "b"].right, found["b", "b"].right]
    assert right == pytest.approx([0.6 + GAP, 0.8 + GAP])


def test_the_shade_is_named_where_there_is_one():
    days = [dt.date(2025, 6, 1), dt.date(2025, 6, 8)]
    line = pd.DataFrame({"low": [0.1, 0.2], "median": [0.1, 0.3], "high": [0.1, 0.4]}, index=days)
    alone = line.assign(low=line["median"], high=line["median"])
    assert "5 % to 95 % quantile of replications" in band_note({"a": alone, "b": line})
    assert band_note({"a": alone}) == "No shade: one replication, or all of them alike."
