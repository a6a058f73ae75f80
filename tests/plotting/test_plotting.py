import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.dates import date2num

from sim.base.errors import ConfigError
from sim.plotting import palette
from sim.plotting import runs as plotting
from sim.plotting.drawing import DPI, SMALL, new_figure, panel
from sim.plotting.files import save
from sim.plotting.flows import flows as draw_flows
from sim.plotting.flows import primary_flows
from sim.plotting.layout import select

PLATFORMS = ["whatsapp", "telegram", "max", "imo", "vk"]
WEEKS = pd.date_range("2025-06-02", periods=52, freq="7D")
MONTHS = pd.date_range("2025-06-01", periods=12, freq="MS")
SCENARIOS = {"ban", "baseline"}
HARMS = (
    ("any", "unsent"),
    *(("any", f"exposure_{by}") for by in ("phone", "apps")),
    *(
        (channel, measure)
        for measure in ("displaced", "no_means")
        for channel in ("call", "message")
    ),
    ("any", "welfare"),
)


def rows(scenario, platform, channel, measure, dates, level):
    noise = np.random.default_rng(len(platform)).normal(0.0, 0.02, 8)
    return pd.DataFrame(
        [
            (scenario, r, date, "all", platform, channel, measure, level * (1 + at / 99) * (1 + e))
            for r, e in enumerate(noise)
            for at, date in enumerate(dates)
        ],
        columns=[
            *("scenario", "replication", "date", "group"),
            *("platform", "channel", "measure", "value"),
        ],
    )


@pytest.fixture(scope="module")
def timeseries():
    parts = []
    for scenario in ("ban", "baseline"):
        for place, name in enumerate(PLATFORMS):
            level = 0.6 / (1 + place)
            parts.append(rows(scenario, name, "any", "dau", WEEKS, level))
            parts.append(rows(scenario, name, "any", "mau", MONTHS, level))
        for channel in ("message", "call"):
            parts += [
                rows(scenario, name, channel, "use", WEEKS, 3.0)
                for name in [*PLATFORMS, "cellular"]
            ]
        parts += [rows(scenario, "any", *harm, WEEKS, 0.5) for harm in HARMS]
        parts.append(rows(scenario, "any", "any", "worse_off", MONTHS, 0.2))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def effects():
    keys = [("dau", "any", name) for name in PLATFORMS] + [("use", "call", "cellular")]
    return pd.DataFrame(
        [
            ("ban", "baseline", date, "all", name, channel, measure, 0.01, 0.0, 0.03)
            for measure, channel, name in keys
            for date in WEEKS
        ],
        columns=[
            *("scenario", "counterfactual", "date", "group", "platform", "channel"),
            *("measure", "median", "low", "high"),
        ],
    )


@pytest.fixture(scope="module")
def flows():
    moves = {
        ("whatsapp", "whatsapp"): 0.5,
        ("whatsapp", "max"): 0.2,
        ("telegram", "telegram"): 0.2,
        ("telegram", "imo"): 0.001,
        ("cellular", "cellular"): 0.099,
    }
    ends = [(WEEKS[0], WEEKS[-1], 1.0), (WEEKS[0], WEEKS[9], 0.1)]
    return pd.DataFrame(
        [
            ("ban", r, start, end, source, target, share * scale * (0.9 + 0.2 * r))
            for r in range(2)
            for start, end, scale in ends
            for (source, target), share in moves.items()
        ],
        columns=[
            *("scenario", "replication", "from_date", "to_date"),
            *("from_platform", "to_platform", "share"),
        ],
    )


@pytest.fixture(scope="module")
def observed():
    return pd.DataFrame(
        [
            (pd.Timestamp("2025-08-01"), "max", "mau", 0.26, "measured"),
            (pd.Timestamp("2025-12-01"), "max", "mau", 0.57, "measured"),
            (pd.Timestamp("2026-01-01"), "max", "dau", 0.45, "company"),
            (pd.Timestamp("2024-01-01"), "max", "dau", 0.99, "measured"),  # before the run
        ],
        columns=["date", "platform", "measure", "value", "quality"],
    ).assign(apart=[False, False, True, False])


@pytest.fixture(scope="module")
def events():
    dates = ["2025-08-13", "2026-02-10", "2026-02-11", "2027-01-01"]
    labels, apart = ["ban", "slow", "off", "later"], [False, True, False, False]
    return pd.DataFrame({"date": pd.to_datetime(dates), "label": labels, "apart": apart})


@pytest.fixture(scope="module")
def figures(timeseries, effects, flows, observed, events):
    return {
        "reach": plotting.reach(timeseries, "ban", observed, events, "baseline"),
        "effects": plotting.effects(effects, "ban", "baseline"),
        "use": plotting.use(timeseries, "ban"),
        "flows": draw_flows(flows, "ban"),
        "harms": plotting.harms(timeseries, ["ban", "baseline"]),
    }


def line(axes, label):
    found = [drawn for drawn in axes.get_lines() if drawn.get_label() == label]
    assert len(found) == 1, label
    return found[0]


LOOKS = [*palette.PLATFORMS.values(), *(palette.scenario("", k) for k in range(4))]


def contrast(colour):
    """Return the contrast of a colour with white (WCAG 2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    luminance = np.dot(linear, [0.2126, 0.7152, 0.0722])
    return 1.05 / (luminance + 0.05)


def texts(axes):
    return [text.get_text() for text in axes.texts]


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


def test_a_single_step_and_no_events_can_be_drawn(timeseries, observed, events, tmp_path):
    first = timeseries[timeseries["date"] <= WEEKS[0]]
    figure = plotting.reach(first, "ban", observed.iloc[:0], events.iloc[:0])
    save(figure, tmp_path / "one")


def test_files_are_whole_the_same_and_described(figures, timeseries, tmp_path):
    first, again = tmp_path / "v1.0", tmp_path / "again"
    save(figures["use"], first)
    save(plotting.use(timeseries, "ban"), str(again))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.png",
        "again.svg",
        "v1.0.png",
        "v1.0.svg",
    ]
    svg = (tmp_path / "v1.0.svg").read_bytes()
    assert svg == (tmp_path / "again.svg").read_bytes()
    assert (tmp_path / "v1.0.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    ElementTree.fromstring(svg)  # noqa: S314 (our own file)
    assert re.search(rb"Messages and calls a person a day on WhatsApp", svg)
    assert b"Messages and calls" in (tmp_path / "v1.0.png").read_bytes()


def test_dollars_in_a_label_are_no_formula(tmp_path):
    """The first of them ended a run when its figures were saved."""
    figure = new_figure(r"Region $\frac{a$", 3.0)
    axes = panel(figure, 0.5, 1.5)
    axes.plot([1, 1e9], [0, 1], label="US$ 3 or $x^2$")
    axes.set_xscale("log")
    axes.set_yticks([0, 1], ["$b$", "c"])
    axes.legend()
    save(figure, tmp_path / "labels")
    shown = (tmp_path / "labels.svg").read_text(encoding="utf-8")
    for text in (r"Region $\frac{a$", "US$ 3 or $x^2$", "$b$"):
        assert f">{text}</text>" in shown
    assert r"$\mathdefault{10^{0}}$</text>" not in shown  # powers of ten are set as powers


def test_a_failed_save_leaves_nothing_behind(figures, tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(figures["use"], "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save(figures["use"], tmp_path / "use")
    assert not list(tmp_path.iterdir())


def test_every_figure_has_a_text_alternative(figures):
    labels = {figure.get_label() for figure in figures.values()}
    assert len(labels) == len(figures)
    assert all("ban" in label for label in labels)
