"""W in Mesa: agents in the cells of a network, or agents that hold lists of their contacts."""

from __future__ import annotations

import math
import sys
from typing import Any

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from experiments.bench import probe
from experiments.bench.work import APPEAL, F64, PLATFORMS, SOCIAL, SWITCHING, Graph

SEED = 3


class Chooser:
    """What users of both models do: choose, looking at contacts, then move all at once."""

    random: Any
    platform: int
    next_platform: int

    def look(self) -> Any:
        """Return the contacts."""
        raise NotImplementedError

    def decide(self) -> None:
        """Draw the next platform."""
        counts, total = [0] * PLATFORMS, 0
        for other in self.look():
            counts[other.platform] += 1
            total += 1
        slope = SOCIAL / total if total else 0.0
        own = self.platform
        weights = [
            math.exp(APPEAL[p] + slope * counts[p] - (SWITCHING if p != own else 0.0))
            for p in range(PLATFORMS)
        ]
        self.next_platform = self.random.choices(range(PLATFORMS), weights)[0]

    def commit(self) -> None:
        """Take the platform drawn."""
        self.platform = self.next_platform


class CellUser(Chooser, FixedAgent):  # type: ignore[misc]
    """A user in a cell of Mesa's network, the documented way."""

    def __init__(self, model: mesa.Model, cell: Any, platform: int) -> None:
        super().__init__(model)
        self.cell = cell
        self.platform = self.next_platform = platform

    def look(self) -> Any:
        """Return the agents of the neighbouring cells."""
        return self.cell.neighborhood.agents


class ListUser(Chooser, mesa.Agent):  # type: ignore[misc]
    """A user that holds its contacts in a list, made once."""

    def __init__(self, model: mesa.Model, platform: int) -> None:
        super().__init__(model)
        self.platform = self.next_platform = platform
        self.contacts: list[ListUser] = []

    def look(self) -> Any:
        """Return the list."""
        return self.contacts


class Market(mesa.Model):  # type: ignore[misc]
    """The model: everybody decides, then everybody moves."""

    def __init__(self, graph: Graph, way: str) -> None:
        super().__init__(rng=SEED)
        start = graph.start.tolist()
        ties = zip(graph.left.tolist(), graph.right.tolist(), strict=True)
        if way == "cells":
            net = nx.Graph()
            net.add_nodes_from(range(graph.n_users))
            net.add_edges_from(ties)
            # without layout=None Mesa places all nodes by springs, which takes hours
            self.net = Network(net, random=self.random, layout=None)
            for cell in self.net.all_cells:
                CellUser(self, cell, start[cell.coordinate])
        else:
            users = [ListUser(self, platform) for platform in start]
            for a, b in ties:
                users[a].contacts.append(users[b])
                users[b].contacts.append(users[a])

    def step(self) -> None:
        """Let everybody choose."""
        self.agents.do("decide")
        self.agents.do("commit")

    def shares(self) -> F64:
        """Return the share of users on each platform."""
        counts = [0] * PLATFORMS
        for user in self.agents:
            counts[user.platform] += 1
        return np.array(counts) / len(self.agents)


def main() -> None:
    """Measure the way named last on the command line: cells or lists."""
    way = sys.argv[3]

    def build(graph: Graph) -> probe.Step:
        market = Market(graph, way)

        def step() -> F64:
            market.step()
            return market.shares()

        return step

    probe.measure(f"Mesa, {way}", mesa.__version__, build)


if __name__ == "__main__":
    main()
