"""Null networks and graphs from files."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

import sim
from sim.base.errors import ConfigError
from sim.config.settings import (
    BarabasiAlbertNetwork,
    ErdosRenyiNetwork,
    FileNetwork,
    LayeredNetwork,
    NetworkConfig,
    PopulationConfig,
    RewiredNetwork,
    WattsStrogatzNetwork,
)
from sim.population.generators import layered
from sim.population.null_networks import build_graph
from sim.population.population import draw_population
from sim.population.statistics import statistics

AGES = Path(sim.__file__).parent / "data/russia_2025/population.csv"
CONF = Path(__file__).parents[2] / "conf"
TEXTBOOK = [WattsStrogatzNetwork(), BarabasiAlbertNetwork(), ErdosRenyiNetwork()]
NOT_DEFAULT = {"from_file": {"path": "???"}, "layered_age_blind": {"age_matching": "blind"}}


def draw_users(n):
    keys = yaml.safe_load((CONF / "population/russia_2025.yaml").read_text(encoding="utf-8"))
    return draw_population(PopulationConfig(**keys | {"n_users": n}), AGES, 2, seed=1)


def pairs(graph):
    source, target, _ = graph.ties()
    return set(zip(source.tolist(), target.tolist(), strict=True))


@pytest.mark.parametrize("path", sorted((CONF / "network").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_files_of_the_group_write_out_the_defaults(path):
    keys = yaml.safe_load(path.read_text(encoding="utf-8"))
    config = TypeAdapter(NetworkConfig).validate_python(keys)
    assert path.stem.startswith(config.kind)
    assert config == type(config)(**NOT_DEFAULT.get(path.stem, {}))
    assert set(keys) == set(type(config).model_fields)


def test_layered_is_the_layered_graph():
    users = draw_users(300)
    graph = build_graph(users, LayeredNetwork(), 1)
    assert np.array_equal(graph.indices, layered(users, LayeredNetwork(), 1).indices)


@pytest.mark.parametrize("config", TEXTBOOK, ids=lambda c: c.kind)
def test_textbook_graphs_have_their_mean_degree(config):
    graph = build_graph(draw_users(2000), config, 1)
    assert graph.degree().mean() == pytest.approx(config.mean_degree, rel=0.03)


@pytest.mark.parametrize("config", [*TEXTBOOK, RewiredNetwork()], ids=lambda c: c.kind)
def test_null_networks_depend_on_the_seed_alone(config):
    users = draw_users(300)
    first, again, other = (build_graph(users, config, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.indices, again.indices)
    assert pairs(first) != pairs(other)


def test_watts_strogatz_without_rewiring_is_a_ring():
    config = WattsStrogatzNetwork(mean_degree=4, p_rewire=0.0)
    graph = build_graph(draw_users(20), config, 1)
    ring = {(min(i, j), max(i, j)) for i in range(20) for j in ((i + 1) % 20, (i + 2) % 20)}
    assert pairs(graph) == ring


def test_rewiring_keeps_every_degree_and_takes_clustering_and_age_away():
    users = draw_users(2000)
    before = layered(users, LayeredNetwork(), 1)
    after = build_graph(users, RewiredNetwork(), 1)
    assert np.array_equal(before.degree(), after.degree())
    assert statistics(after).mean_clustering < 0.2 * statistics(before).mean_clustering
    assert abs(statistics(after, users).age_correlation) < 0.05


@pytest.mark.parametrize("config", TEXTBOOK, ids=lambda c: c.kind)
def test_a_degree_that_the_population_cannot_have_is_refused(config):
    with pytest.raises(ConfigError, match=r"network\.mean_degree=18.* below .*n_users=10"):
        build_graph(draw_users(10), config, 1)


def write(folder, text, name="ties.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return FileNetwork(path=str(path), format="graphml" if name.endswith("ml") else "edge_list")


def test_an_edge_list_may_have_commas_comments_and_gaps(tmp_path):
    lines = [f"{i * 10} {i * 10 + 10}" for i in range(1, 9)]
    text = "# made by hand\n\n10,90\r\n10 , 20\t# again\n7 7\n" + "\n".join(lines)
    graph = build_graph(draw_users(10), write(tmp_path, text), 1)
    assert graph.degree()[0] == 0  # 7, alone
    assert pairs(graph) == {(i, i + 1) for i in range(1, 9)} | {(1, 9)}


def test_nodes_are_sorted_as_numbers(tmp_path):
    text = "\n".join(f"9 {i}" for i in range(100, 109))
    graph = build_graph(draw_users(10), write(tmp_path, text), 1)
    assert graph.degree().tolist() == [9] + [1] * 9


def test_a_relative_path_starts_from_where_one_is(tmp_path, monkeypatch):
    write(tmp_path, "\n".join(f"0 {i}" for i in range(1, 10)))
    monkeypatch.chdir(tmp_path)
    config = FileNetwork(path="ties.txt")
    assert build_graph(draw_users(10), config, 1).degree()[0] == 9


@pytest.mark.parametrize("numbers", [range(95, 105), "abcdefghij"], ids=["numbers", "names"])
def test_graphml_comes_back(tmp_path, numbers):
    theirs = nx.relabel_nodes(nx.path_graph(10), dict(enumerate(reversed(list(numbers)))))
    nx.write_graphml(theirs, tmp_path / "ties.graphml")
    config = FileNetwork(path=str(tmp_path / "ties.graphml"), format="graphml")
    assert pairs(build_graph(draw_users(10), config, 1)) == {(i, i + 1) for i in range(9)}


@pytest.mark.parametrize(
    ("n", "hint"), [(20, ""), (10_000, "; a node without ties stands there as `5 5`")]
)
def test_another_number_of_nodes_says_what_to_set(tmp_path, n, hint):
    """Too few are often those with ties: set to their number, later nodes would move up."""
    ties = "\n".join(f"{a} {b}" for a, b in nx.karate_club_graph().edges())
    with pytest.raises(ConfigError) as caught:
        build_graph(draw_users(n), write(tmp_path, ties), 1)
    assert str(caught.value) == (
        f"population.n_users={n}, but {tmp_path / 'ties.txt'} has 34 nodes: "
        f"set population.n_users=34{hint}"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 2\n# fine\n3 4.0\n", "line 3: '3 4.0'"),
        ("1 2\n3\n", "line 2: '3'"),
        ("1 2 0.5\n", "line 1: '1 2 0.5'"),
        ("1 2\n\n-1 2\n", "line 3: '-1 2'"),
        ("source,target\n1,2\n", "line 1: 'source,target'"),
        ("1 99999999999999999999\n", "line 1: '1 99999999999999999999'"),
        ("1,,2\n", "line 1: '1,,2'"),
        ("# nothing\n", "holds no ties"),
        ("", "holds no ties"),
    ],
)
def test_a_bad_edge_list_is_refused_by_file_line_and_what_is_allowed(tmp_path, text, says):
    with pytest.raises(ConfigError, match=r"ties\.txt.*two whole numbers") as caught:
        build_graph(draw_users(10), write(tmp_path, text), 1)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["1 2\n", "", "<graphml></graphml>", "<a>"])
def test_what_is_not_graphml_is_refused_by_name(tmp_path, text):
    with pytest.raises(ConfigError, match=r"ties\.graphml is not GraphML.*format=edge_list"):
        build_graph(draw_users(10), write(tmp_path, text, "ties.graphml"), 1)


def test_a_missing_file_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"network\.path: cannot read .*absent\.txt"):
        build_graph(draw_users(10), FileNetwork(path="absent.txt"), 1)


def test_a_hub_too_large_to_count_is_refused_by_name(tmp_path):
    n = 66_000
    config = write(tmp_path, "\n".join(f"0 {i}" for i in range(1, n)))
    with pytest.raises(ConfigError, match=r"ties\.txt: a user has more than 65535 ties"):
        build_graph(draw_users(n), config, 1)
