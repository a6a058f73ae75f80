"""The map and the figures of a run under way: every user where it belongs, nothing global."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from sim import load_config
from sim.app.model import LiveModel
from sim.engine.threads import Threads
from sim.plotting import palette
from sim.plotting.live import costs_so_far, reach_so_far
from sim.plotting.network import network_map
from sim.plotting.network_layout import GAP, along_curve, households, lay_out_network, pack
from sim.population.graph import Graph

SOCIETY = ("population.n_users=500", "engine.threads=1")


@pytest.fixture(scope="module")
def model():
    model = LiveModel(load_config("+scenario=call_ban", *SOCIETY))
    for _ in range(14):
        model.step()
    return model


@pytest.fixture(scope="module")
def figure(model):
    return network_map(model.layout, model.primary, model.exposed, "Map")


def test_nobody_stands_on_anybody_and_everybody_in_its_region(model):
    layout = model.layout
    assert len(np.unique(layout.places.round(6), axis=0)) == 500
    region = model.simulation.state.users.place // 2
    away = np.linalg.norm(layout.places - layout.centres[region], axis=1)
    assert (away <= layout.radii[region] + 0.5).all()


def test_households_are_neighbours_in_one_ring(model):
    layout = model.layout
    ends = layout.places[layout.ties[layout.layer == layout.layers.index("household")]]
    assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).max() < 1.0
    ties = np.array([[0, 1], [0, 2], [1, 2], [4, 5]])
    assert households(6, ties).tolist() == [0, 0, 0, 3, 4, 4]


def test_regions_do_not_overlap():
    radii = np.array([1.0, 4.0, 2.0, 2.0, 3.0, 1.0])
    centres = pack(radii)
    apart = np.linalg.norm(centres[:, None] - centres, axis=2)
    least = radii[:, None] + radii + GAP - 1e-9
    assert (apart >= least)[~np.eye(6, dtype=bool)].all()
    assert pack(np.array([2.0])).tolist() == [[0.0, 0.0]]


def test_the_curve_visits_every_square_and_steps_to_a_neighbour():
    side = np.arange(64)
    points = np.array([(x, y) for x in side for y in side]) / 32 - 1 + 1 / 64
    length = along_curve(points, 1.0)
    assert sorted(length) == list(range(64 * 64))
    path = points[np.argsort(length)]
    assert np.allclose(np.linalg.norm(np.diff(path, axis=0), axis=1), 1 / 32)


def test_a_graph_without_households_has_a_map_too():
    graph = Graph.from_pairs(4, np.array([[0, 1], [1, 2], [2, 3]]), 1)
    layout = lay_out_network(graph, np.array([0, 0, 1, 1]), ("here", "there"))
    names = ["max", "max", "telegram", "cellular"]
    drawn = network_map(layout, names, np.zeros(4, bool), "Map")
    assert drawn.get_label() == (
        "Map of 4 users by main app: Telegram 25%, Max 50%, ordinary phone 25%; "
        "readable by the state 0%."
    )


def test_every_user_is_drawn_in_the_look_of_its_primary_platform(model, figure):
    labels = {c.get_label(): c for c in figure.axes[0].collections}
    looks = {name: look for name, look in palette.PLATFORMS.items() if look.label in labels}
    primary = np.array(model.primary)
    assert set(looks) == set(primary)
    for name, look in looks.items():
        points = labels[look.label]
        assert len(points.get_offsets()) == (primary == name).sum()
        assert to_hex(points.get_facecolor()[0]) == look.colour


def test_a_dark_rim_marks_the_exposed(model, figure):
    rims = [
        to_hex(rim)
        for c in figure.axes[0].collections
        if c.get_label() == "WhatsApp"
        for rim in c.get_edgecolor()
    ]
    users = np.array(model.primary) == "whatsapp"
    assert rims.count(palette.INK) == model.exposed[users].sum()


def test_the_legend_and_the_text_alternative_tell_the_shares(model, figure):
    share = np.mean(np.array(model.primary) == "telegram")
    assert f"Telegram {share:.0%}" in {text.get_text() for text in figure.axes[1].texts}
    assert f"Telegram {share:.0%}" in figure.get_label()


def test_sizes_that_do_not_fit_are_refused(model):
    with pytest.raises(ValueError, match="500 users are placed, but there are 3 primary"):
        network_map(model.layout, ["max"] * 3, model.exposed, "Map")


def test_figures_depend_on_no_global_state(model):
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "red", "figure.dpi": 10}):
        other = network_map(model.layout, model.primary, model.exposed, "Map")
        assert np.array_equal(pixels(other), pixels(network_map(
            model.layout, model.primary, model.exposed, "Map")))  # fmt: skip
        assert other.dpi == 150


def pixels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_paths_so_far_end_now_on_the_axis_of_the_whole_run(model):
    table = model.timeseries()
    reach = reach_so_far(table, model.scenarios, model.events, model.span)
    costs = costs_so_far(table, model.scenarios, model.span)
    for axes in (*reach.axes, *costs.axes):
        first, last = axes.get_xlim()
        assert last - first == pytest.approx(364)
        longest = max(len(line.get_xdata()) for line in axes.lines)
        if "Worse off" in axes.get_title(loc="left"):
            assert longest == len(model.simulation.recorder.observations.months)
            continue
        assert longest == model.simulation.n_done
        path = next(line for line in axes.lines if len(line.get_xdata()) == longest)
        assert path.get_xdata()[0] - first == pytest.approx(3.5)  # the midst of the first week
    assert "call restriction" in {text.get_text() for text in reach.axes[0].texts}
    titles = " ".join(axes.get_title(loc="left") for axes in costs.axes)
    for word in ("Readable by phone", "Readable on apps", "Displaced", "No means", "Welfare"):
        assert word in titles


def test_a_small_change_looks_small():
    model = LiveModel(load_config("+scenario=baseline", *SOCIETY))
    costs = costs_so_far(model.timeseries(), model.scenarios, model.span)
    for axes in costs.axes:
        least = 10 if "%" in axes.get_ylabel() else 0.2
        assert np.diff(axes.get_ylim())[0] >= least


def test_a_live_model_stands_still_at_its_end():
    config = load_config("+scenario=baseline", "dur_days=14", *SOCIETY)
    model = LiveModel(config)
    for _ in range(3):
        model.step()
    assert not model.running
    assert model.simulation.n_done == 2
    assert model.counterfactuals == []


def test_the_counterfactual_differs_by_the_policy_alone(model):
    counterfactual = model.counterfactuals[0].simulation
    assert counterfactual.config.scenario == "mandate_only"
    ours, theirs = (s.recorder.observations.steps for s in (model.simulation, counterfactual))
    before = [np.array_equal(a, b, equal_nan=True) for a, b in zip(ours, theirs, strict=True)]
    assert before[:10] == [True] * 10  # until 13 August
    assert not before[-1]
    assert Threads(1).n_threads == 1
