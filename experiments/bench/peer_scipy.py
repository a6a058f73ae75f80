"""W in scipy: the adjacency matrix times one-hot platforms, and a Gumbel draw."""

from __future__ import annotations

import numpy as np
import scipy
import scipy.sparse

from experiments.bench import probe
from experiments.bench.work import (
    APPEAL,
    F64,
    PLATFORMS,
    SOCIAL,
    SWITCHING,
    Graph,
    count_shares,
)

SEED = 3


def build(graph: Graph) -> probe.Step:
    """Return the step of a vectorised simulator, single precision."""
    n = graph.n_users
    ends = np.concatenate([graph.left, graph.right]), np.concatenate([graph.right, graph.left])
    ones = np.ones(graph.n_visits, np.float32)
    contacts = scipy.sparse.csr_matrix((ones, ends), shape=(n, n))
    slope = (SOCIAL / np.maximum(np.diff(contacts.indptr), 1)).astype(np.float32)[:, None]
    appeal = np.asarray(APPEAL, np.float32)
    rng = np.random.default_rng(SEED)
    platform = graph.start.copy()

    def step() -> F64:
        nonlocal platform
        one_hot = np.zeros((n, PLATFORMS), np.float32)
        one_hot[np.arange(n), platform] = 1.0
        utility = (contacts @ one_hot) * slope
        utility += appeal
        utility += np.float32(SWITCHING) * one_hot  # the cost of moving, but for a constant
        noise = rng.standard_exponential((n, PLATFORMS), dtype=np.float32)
        np.maximum(noise, 1e-30, out=noise)
        utility -= np.log(noise, out=noise)
        platform = utility.argmax(1).astype(np.uint8)
        return count_shares(platform)

    return step


if __name__ == "__main__":
    probe.measure("scipy, CSR @ one-hot", scipy.__version__, build)
