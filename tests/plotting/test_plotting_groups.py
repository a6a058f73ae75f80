"""Small multiples by group: every group has reach and costs on the same scale."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from sim.base.errors import ConfigError
from sim.plotting.groups import COSTS, by_group
from sim.plotting.palette import PLATFORMS

WEEKS = pd.date_range("2025-06-02", periods=20, freq="7D")
AGES = ("12-17", "18-24", "65+")


@pytest.fixture(scope="module")
def timeseries():
    series = [("whatsapp", "any", "dau"), ("max", "any", "dau"), ("any", "any", "welfare")]
    series += [("any", channel, measure) for measure, channel, _ in COSTS]
    rows = [
        ("ban", r, date, group, *key, 0.1 * (1 + place) + 0.01 * at + 0.001 * r)
        for place, group in enumerate(("all", *(f"age={band}" for band in AGES)))
        for key in series
        for r in range(3)
        for at, date in enumerate(WEEKS)
    ]
    columns = ["scenario", "replication", "date", "group", "platform", "channel", "measure"]
    table = pd.DataFrame(rows, columns=[*columns, "value"])
    return table.astype({"group": "category", "platform": "category", "measure": "category"})


@pytest.fixture(scope="module")
def figure(timeseries):
    return by_group(timeseries, "ban", "age")


def test_a_pair_of_panels_for_each_group_in_order(figure):
    assert [axes.get_title("left") for axes in figure.axes[::2]] == list(AGES)
    assert len(figure.axes) == 2 * len(AGES)
    assert {axes.get_ylim() for axes in figure.axes} == {(0.0, 100.0)}


def test_lines_are_the_groups_own(figure, timeseries):
    upper = figure.axes[2]
    (line,) = [one for one in upper.get_lines() if one.get_label() == "max"]
    rows = timeseries.query("group == 'age=18-24' and platform == 'max'")
    expected = 100 * rows.groupby("date")["value"].median()
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert to_hex(line.get_color()) == PLATFORMS["max"].colour


def test_adoption_never_stands_without_its_costs(figure, timeseries):
    for axes in figure.axes[1::2]:
        assert {line.get_label() for line in axes.get_lines()} == {name for *_, name in COSTS}
        assert axes.texts[0].get_text() == "welfare +0.190"
    with pytest.raises(ConfigError, match="no_means"):
        by_group(timeseries[timeseries["measure"] != "no_means"], "ban", "age")


def test_the_legend_names_every_line_once(figure):
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["WhatsApp", "Max", *(name for *_, name in COSTS)]
    for age in AGES:
        assert age in figure.get_label()


def test_an_unknown_kind_of_groups_is_refused_with_those_there_are(timeseries):
    with pytest.raises(ConfigError, match=r"no groups city=.*allowed: age"):
        by_group(timeseries, "ban", "city")
