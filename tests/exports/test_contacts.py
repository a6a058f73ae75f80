"""The graph of contacts: what other programs read back is the graph that users talk on."""

import networkx
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.engine.state import make_ties
from sim.exports.contacts import contacts, to_igraph, to_networkx, write
from sim.exports.user_snapshots import user_snapshots
from sim.population.cache import load_world
from sim.runs.tables import read_result
from tests.helpers.exported import DAY, N
from tests.helpers.ties import csr


@pytest.fixture(scope="module")
def result(exported_run):
    return read_result(exported_run)


@pytest.fixture(scope="module")
def graph(result):
    return contacts(result.config, user_snapshots(result.config, [DAY]))


def test_graphml_read_back_is_the_graph(graph, tmp_path):
    write(graph, tmp_path / "contacts.graphml")
    back = networkx.read_graphml(tmp_path / "contacts.graphml", node_type=int)
    ours = to_networkx(graph)
    assert back.nodes(data=True) == ours.nodes(data=True)
    assert dict(back.adj) == dict(ours.adj)
    assert back.graph["date"].startswith("2025-12-29")
    assert list(tmp_path.iterdir()) == [tmp_path / "contacts.graphml"]


def test_gexf_read_back_has_the_same_users_and_ties(graph, tmp_path):
    write(graph, tmp_path / "contacts.gexf")
    back, ours = networkx.read_gexf(tmp_path / "contacts.gexf", node_type=int), to_networkx(graph)
    assert {frozenset(edge) for edge in back.edges} == {frozenset(edge) for edge in ours.edges}
    for user, entry in ours.nodes(data=True):
        assert entry.items() <= back.nodes[user].items()
    for a, b, entry in ours.edges(data=True):
        assert entry.items() <= back.edges[a, b].items()


def test_igraph_is_the_same_graph(graph):
    ours, theirs = to_networkx(graph), to_igraph(graph)
    assert (theirs.vcount(), theirs.ecount()) == (len(ours), ours.number_of_edges())
    assert theirs.vs["primary"] == [ours.nodes[user]["primary"] for user in range(len(ours))]
    for edge in theirs.es:
        assert ours.edges[edge.tuple]["layer"] == edge["layer"]


def test_ties_are_those_that_users_talk_on(graph, result):
    indptr, indices = csr(make_ties(load_world(result.config).rows))
    ours = to_networkx(graph)
    for user in range(N):
        assert set(ours[user]) == set(indices[indptr[user] : indptr[user + 1]].tolist())
        assert ours.nodes[user]["contacts"] == len(ours[user])
    assert set(graph.ties["layer"]) > {"household", "kin"}


def test_an_exported_graph_can_be_run_on(graph, tmp_path):
    write(graph, tmp_path / "mine.graphml")
    config = load_config(
        "network=from_file", f"network.path={tmp_path / 'mine.graphml'}", "network.format=graphml",
        f"population.n_users={N}",
    )  # fmt: skip
    indptr, indices = csr(make_ties(load_world(config).rows))
    assert sorted(indices[indptr[7] : indptr[8]].tolist()) == sorted(to_networkx(graph)[7])


def test_an_unknown_format_of_a_graph_is_refused(graph, tmp_path):
    with pytest.raises(ConfigError, match="allowed: graphml, gexf"):
        write(graph, tmp_path / "contacts.dot")
