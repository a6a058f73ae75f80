import datetime as dt

import pandas as pd
import pytest

from sim.plotting.layout import GAP, band_note, ribbons, spread


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
    ],
)
def test_labels_spread(places, expected):
    assert spread(places, 2.0, 0.0, 10.0) == pytest.approx(expected)


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
