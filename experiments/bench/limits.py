"""What the machine allows: only to read every contact's platform and add it up.

    python -m experiments.bench.limits FOLDER ROUNDS

Measured in turn with the kernel, so that all meet the same disturbances.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from experiments.bench import probe
from experiments.bench.gather import gather
from experiments.bench.kernel import Kernel
from experiments.bench.rows import Rows, make_rows
from experiments.bench.slices import Slices, make_slices, pack
from experiments.bench.work import U8, U32, Graph, load_graph
from sim.engine.threads import Threads
from sim.kernel.compiled import jit_loop, rule_loop
from sim.kernel.vec16 import WIDTH, bits_of, load, rotate, store, zeros

_1, _2 = np.uint64(1), np.uint64(2)


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


@rule_loop
def gather_slices(first: int, last: int, slices: Slices, words: U32, out: U32) -> None:
    """Add up the state of contacts, sixteen users side by side; `out` holds the sums by lane."""
    for at in range(first // WIDTH, last // WIDTH):
        sums = bits_of(zeros())
        for contact in range(slices.first[at], slices.first[at + 1], WIDTH):
            place = load(slices.contacts, contact)
            sums = sums + (rotate(gather(words, place >> 5), place) & 15)
        store(out, at * WIDTH, sums)


class Gathers:
    """Both gathers over one graph, reading the platforms at the start."""

    def __init__(self, graph: Graph, threads: Threads) -> None:
        self._rows, self._threads = make_rows(graph), threads
        self._slices = make_slices(self._rows)
        self._state, self._words = graph.start, pack(self._slices, graph.start)
        self._words[self._slices.n_words :] = 0  # empty lanes add 0
        self._by_row = np.zeros(graph.n_users, np.uint32)
        self._by_lane = np.zeros(len(self._slices.user), np.uint32)

    def rows(self) -> None:
        """Gather user by user."""
        n = len(self._by_row)
        self._threads.run(gather_rows, n, self._rows, self._state, self._by_row)

    def slices(self) -> None:
        """Gather in the order of the kernel."""
        n = len(self._by_lane)
        self._threads.run(gather_slices, n, self._slices, self._words, self._by_lane)

    def sums(self) -> tuple[U32, U32]:
        """Return what each gather has added up, each shape (n,), by user."""
        by_slices = np.empty_like(self._by_row)
        by_slices[self._slices.user[: len(by_slices)]] = self._by_lane[: len(by_slices)]
        return self._by_row, by_slices


def main() -> None:
    """Measure the kernel and the gathers in turn."""
    graph, rounds = load_graph(Path(sys.argv[1])), int(sys.argv[2])
    threads = Threads()
    kernel = Kernel(graph, threads)
    gathers = Gathers(graph, threads)
    jobs = {"kernel": kernel.step, "rows": gathers.rows, "slices": gathers.slices}
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
