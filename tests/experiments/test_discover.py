"""Discovery: boxes that are there are found, chance is no condition, the page stands."""

import numpy as np
import pandas as pd
import pytest

from experiments import discover
from experiments.scenario_discovery import Box, cart, prim
from sim.base.errors import ConfigError
from sim.plotting.layout import limit


@pytest.fixture(scope="module")
def points():
    return pd.DataFrame(np.random.default_rng(1).random((500, 5)), columns=list("abcde"))


@pytest.fixture(scope="module")
def cases(points):
    return ((points["a"] > 0.6) & (points["b"] < 0.5)).to_numpy()


@pytest.mark.slow
def test_prim_finds_the_box_that_is_there(points, cases):
    box = prim(points, cases).box
    limits = box.limits.set_index("parameter")
    assert list(limits.index) == ["a", "b"]
    assert limits.loc["a", "low"] == pytest.approx(0.6, abs=0.05)
    assert 0.5 <= limits.loc["b", "high"] < 0.65  # as wide as density allows
    assert (limits["quasi_p"] < 0.001).all()
    assert box.coverage > 0.9
    assert box.density >= 0.8


def test_coverage_density_and_mass_are_those_of_the_points_in_the_box(points, cases):
    for box in (prim(points, cases).box, cart(points, cases)[0]):
        inside = box.holds(points)
        assert box.mass == pytest.approx(inside.mean(), abs=0.005)
        assert box.density == pytest.approx(cases[inside].mean(), abs=0.02)
        assert box.coverage == pytest.approx(cases[inside].sum() / cases.sum(), abs=0.02)


def test_a_box_is_open_where_it_has_no_limit_and_is_counted_among_other_points():
    limits = pd.DataFrame(
        [("a", 0.5, 0.9, 0.1, 0.9, 0.0), ("b", 0.1, 0.4, 0.1, 0.9, 0.0)],
        columns=["parameter", "low", "high", "lowest", "highest", "quasi_p"],
    )
    box = Box(limits, 1.0, 1.0, 1.0)
    others = pd.DataFrame({"a": [0.95, 0.6, 0.4, 0.7], "b": [0.05, 0.3, 0.2, 0.5]})
    assert box.holds(others).tolist() == [True, True, False, False]
    found = box.among(others, np.array([True, False, True, False]))
    assert (found.coverage, found.density, found.mass) == (0.5, 0.5, 0.5)
    assert np.isnan(box.among(others[2:], np.zeros(2, bool)).density)


def test_fresh_points_do_not_flatter_a_box_of_chance(points):
    rng = np.random.default_rng(3)
    others = pd.DataFrame(rng.random((2000, 5)), columns=list("abcde"))
    question, again = (
        discover.Question("chance", rng.random(len(some)) < 0.3) for some in (points, others)
    )
    found = discover.answer(question, points, again, others)
    densest = max(range(len(found.leaves)), key=lambda k: found.leaves[k].density)
    assert found.leaves[densest].density > 0.5
    assert found.fresh[1 + densest].density < 0.4


def test_cart_finds_the_same(points, cases):
    leaf = cart(points, cases)[0]
    assert set(leaf.limits["parameter"]) == {"a", "b"}
    assert leaf.coverage > 0.9


def test_chance_alone_is_no_condition(points):
    cases = np.random.default_rng(2).random(len(points)) < 0.3
    found = prim(points, cases)
    assert len(found.box.limits) < found.before["n_limits"]


def test_all_alike_cannot_be_distinguished(points):
    with pytest.raises(ConfigError, match="none of 500"):
        prim(points, np.zeros(500, bool))
    with pytest.raises(ConfigError, match="all of 500"):
        cart(points, np.ones(500, bool))


def test_a_limit_names_the_ends_that_differ():
    assert limit(0.2, 0.8, 0.0, 1.0) == "0.2 to 0.8"
    assert limit(0.2, 1.0, 0.0, 1.0) == "over 0.2"
    assert limit(0.0, 0.8, 0.0, 1.0) == "up to 0.8"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--bound", "0"], "--bound 0"),
        (["design=grade_and_push"], "design.method=factorial"),
        (["design=none_such"], "none_such"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_any_run(arguments, told, tmp_path, capsys):
    with pytest.raises(SystemExit):
        discover.main([*arguments, f"folder={tmp_path / 'study'}"])
    assert told in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_the_command_leaves_a_page(tmp_path):
    folder = tmp_path / "study"
    few = '["population.n_users=100","step_days=13","+policy=[vpn_blocking,vpn_support]"]'
    discover.main(["--quick", f"folder={folder}", "executor=serial", f"design.overrides={few}"])
    page = (folder / "discover.md").read_text()
    for word in ("coverage", "quasi-p", "CART", "Exposure", "Displaced", "No means", "Welfare"):
        assert word in page
    assert (folder / "figures/discover.png").is_file()
    assert len(pd.read_csv(folder / "points.csv")) == 40
    assert len(pd.read_csv(folder / "fresh_points.csv")) == 20
