"""Figures of a run: what lines, points and marks stand for, and how they look."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.dates import date2num

from sim.plotting import palette
from sim.plotting import runs as plotting
from sim.plotting.drawing import DPI, SMALL
from sim.plotting.layout import select
from tests.helpers.drawn import PLATFORMS, WEEKS, line, texts

LOOKS = [*palette.PLATFORMS.values(), *(palette.scenario("", k) for k in range(4))]


def contrast(colour):
    """Return the contrast of a colour with white (WCAG 2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    luminance = np.dot(linear, [0.2126, 0.7152, 0.0722])
    return 1.05 / (luminance + 0.05)


def test_every_platform_has_its_line_colour_and_name(figures):
    drawn = [*figures["reach"].axes, *figures["use"].axes, figures["effects"].axes[1]]
    for axes in drawn:
        for name in PLATFORMS:
            look = palette.PLATFORMS[name]
            assert to_hex(line(axes, name).get_color()) == look.colour
            assert look.label in texts(axes)
    assert "ordinary phone" in texts(figures["use"].axes[0])


def test_colours_and_markers_tell_platforms_apart():
    looks = palette.PLATFORMS.values()
    assert len({look.colour for look in looks}) == len({look.marker for look in looks}) == 6


def test_bands_contain_medians(figures):
    for name in ("reach", "effects", "use", "harms"):
        for axes in figures[name].axes:
            assert axes.collections
            for band in axes.collections:
                corners = band.get_paths()[0].vertices
                x, y = line(axes, band.get_label()).get_data()
                for at, median in zip(x, y, strict=True):
                    edges = corners[np.isclose(corners[:, 0], at), 1]
                    assert edges.min() <= median <= edges.max()


def test_medians_are_in_percent_in_the_midst_of_the_step(figures, timeseries):
    daily = figures["reach"].axes[0]
    x, y = line(daily, "whatsapp").get_data()
    assert x == pytest.approx(date2num(WEEKS.to_numpy()) + 3.5)
    first = select(timeseries, scenario="ban", platform="whatsapp", measure="dau")
    first = first[first["date"] == WEEKS[0]]
    assert y[0] == pytest.approx(100 * first["value"].median())


def test_observed_points_stand_where_they_were_observed(figures):
    daily, monthly = figures["reach"].axes
    measured = line(monthly, "observed max")
    middles = pd.to_datetime(["2025-08-15", "2025-12-15"]).to_numpy()
    assert measured.get_xdata() == pytest.approx(date2num(middles))
    assert measured.get_ydata() == pytest.approx([26.0, 57.0])
    assert measured.get_markeredgecolor() == "white"
    assert measured.get_marker() == palette.PLATFORMS["max"].marker
    points = [drawn for drawn in daily.get_lines() if drawn.get_label() == "observed max"]
    claims = [drawn for drawn in points if drawn.get_markerfacecolor() == "white"]
    assert [list(claim.get_ydata()) for claim in claims] == [[45.0]]
    assert sum(len(drawn.get_xdata()) for drawn in points) == 1  # 2024 lies outside the run


def test_the_counterfactual_is_dashed(figures):
    for axes in figures["reach"].axes:
        dashed = [drawn for drawn in axes.get_lines() if drawn.get_linestyle() == "--"]
        assert len(dashed) == len(PLATFORMS)


def test_events_in_the_run_are_marked_and_apart(figures):
    monthly = figures["reach"].axes[1]
    labels = {text.get_text(): text.get_position()[0] for text in monthly.texts}
    assert {"ban", "slow", "off"} <= set(labels)
    assert "later" not in labels
    assert labels["off"] - labels["slow"] > 5  # the events are one day apart


def test_the_note_names_markers_and_events_only_where_there_are_some(
    figures, timeseries, observed, events
):
    def said(figure):
        return " ".join(text.get_text() for text in figure.texts)

    assert "Markers: observed" in said(figures["reach"])
    assert "Pale events and markers" in said(figures["reach"])
    bare = plotting.reach(timeseries, "ban", observed.iloc[3:], events.iloc[3:])
    assert "Markers" not in said(bare)
    assert "Pale" not in said(bare)
    assert "as observed" in figures["reach"].get_label()
    assert "observed" not in bare.get_label()
    assert bare.get_figheight() < figures["reach"].get_figheight()  # no room for no labels


def test_what_belongs_to_another_world_is_pale(figures):
    daily, monthly = figures["reach"].axes
    tones = {text.get_text(): text.get_color() for text in monthly.texts}
    assert (tones["ban"], tones["slow"]) == (palette.INK, palette.PALE)
    claim = next(one for one in daily.get_lines() if len(one.get_xdata()) == 1)
    assert claim.get_alpha() < line(monthly, "observed max").get_alpha() == 1.0


def test_names_are_dark_enough_to_be_read_on_white():
    """WCAG AA asks for a contrast of 4.5."""
    tones = [palette.PALE, palette.MUTED, *(palette.darker(one.colour) for one in LOOKS)]
    assert min(contrast(tone) for tone in tones) >= 4.5


def test_a_month_alone_is_seen(timeseries, observed, events):
    short = timeseries[timeseries["date"] < "2025-06-30"]
    daily, monthly = plotting.reach(short, "ban", observed, events, "baseline").axes
    drawn = [one for one in monthly.get_lines() if len(one.get_xdata()) == 1]
    alone = [one for one in drawn if not one.get_label().startswith("observed")]
    assert len(alone) == 2 * len(PLATFORMS)
    assert {one.get_marker() for one in alone} == {"_"}
    assert line(daily, "max").get_marker() == "None"


def test_no_two_of_many_worlds_look_alike():
    looks = {palette.scenario("some", place)[1:] for place in range(16)}
    assert len(looks) == 16


def test_effects_of_nothing_are_not_magnified(effects):
    nothing = effects.assign(median=1e-5, low=-1e-5, high=2e-5)
    for axes in plotting.effects(nothing, "ban", "baseline").axes:
        assert axes.get_ylim() == (-0.5, 0.5)


def test_labels_at_line_ends_do_not_overlap(figures):
    for name in ("reach", "effects", "use", "harms"):
        for axes in figures[name].axes:
            low, high = axes.get_ylim()
            points = 72 * axes.bbox.height / DPI
            ends = sorted(text.get_position()[1] for text in axes.texts if not text.get_rotation())
            assert (np.diff(ends) * points / (high - low) > SMALL).all()


def test_axes_state_their_units(figures):
    units = {
        "reach": ["% of people aged 12+"] * 2,
        "effects": ["points of all communication", "percentage points"],
        "use": ["calls a person a day", "messages a person a day"],
        "harms": [
            "messages a person a day",
            *["% of communication"] * 2,
            *["% of calls or messages"] * 2,
            *["% of ties"] * 2,
            "% of people",
            "index",
        ],
    }
    for name, expected in units.items():
        for axes, unit in zip(figures[name].axes, expected, strict=True):
            assert unit in axes.get_ylabel()
