"""Do all codings of W mean the same? Compared choice by choice, and by shares; no times."""

from __future__ import annotations

import numpy as np

from experiments.bench import peer_scipy
from experiments.bench.kernel import Kernel
from experiments.bench.limits import Gathers
from experiments.bench.work import (
    F64,
    ORDERS,
    STEPS,
    Graph,
    choose,
    count_shares,
    draw_graph,
)
from sim.engine.threads import Threads
from sim.kernel.rng import uniforms

SEED = 7
ROUNDED = 1e-4  # share of choices that single precision may decide otherwise
POINTS = 0.5  # percentage points between shares, at 100,000 users


def check(n_users: int) -> list[str]:
    """Compare kernel, scipy and numpy; return what was found, in words.

    Raises
    ------
    AssertionError
        If they do not agree.
    """
    found = []
    allowed = POINTS / 100 * max(1.0, (100_000 / n_users) ** 0.5)
    for order in ORDERS:
        graph = draw_graph(n_users, order)
        differing = differing_choices(graph)
        if differing > ROUNDED:
            raise AssertionError(f"{order}: {differing:.2%} of choices differ from numpy's")
        if not gathers_agree(graph):
            raise AssertionError(f"{order}: the gathers do not read what numpy reads")
        shares = last_shares(graph)
        gap = max(float(np.abs(s - shares["numpy"]).max()) for s in shares.values())
        if gap > allowed:
            raise AssertionError(f"{order}: shares differ by {100 * gap:.2f} points: {shares}")
        found.append(
            f"{order} order, {n_users:,} users: {differing:.4%} of choices differ from numpy's, "
            f"shares after {STEPS} steps by at most {100 * gap:.2f} points"
        )
    return found


def differing_choices(graph: Graph, n_steps: int = 4) -> float:
    """Return the share of choices that kernel and numpy make differently with equal draws."""
    kernel = Kernel(graph, Threads(2))
    differing = 0
    for _ in range(n_steps):
        expected = choose(graph, kernel.platform, uniforms(kernel.key, graph.n_users))
        share = kernel.step()
        differing += int((kernel.platform != expected).sum())
        np.testing.assert_allclose(share, count_shares(kernel.platform), atol=1e-12)
    return differing / (n_steps * graph.n_users)


def gathers_agree(graph: Graph) -> bool:
    """Return whether both gathers add up what numpy does."""
    n, state = graph.n_users, graph.start
    sums = np.bincount(graph.left, state[graph.right], n)
    sums += np.bincount(graph.right, state[graph.left], n)
    gathers = Gathers(graph, Threads(2))
    gathers.rows()
    gathers.slices()
    return all(np.array_equal(sums, gathered) for gathered in gathers.sums())


def last_shares(graph: Graph) -> dict[str, F64]:
    """Return the shares of platforms after `STEPS` steps, each coding with its own draws."""
    kernel, scipy_step = Kernel(graph, Threads(2)), peer_scipy.build(graph)
    rng, platform = np.random.default_rng(SEED), graph.start
    for _ in range(STEPS):
        ours, theirs = kernel.step(), scipy_step()
        platform = choose(graph, platform, rng.random(graph.n_users))
    return {"kernel": ours, "scipy": theirs, "numpy": count_shares(platform)}
