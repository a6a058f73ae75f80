"""What the machine allows: only to read every contact's byte and add it up.

    python -m experiments.bench.limits FOLDER ROUNDS

Measured in turn with the kernel, so that all meet the same disturbances.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from experiments.bench import probe
from experiments.bench.kernel import Kernel
from experiments.bench.layout import Rows, Tiles, make_rows, make_tiles
from experiments.bench.slices import LANES, gather_slices, make_slices
from experiments.bench.work import U8, U32, Graph, load_graph
from sim.compiled import jit_loop
from sim.threads import BLOCK, Threads

_1, _2, _3, _4 = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_HALF, _USER = np.uint64(16), np.uint64(0xFFFF)


@jit_loop
def gather_rows(first: int, last: int, rows: Rows, state: U8, out: U32) -> None:
    """Add up the state of each user's contacts, user by user, with two sums."""
    for i in range(np.uint64(first), np.uint64(last)):
        at, end = np.uint64(rows.first[i]), np.uint64(rows.first[i + _1])
        even = odd = np.uint32(0)
        while at + _1 < end:
            even += np.uint32(state[rows.contacts[at]])
            odd += np.uint32(state[rows.contacts[at + _1]])
            at += _2
        if at < end:
            even += np.uint32(state[rows.contacts[at]])
        out[i] = even + odd


@jit_loop
def gather_tiles(first: int, last: int, tiles: Tiles, state: U8, out: U32) -> None:
    """Add up the state of each user's contacts, tile by tile, in the order of the kernel."""
    for band in range(first // BLOCK, last // BLOCK):
        sums = out[band * tiles.height :]
        sums[: tiles.height] = np.uint32(0)
        for group in range(tiles.n_groups):
            tile = band * tiles.n_groups + group
            ties, seen = tiles.ties, state[group * tiles.width :]
            at, end = np.uint64(tiles.first[tile]), np.uint64(tiles.first[tile + 1])
            while at + _3 < end:
                a, b = np.uint64(ties[at]), np.uint64(ties[at + _1])
                c, d = np.uint64(ties[at + _2]), np.uint64(ties[at + _3])
                in_a, in_b = np.uint32(seen[a >> _HALF]), np.uint32(seen[b >> _HALF])
                in_c, in_d = np.uint32(seen[c >> _HALF]), np.uint32(seen[d >> _HALF])
                sums[a & _USER] += in_a
                sums[b & _USER] += in_b
                sums[c & _USER] += in_c
                sums[d & _USER] += in_d
                at += _4
            while at < end:
                a = np.uint64(ties[at])
                sums[a & _USER] += np.uint32(seen[a >> _HALF])
                at += _1


def gather_all(graph: Graph) -> tuple[U32, U32, U32]:
    """Return the sums of all gathers, each shape (n,), by user."""
    gathers = Gathers(graph, make_tiles(graph), Threads(2))
    gathers.rows()
    gathers.tiles()
    gathers.slices()
    return gathers.sums()


class Gathers:
    """All gathers over one graph, reading the platforms at the start."""

    def __init__(self, graph: Graph, tiles: Tiles, threads: Threads) -> None:
        self._rows, self._tiles, self._threads = make_rows(graph), tiles, threads
        self._slices = make_slices(self._rows)
        self._state = np.append(graph.start, np.uint8(0))  # of nobody
        self._by_rows, self._by_tiles = np.zeros((2, graph.n_users), np.uint32)
        self._by_slices = np.zeros(graph.n_users + LANES - 1, np.uint32)

    def rows(self) -> None:
        """Gather user by user."""
        n = len(self._by_rows)
        self._threads.run(gather_rows, n, self._rows, self._state, self._by_rows)

    def tiles(self) -> None:
        """Gather tile by tile."""
        n = self._tiles.n_bands * BLOCK
        self._threads.run(gather_tiles, n, self._tiles, self._state, self._by_tiles)

    def slices(self) -> None:
        """Gather eight users at a time."""
        n = len(self._by_rows)
        self._threads.run(gather_slices, n, self._slices, self._state, self._by_slices)

    def sums(self) -> tuple[U32, U32, U32]:
        """Return what each gather has added up, each shape (n,), by user."""
        user, by_slices = self._slices.user, np.empty_like(self._by_rows)
        by_slices[user] = self._by_slices[: len(user)]
        return self._by_rows, self._by_tiles, by_slices


def main() -> None:
    """Measure the kernel and the gathers in turn."""
    graph, rounds = load_graph(Path(sys.argv[1])), int(sys.argv[2])
    threads = Threads()
    kernel = Kernel(graph, threads)
    gathers = Gathers(graph, kernel.tiles, threads)
    jobs = {
        "kernel": kernel.step, "rows": gathers.rows, "tiles": gathers.tiles,
        "slices": gathers.slices,
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begin = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - begin)
    probe.emit(
        n_users=graph.n_users, n_visits=graph.n_visits, n_threads=threads.n_threads,
        times_s={name: taken[1:] for name, taken in times.items()},
    )  # fmt: skip


if __name__ == "__main__":
    main()
