"""Ties in slices hold exactly the ties of the graph, in the order of its rows."""

import networkx as nx
import numpy as np
import pytest

from sim.engine.state import first_ties, make_ties, seats
from sim.kernel.rng import uniforms
from sim.kernel.vec16 import WIDTH
from sim.population.graph import Graph
from sim.population.rows import VEC16, WINDOW, rows_from
from sim.rules import networks
from tests.helpers.ties import csr, ties_of


def drawn(n, n_ties, seed=1):
    """Return a graph of ties between users drawn at random; some users may have none."""
    keys = np.array([seed, seed + 1], np.uint64)
    pairs = np.array([uniforms(key, n_ties) * n for key in keys]).astype(np.int64)
    return Graph.from_pairs(n, pairs.T, seed)


def star(n):
    """Return a graph in which user 1 knows everybody and nobody else anybody."""
    others = np.delete(np.arange(n), 1)
    return Graph.from_pairs(n, np.stack([np.ones_like(others), others], axis=1), 1)


GRAPHS = {
    "nobody knows anybody": Graph.from_pairs(3, np.zeros((0, 2), int), 1),
    "a pair and one alone": Graph.from_pairs(3, np.array([(0, 2)]), 1),
    "one slice": drawn(16, 30),
    "one user more than a slice": drawn(17, 40),
    "not a multiple of 16": drawn(1003, 3000),
    "one window": drawn(2048, 9000),
    "one user more than a window": drawn(2049, 9000),
    "some windows and a part": drawn(3 * 2048 + 777, 20_000),
    "a star with more ties than a window has users": star(3000),
    "degrees that differ": Graph.from_networkx(nx.barabasi_albert_graph(2500, 3, seed=1)),
}


@pytest.fixture(params=GRAPHS.values(), ids=GRAPHS)
def graph(request):
    return request.param


def test_a_slice_is_as_wide_as_lanes_and_rules_count_from_the_same_windows():
    assert VEC16 == WIDTH
    assert WINDOW == networks.WINDOW
    assert WINDOW % VEC16 == 0


def test_a_tie_stands_in_the_lane_of_its_user_at_its_rank(graph):
    rows, n = rows_from(graph), graph.n_users
    found = first_ties(make_ties(rows), np.arange(n))
    rest = np.full(rows.indices.shape, True)
    for at, i in enumerate(rows.order[:n]):
        first = rows.slice_start[at // VEC16] + at % VEC16
        assert rows.degree[i] == 0 or found[i] == first
        assert first + VEC16 * max(int(rows.degree[i]) - 1, 0) < max(
            rows.slice_start[at // VEC16 + 1], first + 1
        )
        rest[first : first + VEC16 * int(rows.degree[i]) : VEC16] = False
    assert (rows.indices[rest] == n).all()  # nobody stands where a row is over
    assert (rows.indices[~rest] < n).all()
    assert (~rest).sum() == graph.indices.size


def test_everybody_has_one_seat_in_its_window_and_empty_lanes_stand_last(graph):
    rows, n = rows_from(graph), graph.n_users
    assert len(rows.order) == -(-n // VEC16) * VEC16
    assert (rows.order[n:] == n).all()
    for first in range(0, n, WINDOW):
        window = rows.order[first : min(first + WINDOW, n)]
        assert sorted(window) == list(range(first, min(first + WINDOW, n)))
        degree = rows.degree[window].astype(int)
        assert (np.diff(degree) <= 0).all()
        alike = np.diff(degree) == 0
        assert (np.diff(window.astype(int))[alike] > 0).all()  # equals keep their order


def test_a_slice_is_as_long_as_its_longest_row(graph):
    rows, n = rows_from(graph), graph.n_users
    degree = np.append(rows.degree.astype(int), 0)[np.minimum(rows.order, n)]
    longest = degree.reshape(-1, VEC16).max(axis=1)
    assert (np.diff(rows.slice_start) == VEC16 * longest).all()
    assert rows.slice_start[0] == 0
    assert rows.slice_start[-1] == len(rows.indices)


def test_ties_hold_the_rows_of_the_graph_in_rank_order(graph):
    indptr, indices = csr(ties_of(graph.indptr, graph.indices))
    assert np.array_equal(indptr, graph.indptr)
    assert np.array_equal(indices, graph.indices)


def test_a_seat_is_where_a_user_stands_in_the_order(graph):
    ties = make_ties(rows_from(graph))
    found = seats(ties)
    assert (ties.order[found] == np.arange(graph.n_users)).all()


def test_weights_by_rank_are_those_of_the_graph(graph):
    ties = make_ties(rows_from(graph))
    degree = graph.degree()
    rank = np.arange(graph.indices.size) - np.repeat(graph.indptr[:-1], degree)
    weights = ties.rank_weight[rank] / np.repeat(ties.rank_total[degree], degree)
    assert weights == pytest.approx(graph.weights(), rel=2e-7)
    assert (ties.rank_weight.dtype, ties.rank_total.dtype) == (np.float32, np.float32)
