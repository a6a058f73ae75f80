"""The layered graph: the targets of docs/model.md, 3, and how it is built."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

import sim
from sim.config.settings import LayeredNetwork, PopulationConfig
from sim.population.affiliations import district_ties
from sim.population.districts import DISTRICT, district_starts
from sim.population.generators import layered
from sim.population.population import draw_population
from sim.population.recipe import AGE_SPAN, LAYERS, LOWEST_AGE, SHARE_RANDOM, make_recipe
from sim.population.statistics import statistics as graph_statistics
from sim.population.weak import _pair_left, pair_months, pair_stubs
from tests.helpers.worlds import districts

AGES = Path(sim.__file__).parent / "data/russia_2025/population.csv"
CONF = Path(__file__).parents[2] / "conf"
N = 50_000


def draw_users(n, seed=1):
    keys = yaml.safe_load((CONF / "population/russia_2025.yaml").read_text(encoding="utf-8"))
    return draw_population(PopulationConfig(**keys | {"n_users": n}), AGES, 2, seed)


@pytest.fixture(scope="module")
def users():
    return draw_users(N)


@pytest.fixture(scope="module")
def graph(users):
    return layered(users, LayeredNetwork(), seed=1)


@pytest.fixture(scope="module")
def statistics(graph, users):
    return graph_statistics(graph, users)


def test_degrees_are_those_of_active_contacts(statistics):
    assert 14 < statistics.mean_degree < 20
    assert 14 < statistics.median_degree < statistics.mean_degree
    assert statistics.p90_degree == pytest.approx(32, abs=3)
    assert statistics.p99_degree == pytest.approx(53, abs=6)
    assert statistics.max_degree < 400
    assert statistics.sd_log_degree == pytest.approx(0.61, abs=0.05)


def test_friends_of_friends_know_each_other_less_the_more_friends(statistics):
    assert statistics.mean_clustering == pytest.approx(0.143, abs=0.015)
    assert statistics.transitivity == pytest.approx(0.09, abs=0.02)
    spectrum = list(statistics.clustering_by_degree.values())
    assert spectrum == sorted(spectrum, reverse=True)
    assert spectrum == pytest.approx([0.254, 0.179, 0.123, 0.078, 0.047], abs=0.02)


def test_ties_join_people_of_like_age_and_degree(statistics):
    assert statistics.age_correlation == pytest.approx(0.56, abs=0.04)
    assert statistics.share_within_5_years == pytest.approx(0.40, abs=0.05)
    assert 0.05 < statistics.degree_assortativity < 0.25


def test_nearly_everybody_is_connected(statistics):
    assert statistics.giant_component > 0.999


def test_the_young_have_most_ties_and_the_old_fewest(statistics):
    by_age = statistics.degree_by_age
    assert by_age["18-24"] == pytest.approx(24.9, abs=2)
    assert by_age["35-54"] == pytest.approx(19.3, abs=2)
    assert by_age["65+"] == pytest.approx(11.2, abs=2)


def test_layers_have_the_degrees_of_their_recipe(graph, users):
    n_ties = np.bincount(graph.tie_layers(), minlength=len(LAYERS)) / N
    sizes, law = np.arange(1, 6), np.array([0.40, 0.31, 0.17, 0.08, 0.04])
    household = (law * sizes * (sizes - 1)).sum() / (law * sizes).sum()
    assert n_ties[0] == pytest.approx(household, rel=0.03)
    # 40 % of pairs of 4 to 10, less those of one household
    assert 0.7 * 0.4 * 6.7 < n_ties[1] < 0.4 * 6.7
    pupils = graph.degree()[users.age < 23].size / N
    assert n_ties[2] == pytest.approx(9 * pupils + 6 * 0.75 * (0.79 - pupils + 0.04), rel=0.2)
    assert n_ties[4] == pytest.approx(4, rel=0.03)


def test_only_weak_ties_leave_the_district(graph, users):
    district = districts(users.region)
    source, target, layer = graph.ties()
    crossing = district[source] != district[target]
    assert not crossing[layer < LAYERS.index("weak")].any()
    assert crossing[layer == LAYERS.index("weak")].mean() > 0.9


def test_classmates_are_of_one_age_or_next_to_it(graph, users):
    source, target, layer = graph.ties()
    age = users.age.astype(int)
    school = (layer == LAYERS.index("school_or_work")) & (age[source] < 23)
    assert (age[target[school]] < 23).all()
    assert (np.abs(age[source] - age[target])[school] <= 1).mean() > 0.9


@pytest.mark.interpreted
def test_in_the_only_class_of_a_small_place_all_know_each_other():
    """Density is by the size that a class has: ten pupils have nine ties each."""
    age = np.full(10, 15, np.uint8)
    recipe = make_recipe(SimpleNamespace(age=age), LayeredNetwork(), 1)
    *_, end = district_ties(0, 0, 10, age, recipe)
    assert end[2] - end[1] == 10 * 9 / 2


@pytest.mark.parametrize("years", [15, 40], ids=["classes", "teams"])
def test_who_learns_or_works_together_does_not_live_next_door(years):
    """Two of 300 in a random order are 100 apart, on average."""
    age = np.full(300, years, np.uint8)
    recipe = make_recipe(SimpleNamespace(age=age), LayeredNetwork(), 1)
    source, target, end = district_ties(0, 0, 300, age, recipe)
    mine = slice(end[1], end[2])
    apart = np.abs(source[mine].astype(int) - target[mine])
    assert len(apart) > 500
    assert apart.mean() == pytest.approx(100, rel=0.15)


def test_a_fifth_of_weak_ties_is_sought_among_all_ages():
    """Of people aged 15 whose other ties are of about their age."""
    age = np.full(20_000, 15, np.uint8)
    recipe = make_recipe(SimpleNamespace(age=age), LayeredNetwork(), 1)
    sought = LOWEST_AGE + pair_stubs(age, recipe).month / 12
    for low, high in ((60, 75), (75, 90)):
        share = ((sought >= low) & (sought < high)).mean()
        expected = SHARE_RANDOM * (high - low) / AGE_SPAN
        assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / len(sought)) + 3e-4)


@pytest.mark.interpreted
@pytest.mark.parametrize("seed", range(6))
def test_every_stub_has_another_for_a_partner_but_for_a_last_one(seed):
    """Months of any size, most of them of none or one; each stub is of a user of its own."""
    sizes = np.random.default_rng(seed).choice([0, 1, 1, 2, 3, 8], 60)
    ends, n = np.concatenate([[0], np.cumsum(sizes)]), int(sizes.sum())
    partner, head, tail = np.arange(n, dtype=np.uint32), np.full(60, -1), np.full(60, -1)
    pair_months(0, 60, ends, np.uint64(seed), partner, head, tail)
    _pair_left(head, tail, partner)
    assert (partner[partner] == np.arange(n)).all()
    assert (partner == np.arange(n)).sum() == n % 2
    month = np.repeat(np.arange(60), sizes)
    crossing = month[partner] != month
    assert (np.bincount(month[crossing], minlength=60) <= 2).all()  # its first and its last


def test_few_people_find_partners_in_the_months_next_to_theirs():
    """Most months have one stub or none; few stubs meet another of their own user."""
    users = draw_users(300)
    ties = pair_stubs(users.age, make_recipe(users, LayeredNetwork(), 1))
    in_order = np.argsort(ties.month, kind="stable")
    own = np.repeat(np.arange(300), ties.stubs)[in_order]
    assert len(own) > 1000
    assert (ties.partner == own).mean() < 0.03


@pytest.mark.interpreted
def test_districts_are_consecutive_alike_and_inside_one_region():
    region = np.repeat(np.arange(4, dtype=np.uint8), [5000, 900, 1, 8123])
    district = districts(region)
    assert (np.diff(district) >= 0).all()
    sizes = np.bincount(district)
    assert sizes.tolist()[2:4] == [900, 1]
    assert (np.abs(sizes[[0, 1, 4, 5, 6, 7]] - DISTRICT) <= DISTRICT // 2).all()
    assert all(np.unique(region[district == code]).size == 1 for code in range(sizes.size))


@pytest.mark.parametrize(("n", "sizes"), [(2999, [2999]), (3900, [1950] * 2), (5100, [1700] * 3)])
def test_a_region_is_cut_into_the_number_of_districts_nearest_to_2000_users(n, sizes):
    assert np.diff(district_starts(np.zeros(n, np.uint8))).tolist() == sizes


@pytest.mark.interpreted
def test_the_same_seed_gives_the_same_graph_and_another_seed_another():
    users = draw_users(300)
    first, again, other = (layered(users, LayeredNetwork(), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.indptr, again.indptr)
    assert np.array_equal(first.indices, again.indices)
    assert np.array_equal(first.layer_end, again.layer_end)
    assert not np.array_equal(first.indptr, other.indptr)


@pytest.mark.interpreted
def test_rows_are_symmetric_and_hold_nobody_twice():
    graph = layered(draw_users(200), LayeredNetwork(), 3)
    row = np.repeat(np.arange(200), graph.degree())
    there = set(zip(row.tolist(), graph.indices.tolist(), strict=True))
    assert len(there) == graph.indices.size
    assert all(a != b and (b, a) in there for a, b in there)


@pytest.mark.interpreted
def test_the_smallest_population_has_a_graph():
    graph = layered(draw_users(10), LayeredNetwork(), 1)
    assert graph.n_users == 10
    assert graph.degree().max() < 10


def test_blind_matching_takes_age_from_ties_and_leaves_degrees(users, statistics):
    blind = graph_statistics(layered(users, LayeredNetwork(age_matching="blind"), 1), users)
    assert blind.age_correlation < 0.25
    assert blind.mean_degree == pytest.approx(statistics.mean_degree, rel=0.02)
    assert blind.mean_clustering == pytest.approx(statistics.mean_clustering, abs=0.02)


def test_degree_scale_multiplies_circles_and_weak_ties_and_nothing_else(users, graph):
    double = layered(users, LayeredNetwork(degree_scale=2.0), 1)
    once = np.bincount(graph.tie_layers())
    twice = np.bincount(double.tie_layers())
    assert np.array_equal(once[:3], twice[:3])
    assert twice[3:] == pytest.approx(2 * once[3:], rel=0.06)
