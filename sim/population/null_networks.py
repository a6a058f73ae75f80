"""The graph of a configuration: layered, a null network, or from a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from sim.base.errors import ConfigError
from sim.config.settings import (
    BarabasiAlbertNetwork,
    ErdosRenyiNetwork,
    FileNetwork,
    LayeredNetwork,
    NetworkConfig,
    RewiredNetwork,
    WattsStrogatzNetwork,
)
from sim.kernel import rng
from sim.kernel.arrays import U32
from sim.population.edges import read_edges
from sim.population.generators import layered, layered_rows
from sim.population.graph import Graph, networkx
from sim.population.population import Population
from sim.population.rows import Rows, Store, in_memory, rows_from

_TRIES_PER_SWAP = 100  # in a dense graph most swaps fail


def build_graph(
    population: Population,
    config: NetworkConfig,
    seed: int,
    n_threads: int | None = None,
) -> Graph:
    """Build the social graph of `population`.

    Parameters
    ----------
    population
        The users; only the layered graph and what is made of it look at their traits.
    config
        Kind of graph and its parameters.
    seed
        Seed of the world.
    n_threads
        All cores if None; the graph does not depend on it.

    Raises
    ------
    ConfigError
        If there are too few users for it, or a file does not hold such a graph of them.
    """
    n = population.n_users
    match config:
        case LayeredNetwork():
            return layered(population, config, seed, n_threads)
        case RewiredNetwork():
            return _rewired(layered(population, LayeredNetwork(), seed, n_threads), config, seed)
        case FileNetwork():
            return _from_file(n, config, seed, n_threads)
        case _:
            return Graph.from_networkx(_random(n, config, seed), seed)


def build_rows(
    population: Population,
    config: NetworkConfig,
    seed: int,
    n_threads: int | None = None,
    store: Store = in_memory,
) -> Rows:
    """Build the rows of the graph that `build_graph` returns; `store` takes their indices."""
    if isinstance(config, LayeredNetwork):
        return layered_rows(population, config, seed, n_threads, store)
    return rows_from(build_graph(population, config, seed, n_threads), n_threads, store)


def _random(
    n: int, config: WattsStrogatzNetwork | BarabasiAlbertNetwork | ErdosRenyiNetwork, seed: int
) -> Any:
    """Draw a textbook graph of `n` nodes."""
    if config.mean_degree >= n:
        raise ConfigError(
            f"network.mean_degree={config.mean_degree} must be below population.n_users={n}"
        )
    nx, nx_seed = networkx(), _networkx_seed(seed, config.kind)
    match config:
        case WattsStrogatzNetwork():
            return nx.watts_strogatz_graph(n, config.mean_degree, config.p_rewire, seed=nx_seed)
        case BarabasiAlbertNetwork():
            return nx.barabasi_albert_graph(n, config.mean_degree // 2, seed=nx_seed)
        case ErdosRenyiNetwork():
            return nx.fast_gnp_random_graph(n, config.mean_degree / (n - 1), seed=nx_seed)


def _rewired(graph: Graph, config: RewiredNetwork, seed: int) -> Graph:
    """Swap the ends of pairs of ties: every degree is kept, layers are lost."""
    nx = networkx()
    swapped = graph.to_networkx()
    swaps = round(config.swaps_per_tie * swapped.number_of_edges())
    try:
        nx.double_edge_swap(
            swapped, swaps, swaps * _TRIES_PER_SWAP, seed=_networkx_seed(seed, config.kind)
        )
    except nx.NetworkXException as error:
        raise ConfigError(
            f"network.kind=rewired: population.n_users={graph.n_users} is too small to swap "
            f"ties: {error}"
        ) from error
    return Graph.from_networkx(swapped, seed)


def _networkx_seed(seed: int, kind: str) -> int:
    return int(rng.purpose_key(seed, 0, f"network.{kind}"))


def _from_file(n: int, config: FileNetwork, seed: int, n_threads: int | None) -> Graph:
    """Read a graph; nodes become users in sorted order, a line `5 5` is a node without ties."""
    path = Path(config.path).absolute()
    try:
        if config.format == "edge_list":
            source, target, n_nodes = read_edges(path, n_threads)
        else:
            source, target, n_nodes = _graphml(path)
    except OSError as error:
        raise ConfigError(
            f"network.path: cannot read {path}: {error.strerror}; "
            f"relative paths start from {Path.cwd()}"
        ) from error
    if n_nodes != n:
        left_out = n_nodes < n and config.format == "edge_list"
        alone = "; a node without ties stands there as `5 5`" if left_out else ""
        raise ConfigError(
            f"population.n_users={n}, but {path} has {n_nodes} nodes: "
            f"set population.n_users={n_nodes}{alone}"
        )
    try:
        return Graph.from_ends(n, source, target, seed, n_threads)
    except ValueError as error:
        raise ConfigError(f"network.path: {path}: {error}") from error


def _graphml(path: Path) -> tuple[U32, U32, int]:
    """Read both ends of the ties of a GraphML file, shape (n_ties,), and its number of nodes."""
    nx = networkx()
    content = path.read_bytes()
    try:
        graph = nx.read_graphml(BytesIO(content))
    except (SyntaxError, ValueError, KeyError, nx.NetworkXError) as error:
        raise ConfigError(
            f"network.path: {path} is not GraphML: {error}; allowed is one <graph> of GraphML, "
            "or set network.format=edge_list"
        ) from error
    names = list(graph)
    numeric = all(str(name).isascii() and str(name).isdecimal() for name in names)
    names.sort(key=(lambda name: int(name)) if numeric else str)
    number = {name: index for index, name in enumerate(names)}
    ties = np.array([(number[a], number[b]) for a, b in graph.edges()], np.uint32).reshape(-1, 2)
    return ties[:, 0], ties[:, 1], len(names)
