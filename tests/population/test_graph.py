"""Rows of ties, their statistics and their files."""

from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.kernel import rng
from sim.population.graph import Graph
from sim.population.statistics import statistics as graph_statistics

KEY = rng.purpose_key(1, 0, "test")
LAYERS = ("strong", "middle", "weak")


def from_list(n, ties, key=KEY):
    source, target, layer = np.array(ties, dtype=np.int64).reshape(-1, 3).T
    return Graph.from_ties(n, source, target, layer, LAYERS, key)


def row(graph, user):
    return graph.indices[graph.indptr[user] : graph.indptr[user + 1]].tolist()


@st.composite
def tie_lists(draw):
    n = draw(st.integers(1, 25))
    user = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(user, user, st.integers(0, 2)), max_size=80))


@pytest.mark.interpreted
@settings(deadline=None, max_examples=60)
@given(tie_lists())
def test_rows_hold_each_tie_at_both_ends_in_its_strongest_layer(case):
    n, ties = case
    strongest = {}
    for a, b, layer in ties:
        if a != b:
            pair = frozenset((a, b))
            strongest[pair] = min(layer, strongest.get(pair, layer))
    graph = from_list(n, ties)
    source, target, layer = graph.ties()
    found = {
        frozenset((int(a), int(b))): int(level)
        for a, b, level in zip(source, target, layer, strict=True)
    }
    assert found == strongest
    assert graph.indices.size == 2 * len(strongest)  # no loops, no duplicates
    assert all(user in row(graph, other) for user in range(n) for other in row(graph, user))


@pytest.mark.interpreted
@settings(deadline=None, max_examples=40)
@given(tie_lists(), st.randoms())
def test_order_and_direction_of_the_input_do_not_matter(case, random):
    n, ties = case
    mixed = [(b, a, layer) if random.random() < 0.5 else (a, b, layer) for a, b, layer in ties]
    random.shuffle(mixed)
    graph, again = from_list(n, ties), from_list(n, mixed)
    assert np.array_equal(graph.indptr, again.indptr)
    assert np.array_equal(graph.indices, again.indices)
    assert np.array_equal(graph.layer_end, again.layer_end)


@pytest.mark.interpreted
def test_a_row_is_ordered_by_layer_and_layer_end_counts_ties_up_to_a_layer():
    graph = from_list(6, [(0, 1, 2), (0, 2, 0), (0, 3, 2), (0, 4, 0), (5, 0, 1)])
    assert set(row(graph, 0)[:2]) == {2, 4}
    assert row(graph, 0)[2] == 5
    assert graph.layer_end.tolist()[0] == [2, 3, 5]
    assert graph.layer_end.tolist()[1] == [0, 0, 1]
    assert (graph.layer_end[:, -1] == graph.degree()).all()
    assert graph.tie_layers()[:5].tolist() == [0, 0, 1, 2, 2]


@pytest.mark.interpreted
def test_no_number_is_favoured_inside_a_layer():
    star = [(0, other, 1) for other in range(1, 5)]
    first = [row(from_list(5, star, rng.purpose_key(seed, 0, "x")), 0)[0] for seed in range(200)]
    counts = np.bincount(first, minlength=5)[1:]
    assert counts.min() > 50 - 4 * np.sqrt(200 * 0.25 * 0.75)


@pytest.mark.interpreted
def test_both_ends_of_a_tie_agree_on_how_it_stands_to_others():
    """Where all know all, there is one order of pairs that every row follows: no circle."""
    graph, pairs = from_list(9, [(*pair, 0) for pair in combinations(range(9), 2)]), nx.DiGraph()
    for user in range(9):
        ends = [frozenset((user, other)) for other in row(graph, user)]
        pairs.add_edges_from(pairwise(ends))
    assert len(pairs) == 9 * 8 / 2
    assert nx.is_directed_acyclic_graph(pairs)


@pytest.mark.interpreted
def test_weights_follow_rank_and_sum_to_1():
    graph = from_list(6, [(0, 1, 0), (0, 2, 1), (0, 3, 2), (3, 4, 0)])
    law = np.array([1, 2**-0.9, 3**-0.9])
    assert graph.weights()[:3] == pytest.approx(law / law.sum())
    sums = np.add.reduceat(graph.weights(), graph.indptr[:-2])  # user 5 has no ties
    assert sums == pytest.approx(1)


@pytest.mark.interpreted
def test_a_graph_without_ties_has_no_weights():
    assert from_list(3, []).weights().size == 0
    statistics = graph_statistics(from_list(3, []))
    assert statistics.mean_degree == 0
    assert statistics.giant_component == pytest.approx(1 / 3)


def test_more_ties_than_16_bits_count_are_refused():
    others = np.arange(1, 66_001)
    zero = np.zeros_like(others)
    with pytest.raises(ValueError, match="more than 65535 ties"):
        Graph.from_ties(66_001, zero, others, zero, ("tie",), KEY)


@pytest.mark.interpreted
def test_statistics_agree_with_networkx():
    theirs = nx.disjoint_union(
        nx.powerlaw_cluster_graph(150, 3, 0.6, seed=2), nx.gnp_random_graph(40, 0.1, seed=1)
    )
    ours = graph_statistics(Graph.from_networkx(theirs))
    degree = np.array([k for _, k in theirs.degree()])
    local = np.array(list(nx.clustering(theirs).values()))
    assert ours.mean_degree == pytest.approx(degree.mean())
    assert ours.max_degree == degree.max()
    assert ours.mean_clustering == pytest.approx(local[degree > 1].mean())
    assert ours.clustering_by_degree["2-8"] == pytest.approx(
        local[(degree >= 2) & (degree < 8)].mean()
    )
    assert ours.transitivity == pytest.approx(nx.transitivity(theirs))
    assert ours.degree_assortativity == pytest.approx(nx.degree_assortativity_coefficient(theirs))
    largest = max(nx.connected_components(theirs), key=len)
    assert ours.giant_component == pytest.approx(len(largest) / 190)


@pytest.mark.interpreted
def test_clustering_of_cliques_has_its_closed_form():
    """C_i = sum (s_g - 1)(s_g - 2) / (k_i (k_i - 1)), k_i = sum (s_g - 1): model.md, 3."""
    cliques = [range(5), [0, 5, 6, 7], [0, 8, 9], [7, 10, 11, 12, 13, 14]]
    ties = [(a, b, 0) for members in cliques for a, b in combinations(members, 2)]
    graph = from_list(15, ties)
    expected = []
    for user in range(15):
        sizes = np.array([len(members) for members in cliques if user in members])
        k = (sizes - 1).sum()
        assert graph.degree()[user] == k
        expected.append(((sizes - 1) * (sizes - 2)).sum() / (k * (k - 1)))
    assert graph_statistics(graph).mean_clustering == pytest.approx(np.mean(expected))


@pytest.mark.interpreted
def test_degrees_of_a_regular_graph_do_not_correlate():
    assert np.isnan(graph_statistics(Graph.from_networkx(nx.cycle_graph(20))).degree_assortativity)


@pytest.mark.interpreted
def test_networkx_keeps_ties_and_names_of_layers():
    graph = from_list(5, [(0, 1, 0), (1, 2, 2), (3, 1, 1)])
    theirs = graph.to_networkx()
    assert theirs.number_of_nodes() == 5
    assert theirs.edges[1, 2]["layer"] == "weak"
    back = Graph.from_networkx(theirs)
    assert back.layers == ("tie",)
    assert nx.utils.edges_equal(back.to_networkx().edges(), theirs.edges())


@pytest.mark.parametrize(
    ("ties", "layer", "says"),
    [
        ([[0, 1], [1, 7]], 0, "target 7: allowed: 0 to 4"),
        ([[-1, 1]], 0, "source -1: allowed: 0 to 4"),
        ([[0, 1]], 1, "layer 1: allowed: 0 to 0"),
    ],
)
def test_ties_of_nobody_are_refused(ties, layer, says):
    """Compiled code would write beyond the rows, which ended the process."""
    source, target = np.array(ties).T
    with pytest.raises(ValueError, match=f"^{says}$"):
        Graph.from_ties(5, source, target, np.full(len(ties), layer), ("tie",), KEY)


def test_nodes_that_are_not_numbered_from_0_are_refused():
    with pytest.raises(ValueError, match=r"numbered 0 to 1: networkx\.convert_node_labels"):
        Graph.from_networkx(nx.Graph([("a", "b")]))


@pytest.mark.interpreted
def test_a_saved_graph_comes_back_and_leaves_nothing_else(tmp_path):
    graph = from_list(5, [(0, 1, 0), (1, 2, 2), (3, 1, 1)])
    graph.save(str(tmp_path / "graph.npz"))
    again = Graph.load(str(tmp_path / "graph.npz"))
    for name in ("indptr", "indices", "layer_end"):
        saved, loaded = getattr(graph, name), getattr(again, name)
        assert np.array_equal(saved, loaded)
        assert saved.dtype == loaded.dtype
    assert again.layers == LAYERS
    assert [path.name for path in tmp_path.iterdir()] == ["graph.npz"]


def test_a_failed_save_leaves_no_file(tmp_path, monkeypatch):
    def full_disk(file, **_arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space"):
        from_list(3, [(0, 1, 0)]).save(tmp_path / "graph.npz")
    assert not list(tmp_path.iterdir())
