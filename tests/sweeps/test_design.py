"""Designs: samples have the properties they are named for, and nonsense is refused."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import truncnorm

from sim.base.errors import ConfigError
from sim.sweeps.design import Design, Factor

A, B = "behaviour.habit_value", "behaviour.call_loss"


def design(method, n=None, **changes):
    factors = {A: {"low": 1.0, "high": 3.0}, B: {"low": 0.1, "high": 10.0, "scale": "log"}}
    tree = {"method": method, "n": n, "scenarios": ("call_ban",), "factors": factors}
    return Design(**(tree | changes))


def test_a_factorial_design_holds_every_combination_once():
    levels = {A: {"low": 1.0, "high": 3.0, "n_levels": 3}, "seed": {"levels": (1, 2)}}
    points = design("factorial", factors=levels).points()
    assert [tuple(row) for row in points.to_numpy()] == [
        (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2),
    ]  # fmt: skip
    assert points["seed"].dtype.kind == "i"  # a whole number stays one


def test_whole_numbers_stand_among_fractions():
    """Levels of 0, 0.5 and 1 were refused as of several types."""
    points = design("factorial", factors={A: {"levels": (0, 0.5, 1)}}).points()
    assert points[A].tolist() == [0.0, 0.5, 1.0]
    assert points[A].dtype.kind == "f"


def test_a_latin_hypercube_has_one_point_in_each_stratum_of_each_factor():
    points = design("latin_hypercube", 16).points()
    logs = np.log10(points[B])  # a log scale is even in the logarithm
    for low, high, values in ((1, 3, points[A]), (-1, 1, logs)):
        strata = np.floor((values - low) / (high - low) * 16).astype(int)
        assert sorted(strata) == list(range(16))


def test_a_sobol_sequence_is_balanced_in_every_half_and_quarter():
    unit = design("sobol", 16).unit_points()
    cells = np.floor(unit * 4).astype(int)
    _, counts = np.unique(cells, axis=0, return_counts=True)
    assert counts.tolist() == [1] * 16


def test_saltelli_and_morris_designs_have_the_sizes_of_their_papers():
    assert len(design("saltelli", 8).points()) == 8 * (2 + 2)
    assert len(design("morris", 5).points()) == 5 * (2 + 1)


def test_along_a_trajectory_of_morris_one_factor_moves_at_a_time():
    unit = design("morris", 5).unit_points().reshape(5, 3, 2)
    assert set(np.round(3 * unit, 9).ravel()) <= {0, 1, 2, 3}  # on four levels
    moved = np.diff(unit, axis=1) != 0
    assert (moved.sum(axis=2) == 1).all()
    assert (moved.sum(axis=1) == 1).all()  # each once


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol", "saltelli", "morris"])
def test_a_sample_is_that_of_its_seed(method):
    first, again = design(method, 8), design(method, 8)
    assert first.points().equals(again.points())
    assert not first.points().equals(design(method, 8, seed=2).points())


def test_levels_are_chosen_evenly_in_a_sample_that_fills_space():
    of_levels = {A: {"low": 1.0, "high": 3.0}, "network": {"levels": ("layered", "erdos_renyi")}}
    points = design("sobol", 32, factors=of_levels).points()
    assert points["network"].value_counts().to_dict() == {"layered": 16, "erdos_renyi": 16}


def test_runs_of_a_point_stand_together_by_scenario_and_replication():
    runs = design("sobol", 2, scenarios=("baseline", "call_ban"), replications=3).runs()
    assert list(runs["run"]) == list(range(12))
    assert list(runs["point"]) == [0] * 6 + [1] * 6
    assert list(runs["scenario"]) == (["baseline"] * 3 + ["call_ban"] * 3) * 2
    assert list(runs["replication"]) == [0, 1, 2] * 4
    assert runs.groupby("point")[A].nunique().tolist() == [1, 1]


def test_points_with_independent_random_numbers_differ_by_seed_and_their_scenarios_do_not():
    asked = {"scenarios": ("baseline", "call_ban"), "replications": 2}
    own = design("sobol", 4, **asked, **INDEPENDENT)
    paired = design("sobol", 4, **asked)
    assert own.runs().drop(columns="seed").equals(paired.runs())
    seeds = own.runs().groupby("point")["seed"].unique()
    assert [len(found) for found in seeds] == [1] * 4
    assert len(set(seeds.str[0])) == 4
    assert (own.keys, paired.keys) == ([A, B, "seed"], [A, B])


def test_a_factor_reaches_both_ends_of_its_range():
    assert Factor(low=0.1, high=10, scale="log").at(np.array([0, 0.5, 1])) == [0.1, 1, 10]
    assert Factor(levels=(1, 2, 3)).at(np.array([0, 0.4, 1])) == [1, 2, 3]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_rounding_leads_to_no_value_beyond_the_ends(scale):
    """A configuration refuses it where a range of a design is a parameter's own."""
    for low in np.arange(1, 60) / 100:
        for high in low + np.arange(1, 300, 7) / 100:
            ends = Factor(low=low, high=high, scale=scale).at(np.array([0.0, 1.0]))
            assert low <= ends[0] < ends[1] <= high


def test_each_level_has_the_same_share_of_a_unit():
    levels = Factor(levels=("a", "b", "c")).at((np.arange(300) + 0.5) / 300)
    assert [levels.count(name) for name in "abc"] == [100] * 3


def test_levels_one_at_a_time_are_the_first_of_all_and_each_other_alone():
    levels = {A: {"levels": (1.0, 2.0)}, "seed": {"levels": (1, 2, 3)}}
    points = design("one_at_a_time", factors=levels).points()
    assert [tuple(row) for row in points.to_numpy()] == [(1, 1), (2, 1), (1, 2), (1, 3)]


def test_a_bell_is_normal_and_two_standard_deviations_wide_to_either_side():
    bell = Factor(low=0.01, high=100, scale="log", shape="bell")  # log10: mean 0, sd 1
    values = np.log10(bell.at(np.linspace(0, 1, 20_001)))
    cut_off = truncnorm(-2, 2)
    assert (values[0], values[10_000], values[-1]) == pytest.approx((-2, 0, 2))
    assert values.std() == pytest.approx(cut_off.std(), rel=1e-3)
    assert values[2_000] == pytest.approx(cut_off.ppf(0.1))


@pytest.mark.parametrize("shape", ["even", "bell"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_values_and_probabilities_are_each_others_inverse(scale, shape):
    factor, unit = Factor(low=0.2, high=3, scale=scale, shape=shape), np.linspace(0, 1, 11)
    assert factor.probability(np.array(factor.at(unit))) == pytest.approx(unit)


INDEPENDENT = {"random_numbers": "independent"}
WITH_SEED = "random_numbers=independent sets the seed"
REFUSED = {
    "no points": ({"n": None}, "method=sobol with n=None"),
    "points of a factorial": ({"method": "factorial", "n": 3}, "levels count"),
    "not a power of two": ({"method": "saltelli", "n": 12}, "a power of 2"),
    "a range without levels": ({"method": "factorial", "n": None}, "needs n_levels"),
    "levels where they do not count": (
        {"factors": {A: {"low": 0.0, "high": 1.0, "n_levels": 3}}},
        "for designs by levels only",
    ),
    "an empty range": ({"factors": {A: {"low": 2.0, "high": 2.0}}}, "must be below"),
    "the log of zero": (
        {"factors": {A: {"low": 0.0, "high": 2.0, "scale": "log"}}},
        "allowed: above 0",
    ),
    "both": ({"factors": {A: {"low": 0.0, "high": 2.0, "levels": (1,)}}}, "not both"),
    "neither": ({"factors": {A: {}}}, "needs low and high, or levels"),
    "levels of several types": ({"factors": {A: {"levels": (1, "x")}}}, "of several types"),
    "a bell of levels": ({"factors": {A: {"levels": (1, 2), "shape": "bell"}}}, "allowed: even"),
    "a bell in steps": (
        {
            "method": "factorial",
            "n": None,
            "factors": {A: {"low": 0.0, "high": 1.0, "n_levels": 3, "shape": "bell"}},
        },
        "bell with n_levels",
    ),
    "a level twice": ({"factors": {A: {"levels": (1, 1)}}}, "occurs twice"),
    "a scenario twice": ({"scenarios": ("call_ban", "call_ban")}, "occurs twice"),
    "replications as a factor": ({"factors": {"replication": {"levels": (1, 2)}}}, "not a param"),
    "two seeds": ({**INDEPENDENT, "overrides": ("seed=3",)}, WITH_SEED),
    "two seeds, one added": ({**INDEPENDENT, "overrides": ("++seed=3",)}, WITH_SEED),
    "a seed of each point, and what has the value of a factor": (
        {**INDEPENDENT, "factors": {A: {"low": 1.0, "high": 3.0, "also": ("seed",)}}},
        WITH_SEED,
    ),
    "a seed of each point, and as a factor": (
        {**INDEPENDENT, "factors": {"seed": {"levels": (1, 2)}}},
        WITH_SEED,
    ),
    "no factor": ({"factors": {}}, "at least 1"),
    "an unknown key": ({"sampels": 3}, "Extra inputs"),
}


@pytest.mark.parametrize(("changes", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_nonsense_is_refused(changes, told):
    with pytest.raises(ValidationError, match=told):
        design(**({"method": "sobol", "n": 8} | changes))


def test_a_table_gives_its_rows_bit_for_bit_in_the_order_of_the_factors(tmp_path):
    rows = pd.DataFrame({B: [0.1 + 0.2, 1 / 3], A: [1.0, 2.5]})
    rows.to_csv(tmp_path / "points.csv", index=False)
    found = design("table", table=str(tmp_path / "points.csv")).points()
    pd.testing.assert_frame_equal(found, rows[[A, B]], check_exact=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{A},{B}\n1.0,1.0\n9.0,1.0\n", f"row 2: {A}=9.0"),
        (f"{A}\n1.0\n", f"allowed: one row or more of {A}, {B}"),
        (f"{A},{B}\n", "0 rows"),
        (f"{A},{B}\n1.0,1.0\nmuch,1.0\n", f"row 2: {A}=much"),
        ("", "no table of comma-separated values"),
    ],
)
def test_a_table_that_does_not_fit_its_factors_is_refused(tmp_path, text, told):
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(ConfigError, match=told):
        design("table", table=str(tmp_path / "points.csv")).points()


def test_a_table_with_another_level_than_those_of_a_factor_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("seed\n1\n3\n")
    asked = design(
        "table", table=str(tmp_path / "points.csv"), factors={"seed": {"levels": (1, 2)}}
    )
    with pytest.raises(ConfigError, match="row 2: seed=3"):
        asked.points()


def test_a_table_is_for_its_method_alone_and_must_be_there(tmp_path):
    with pytest.raises(ValidationError, match="method=sobol with table"):
        design("sobol", 4, table="points.csv")
    with pytest.raises(ValidationError, match="method=table with table=None"):
        design("table")
    with pytest.raises(ConfigError, match="no such file"):
        design("table", table=str(tmp_path / "none.csv")).points()
