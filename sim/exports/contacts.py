"""The network with the users of a snapshot, for networkx, igraph, GraphML and GEXF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.extras import extra
from sim.config.sim_config import AGENT_LIMIT, SimConfig
from sim.exports.user_snapshots import KEYS, UserSnapshots
from sim.population.build import users_and_graph
from sim.population.graph import Graph, networkx

FORMATS = ("graphml", "gexf")


class Contacts(NamedTuple):
    """The social graph of a run with its users on one date.

    Attributes
    ----------
    about : dict
        scenario, replication, date.
    users : DataFrame, a row a user in their order
        Columns of `UserSnapshots.users`, then for each messenger in_use_NAME and belief_NAME.
    ties : DataFrame, a row a tie
        source, target (users, source < target), layer (household, kin, ...; `tie` where the
        network has none), weight (mean of the two ends' weights, which sum to 1 over a user's
        ties).
    """

    about: dict[str, Any]
    users: pd.DataFrame
    ties: pd.DataFrame


def check_size(config: SimConfig) -> None:
    """Refuse a graph that is too large for such files and libraries.

    Raises
    ------
    ConfigError
        If there are too many users.
    """
    n = config.population.n_users
    if n > AGENT_LIMIT:
        raise ConfigError(
            f"population.n_users={n}: allowed: a graph of up to {AGENT_LIMIT} users "
            "(sim.population has larger ones as arrays)"
        )


def contacts(config: SimConfig, snapshots: UserSnapshots) -> Contacts:
    """Join the graph of a run with the user snapshot of one scenario, replication and date.

    Raises
    ------
    ConfigError
        If there are several snapshots, or the graph is too large.
    """
    check_size(config)
    keys = snapshots.users[list(KEYS)].drop_duplicates()
    if len(keys) > 1:
        raise ConfigError(f"a graph shows one date of one run, not {len(keys)}")
    about = {name: keys[name].iloc[0] for name in KEYS}
    _, graph = users_and_graph(config)
    users = snapshots.users.drop(columns=[*KEYS])
    for name, rows in snapshots.platforms.dropna(subset="in_use").groupby(
        "platform", observed=True
    ):
        for column in ("in_use", "belief"):  # rows are in the order of users
            users[f"{column}_{name}"] = rows[column].to_numpy()
    return Contacts(about, users, _ties(graph))


def _ties(graph: Graph) -> pd.DataFrame:
    weights, rows = graph.weights(), np.repeat(np.arange(graph.n_users), graph.degree())
    both = pd.DataFrame(
        {
            "source": np.minimum(rows, graph.indices),
            "target": np.maximum(rows, graph.indices),
            "layer": pd.Categorical.from_codes(graph.tie_layers().astype(np.int8), graph.layers),
            "weight": weights,
        }
    )
    ties = both.groupby(["source", "target"], sort=True)
    return ties.agg(layer=("layer", "first"), weight=("weight", "mean")).reset_index()


def to_networkx(found: Contacts) -> Any:
    """Return a `networkx.Graph`: nodes are users, with their columns as attributes, edges ties."""
    graph = networkx().Graph(**{name: str(value) for name, value in found.about.items()})
    graph.add_nodes_from((int(row.pop("user")), row) for row in _plain(found.users))
    for tie in _plain(found.ties):
        graph.add_edge(tie.pop("source"), tie.pop("target"), **tie)
    return graph


def to_igraph(found: Contacts) -> Any:
    """Return an `igraph.Graph`; vertex i is user i.

    Raises
    ------
    ConfigError
        If igraph is not installed.
    """
    graph = extra("igraph").Graph(
        n=len(found.users), edges=found.ties[["source", "target"]].to_numpy().tolist()
    )
    for name, value in found.about.items():
        graph[name] = str(value)
    for name in found.users:
        graph.vs[name] = found.users[name].astype(object).tolist()
    for name in ("layer", "weight"):
        graph.es[name] = found.ties[name].astype(object).tolist()
    return graph


def write(found: Contacts, path: Path) -> None:
    """Write GraphML or GEXF, by the ending of `path`, whole or not at all.

    Raises
    ------
    ConfigError
        If the ending is another.
    """
    writers = {"graphml": networkx().write_graphml, "gexf": networkx().write_gexf}
    writer = writers.get(path.suffix.removeprefix("."))
    if writer is None:
        raise ConfigError(f"to={path.suffix}: allowed: {', '.join(FORMATS)}")
    with atomic_write(path) as draft:
        writer(to_networkx(found), draft)


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows whose values are Python's own: graph files accept no others."""
    columns = {
        name: [getattr(value, "item", lambda value=value: value)() for value in table[name]]
        for name in table
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
