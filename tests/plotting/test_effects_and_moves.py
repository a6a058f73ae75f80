"""Figures of effects, moves and harms."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sim.base.errors import ConfigError
from sim.plotting import runs as plotting
from sim.plotting.flows import flows as draw_flows
from sim.plotting.flows import primary_flows
from tests.helpers.drawn import line, texts

SCENARIOS = {"ban", "baseline"}


def test_effects_are_percentage_points_around_zero(figures):
    lower, upper = figures["effects"].axes
    assert line(upper, "max").get_ydata() == pytest.approx(np.full(52, 1.0))
    assert line(lower, "cellular").get_ydata() == pytest.approx(np.full(52, 1.0))
    assert all(
        [0.0, 0.0] in [list(d.get_ydata()) for d in axes.get_lines()] for axes in (lower, upper)
    )


def test_moves_stand_beside_those_of_the_other_world(flows):
    there = flows[flows["from_platform"] != "telegram"].assign(scenario="none")
    there = there.assign(share=there["share"] / 2)
    figure = draw_flows(pd.concat([flows, there]), "ban", "none")
    written = " ".join(text.get_text() for text in figure.texts)
    assert "In brackets: none" in written
    assert "WhatsApp to Max 20.0% (10.0%)" in written
    assert "WhatsApp to Max 20.0% (10.0%)" in figure.get_label()


def test_moves_and_long_names_of_worlds_stay_on_the_figure(flows):
    renamed = flows.replace({"max": "vk"})
    other = renamed.assign(scenario="call_ban+fraud_only_measures")
    both = pd.concat([renamed, other])
    figure = draw_flows(both, "ban", "call_ban+fraud_only_measures")
    canvas = FigureCanvasAgg(figure)
    for text in figure.texts:
        assert text.get_window_extent(canvas.get_renderer()).x1 < figure.bbox.x1


def test_flows_take_the_whole_run_and_omit_the_smallest(figures, flows):
    matrix = primary_flows(flows)
    assert matrix.to_numpy().sum() == pytest.approx(1.0)
    assert matrix.loc["whatsapp", "max"] == pytest.approx(0.2)
    assert list(matrix.index) == ["whatsapp", "telegram", "max", "imo", "cellular"]
    figure = figures["flows"]
    bars = 2 * len(matrix)
    assert len(figure.axes[0].patches) == bars + 4  # the move of 0.1 % is not drawn
    written = " ".join(text.get_text() for text in figure.texts)
    assert "WhatsApp to Max 20.0%" in written
    assert "together 0.1%" in written
    assert "Max 20.0%" in texts(figure.axes[0])


def test_flows_of_parts_of_the_run_are_refused(flows):
    parts = flows.assign(from_date=flows["to_date"] - pd.Timedelta(days=7))
    with pytest.raises(ConfigError, match="only parts"):
        draw_flows(parts, "ban")


def test_harms_name_every_scenario_but_where_one_is_compared_with_the_other(figures):
    for axes in figures["harms"].axes:
        against = axes.get_title("left").startswith(("Displaced", "Worse off"))
        assert {"ban", "baseline"} & set(texts(axes)) == ({"ban"} if against else SCENARIOS)


def test_harms_are_never_left_out_silently(timeseries):
    rest = timeseries[timeseries["measure"] != "no_means"]
    with pytest.raises(ConfigError, match=r"measure = 'no_means'.*exposure.*welfare"):
        plotting.harms(rest, ["ban"])
    rest = timeseries[timeseries["measure"] != "displaced"]
    assert len(plotting.harms(rest, ["ban"]).axes) == 6  # nothing to compare it with
    with pytest.raises(ConfigError, match="measure = 'displaced'"):
        plotting.harms(rest, ["ban", "baseline"])


def test_an_unknown_scenario_names_what_is_there(timeseries):
    with pytest.raises(ConfigError, match=r"'bann'.*ban.*baseline"):
        plotting.use(timeseries, "bann")
