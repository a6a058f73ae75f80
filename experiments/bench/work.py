"""The work W that every simulator of the bench does: choose a platform, looking at contacts.

A static graph of n users with 20 contacts on average and five platforms. In each step every user
chooses platform p with probability proportional to exp(u_p),

    u_p = APPEAL[p] + SOCIAL * (share of its contacts on p) - SWITCHING * [p is not its own],

all at the same time. Only numpy is imported here, as each simulator has its own environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

PLATFORMS = 5
CONTACTS = 20  # mean number of contacts a user
STEPS = 52
APPEAL = (0.0, 0.1, 0.2, 0.1, 0.0)  # utils
SOCIAL = 1.5  # utils between no and all contacts there
SWITCHING = 1.0  # utils
START = (0.40, 0.25, 0.15, 0.12, 0.08)  # shares at the start
FAR = 0.1  # share of contacts drawn from everybody in the local order
ORDERS = ("random", "local")


class Graph(NamedTuple):
    """A graph and where everybody starts."""

    left: U32  # (m,) one end of each tie
    right: U32  # (m,) its other end
    start: U8  # (n,) platform

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return len(self.start)

    @property
    def n_visits(self) -> int:
        """Return how many contacts all users look at in a step: each tie from both ends."""
        return 2 * len(self.left)


def draw_graph(n_users: int, order: str, seed: int = 1) -> Graph:
    """Draw a graph without loops and double ties.

    Parameters
    ----------
    n_users : int
    order : {"random", "local"}
        Contacts drawn from everybody (Erdos-Renyi), or the next ones on a ring but for a share
        `FAR` of them (Watts-Strogatz), so that a user's contacts have numbers near its own.
    seed : int
    """
    rng = np.random.default_rng(seed)
    if order == "random":
        left, right = rng.integers(0, n_users, (2, n_users * CONTACTS // 2))
    else:
        left = np.repeat(np.arange(n_users), CONTACTS // 2)
        right = (left + np.tile(np.arange(1, CONTACTS // 2 + 1), n_users)) % n_users
        far = np.flatnonzero(rng.random(len(right)) < FAR)
        right[far] = rng.integers(0, n_users, len(far))
    # np.unique hashes, which takes a hundred times longer than to sort
    pair = np.minimum(left, right) * n_users + np.maximum(left, right)
    pair = np.sort(pair[left != right])
    pair = pair[np.diff(pair, prepend=-1) != 0]
    start = rng.choice(PLATFORMS, n_users, p=START).astype(np.uint8)
    return Graph((pair // n_users).astype(np.uint32), (pair % n_users).astype(np.uint32), start)


def save_graph(graph: Graph, folder: Path) -> None:
    """Write a graph for other processes, so that the memory of its making is not theirs."""
    folder.mkdir(parents=True)
    for name, array in graph._asdict().items():
        np.save(folder / f"{name}.npy", array)


def load_graph(folder: Path) -> Graph:
    """Read what `save_graph` wrote."""
    return Graph(*(np.load(folder / f"{name}.npy") for name in Graph._fields))


def count_shares(platform: NDArray[np.integer]) -> F64:
    """Return the share of users on each platform, shape (PLATFORMS,)."""
    return np.bincount(platform, minlength=PLATFORMS) / len(platform)


def choose(graph: Graph, platform: U8, uniforms: F64) -> U8:
    """Take a step in plain numpy: what every other coding of W is checked against.

    Parameters
    ----------
    graph : Graph
    platform : array (n,)
    uniforms : array (n,)
        One number in [0, 1) a user; it takes the first platform whose cumulated probability
        lies above.
    """
    n = graph.n_users
    seen = np.zeros(n * PLATFORMS)
    for end, other in ((graph.left, graph.right), (graph.right, graph.left)):
        seen += np.bincount(
            end.astype(np.int64) * PLATFORMS + platform[other], minlength=n * PLATFORMS
        )
    counts = seen.reshape(n, PLATFORMS)
    utility = APPEAL + SOCIAL * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    utility[np.arange(n), platform] += SWITCHING
    weight = np.cumsum(np.exp(utility), axis=1)
    return (uniforms[:, None] * weight[:, -1:] >= weight[:, :-1]).sum(1).astype(np.uint8)
