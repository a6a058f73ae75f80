"""The layout of ties: the graph's ties in their order, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import sim
from sim.base.errors import ConfigError
from sim.config.settings import LayeredNetwork, PopulationConfig
from sim.engine.state import make_ties
from sim.population.generators import layered, layered_rows
from sim.population.graph import Graph
from sim.population.order import sort_row
from sim.population.population import draw_population
from sim.population.rows import CHUNK, VEC16, WINDOW, Slices, in_memory, join_slices, rows_from
from tests.helpers.ties import csr

AGES = Path(sim.__file__).parent / "data/russia_2025/population.csv"
CONF = Path(__file__).parents[2] / "conf/population/russia_2025.yaml"


def russians(n):
    keys = yaml.safe_load(CONF.read_text(encoding="utf-8")) | {"n_users": n}
    return draw_population(PopulationConfig(**keys), AGES, 2, seed=1)


def random_graph(n, mean_degree, seed):
    """Return a graph of which a fifth of the users have no ties."""
    dice = np.random.default_rng(seed)
    users = np.flatnonzero(dice.random(n) < 0.8) if n > 2 else np.arange(n)
    return Graph.from_pairs(
        n, users[dice.integers(0, users.size, (n * mean_degree // 2, 2))], seed
    )


def star(n):
    return Graph.from_pairs(n, np.column_stack([np.zeros(n - 1, int), np.arange(1, n)]), 1)


def check(rows, graph):
    n = graph.n_users
    assert (rows.degree == graph.degree()).all()
    indptr, indices = csr(make_ties(rows))
    assert (indptr == graph.indptr).all()
    assert (indices == graph.indices).all()
    assert (rows.indices == n).sum() == rows.indices.size - graph.indices.size
    check_slices(rows)


def check_slices(rows):
    n = rows.n_users
    assert rows.order.size % VEC16 == 0
    assert (np.sort(rows.order[rows.order < n]) == np.arange(n)).all()
    for first in range(0, n, WINDOW):
        lanes = rows.order[first : first + WINDOW]
        users = lanes[lanes < n].astype(int)
        assert (np.sort(users) == np.arange(first, min(first + WINDOW, n))).all()
        key = -rows.degree[users].astype(int) * n + users
        assert (np.diff(key) > 0).all()  # falling degrees, equal ones by number
    longest = np.append(rows.degree, 0)[rows.order].reshape(-1, VEC16).max(axis=1)
    assert (np.diff(rows.slice_start) == VEC16 * longest.astype(int)).all()
    lane = np.empty(n, int)
    lane[rows.order[rows.order < n]] = np.flatnonzero(rows.order < n)
    assert (rows.seat == lane % WINDOW).all()
    assert rows.slice_start[0] == 0
    assert rows.slice_start[-1] == rows.indices.size


@pytest.mark.interpreted
@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 100])
def test_rows_hold_the_ties_of_a_small_graph(n):
    graph = random_graph(n, 6, seed=n)
    check(rows_from(graph), graph)


@pytest.mark.parametrize(
    ("n", "degree", "seed"),
    [(WINDOW, 8, 1), (WINDOW + 1, 0, 2), (5000, 20, 3), (2 * CHUNK + 77, 5, 4)],
)
def test_rows_hold_the_ties_of_random_graphs(n, degree, seed):
    graph = random_graph(n, degree, seed)
    check(rows_from(graph), graph)


def test_a_star_larger_than_a_window_is_held():
    graph = star(3 * WINDOW)
    rows = rows_from(graph)
    check(rows, graph)
    assert rows.degree[0] == 3 * WINDOW - 1
    assert rows.order[0] == 0


def test_the_rows_of_the_layered_graph_are_built_without_it():
    users = russians(2 * CHUNK + 5000)
    ours = layered_rows(users, LayeredNetwork(), 1)
    theirs = rows_from(layered(users, LayeredNetwork(), 1))
    for name in ("seat", "degree", "order", "slice_start", "indices"):
        assert (getattr(ours, name) == getattr(theirs, name)).all()
    check_slices(ours)


def test_padding_takes_little_room():
    rows = layered_rows(russians(20_000), LayeredNetwork(), 1)
    assert rows.indices.size < 1.05 * rows.degree.sum()


def test_more_places_than_32_bits_tell_are_refused():
    nobody, half = np.zeros(0, np.uint32), np.broadcast_to(np.uint32(0), 2**31)
    part = Slices(nobody, np.zeros(1, np.int64), nobody, nobody, half)
    with pytest.raises(ConfigError, match=r"2\*\*32 places; allowed: fewer users"):
        join_slices(0, [part, part], lambda pieces: list(pieces))


def test_as_many_places_as_32_bits_tell_are_allowed(monkeypatch):
    monkeypatch.setattr("sim.population.rows.MOST_PLACES", 2 * VEC16)
    nobody, few = np.zeros(0, np.uint32), np.zeros(VEC16, np.uint32)
    part = Slices(nobody, np.zeros(1, np.int64), nobody, nobody, few)
    assert join_slices(0, [part, part], in_memory).indices.size == 2 * VEC16


def test_pieces_are_joined_in_order():
    pieces = [np.arange(k, k + 3, dtype=np.uint32) for k in (0, 3, 6)]
    assert in_memory(iter(pieces)).tolist() == list(range(9))
    assert in_memory(iter([])).size == 0


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 66, 300, 5000])
def test_a_row_of_any_length_is_sorted_however_it_comes(n):
    dice = np.random.default_rng(n)
    drawn = dice.integers(0, 2**63, n, dtype=np.uint64)
    nearly, few = np.sort(drawn), drawn % np.uint64(7)
    nearly[::50] = drawn[::50]
    for words in (drawn, nearly, few, np.sort(drawn)[::-1].copy()):
        expected = np.sort(words)
        sort_row(words)
        assert (words == expected).all()
