"""W in Starsim: a module of its own on a static network, counts by np.bincount over the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import starsim as ss

from experiments.bench import probe
from experiments.bench.work import (
    APPEAL,
    F64,
    PLATFORMS,
    SOCIAL,
    STEPS,
    SWITCHING,
    Graph,
    count_shares,
)

SEED = 3


class Market(ss.Module):  # type: ignore[misc]
    """Every user's platform."""

    def __init__(self, start: F64, **kwargs: Any) -> None:
        super().__init__()
        self.define_states(ss.FloatArr("platform", default=0.0))
        self.update_pars(**kwargs)
        self.start = start
        self.random = np.random.default_rng(SEED)

    def init_post(self) -> None:
        """Seat everybody at the start."""
        super().init_post()
        self.platform[:] = self.start

    def step(self) -> None:
        """Let everybody choose."""
        n = len(self.sim.people)
        own = self.platform.values.astype(np.int64)
        counts, degree = np.zeros(n * PLATFORMS), np.zeros(n)
        for net in self.sim.networks.values():
            left, right = np.asarray(net.edges.p1), np.asarray(net.edges.p2)
            counts += np.bincount(left * PLATFORMS + own[right], minlength=n * PLATFORMS)
            counts += np.bincount(right * PLATFORMS + own[left], minlength=n * PLATFORMS)
            degree += np.bincount(left, minlength=n) + np.bincount(right, minlength=n)
        utility = SOCIAL * counts.reshape(n, PLATFORMS) / np.maximum(degree, 1)[:, None] + APPEAL
        utility[np.arange(n), own] += SWITCHING
        utility += self.random.gumbel(size=(n, PLATFORMS))
        self.platform[:] = utility.argmax(1).astype(float)


def build(graph: Graph) -> probe.Step:
    """Return the step of a Starsim simulation with the graph as its network."""
    ends = {"p1": graph.left.astype(np.int64), "p2": graph.right.astype(np.int64)}
    network = ss.Network(**ends, beta=np.ones(len(graph.left)))
    sim = ss.Sim(
        modules=Market(graph.start.astype(float)), networks=network, n_agents=graph.n_users,
        dt=ss.weeks(1), start="2025-01-06", dur=ss.weeks(STEPS), verbose=0, rand_seed=SEED,
    )  # fmt: skip
    sim.init()
    market = next(m for m in sim.modules if isinstance(m, Market))  # Sim has copied what it got

    def step() -> F64:
        sim.run_one_step()
        return count_shares(market.platform.values.astype(np.int64))

    return step


if __name__ == "__main__":
    probe.measure("Starsim, own module", ss.__version__, build)
