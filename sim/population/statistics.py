"""Statistics by which graphs are compared with observed ones (docs/model.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel import rng
from sim.kernel.arrays import I64, U8, U32
from sim.kernel.compiled import jit
from sim.population.graph import Graph
from sim.population.population import Population

DEGREE_BINS = ((2, 8), (8, 15), (15, 25), (25, 40), (40, 80))  # first and past-last degree
AGE_GROUPS = {"18-24": (18, 24), "35-54": (35, 54), "65+": (65, 100)}  # first, last [years]
_EXACT_UP_TO = 50_000  # users; above it clustering is measured on a sample
_SAMPLE = 20_000


@dataclass(frozen=True)
class GraphStatistics:
    """Degrees, clustering, mixing and connectedness of a graph."""

    mean_degree: float
    median_degree: float
    p90_degree: float
    p99_degree: float
    max_degree: int
    sd_log_degree: float  # over users with a tie
    mean_clustering: float  # over users with two ties or more
    transitivity: float
    clustering_by_degree: dict[str, float]
    degree_assortativity: float
    giant_component: float  # share of users
    age_correlation: float | None = None  # over ties
    share_within_5_years: float | None = None  # of ties
    degree_by_age: dict[str, float] | None = None


def statistics(graph: Graph, population: Population | None = None) -> GraphStatistics:
    """Compute the statistics of a graph; with its population also those by age."""
    degree = graph.degree()
    adjacency = _adjacency(graph)
    ages: dict[str, Any] = {}
    if population is not None:
        ages = _age_statistics(adjacency, degree, population.age)
    p90, p99 = np.percentile(degree, [90, 99])
    return GraphStatistics(
        mean_degree=float(degree.mean()),
        median_degree=float(np.median(degree)),
        p90_degree=float(p90),
        p99_degree=float(p99),
        max_degree=int(degree.max()),
        sd_log_degree=float(np.log(degree[degree > 0]).std()) if degree.any() else 0.0,
        **_clustering(graph, degree),
        degree_assortativity=_tie_correlation(adjacency, degree, degree),
        giant_component=_giant_component(adjacency),
        **ages,
    )


def _adjacency(graph: Graph) -> Any:
    """Return the ties as a scipy matrix of ones, shape (n, n)."""
    from scipy.sparse import csr_array

    ones = np.ones(graph.indices.size, dtype=np.int8)
    parts = (ones, graph.indices.astype(np.int32), graph.indptr)
    return csr_array(parts, shape=(graph.n_users, graph.n_users))


def _clustering(graph: Graph, degree: I64) -> dict[str, Any]:
    """Return mean local clustering, transitivity and clustering by degree."""
    users = np.arange(graph.n_users)
    if graph.n_users > _EXACT_UP_TO:
        u = rng.uniforms(rng.purpose_key(0, 0, "graph.sample"), graph.n_users)
        users = np.sort(np.argpartition(u, _SAMPLE)[:_SAMPLE])
    users = users[degree[users] > 1]
    k = degree[users]
    closed = 2 * _triangles(graph.indptr, graph.indices, users)
    local = closed / (k * (k - 1))
    by_degree = {
        f"{low}-{high}": _mean(local[(k >= low) & (k < high)]) for low, high in DEGREE_BINS
    }
    return {
        "mean_clustering": _mean(local),
        "transitivity": float(closed.sum() / max(1, int((k * (k - 1)).sum()))),
        "clustering_by_degree": by_degree,
    }


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _tie_correlation(adjacency: Any, degree: I64, x: NDArray[Any]) -> float:
    """Return Pearson's correlation of `x`, shape (n,), between the two ends of a tie.

    On directed ties both ends have the same mean and variance: Newman (2002),
    doi:10.1103/PhysRevLett.89.208701.
    """
    n_ties = degree.sum()
    if n_ties == 0:
        return float("nan")
    centred = x - (degree * x).sum() / n_ties
    variance = (degree * centred**2).sum()
    if variance == 0:
        return float("nan")
    return float((centred * (adjacency @ centred)).sum() / variance)


def _giant_component(adjacency: Any) -> float:
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(adjacency, directed=False)
    return float(np.bincount(label).max() / label.size)


def _age_statistics(adjacency: Any, degree: I64, age: U8) -> dict[str, Any]:
    own = np.repeat(age, degree).astype(np.int16)
    return {
        "age_correlation": _tie_correlation(adjacency, degree, age.astype(np.float64)),
        "share_within_5_years": _mean(np.abs(own - age[adjacency.indices]) <= 5),
        "degree_by_age": {
            group: _mean(degree[(age >= first) & (age <= last)])
            for group, (first, last) in AGE_GROUPS.items()
        },
    }


@jit
def _triangles(indptr: I64, indices: U32, users: I64) -> I64:
    """Count the ties between contacts of each of `users`, shape of `users`."""
    count = np.zeros(users.size, dtype=np.int64)
    friend_of = np.full(indptr.size - 1, -1, dtype=np.int64)
    for at in range(users.size):
        user = users[at]
        for a in indices[indptr[user] : indptr[user + 1]]:
            friend_of[a] = user
        for a in indices[indptr[user] : indptr[user + 1]]:
            for b in indices[indptr[a] : indptr[np.int64(a) + 1]]:
                if b > a and friend_of[b] == user:
                    count[at] += 1
    return count
