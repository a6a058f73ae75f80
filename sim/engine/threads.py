"""Threads that run compiled loops over ranges of rows.

Rows are users or chats. Sums are taken block by block and added up chunk by chunk. Blocks and
chunks depend on the number of rows alone, so the number of threads does not change a bit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import I64
from sim.kernel.parallel_map import available_cores, each, parts
from sim.population.rows import WINDOW

MAX_CHUNKS = 32
BLOCK = WINDOW  # rows that are summed together
GRAIN = BLOCK  # rows for which it pays to wake a thread
COARSE = 32 * GRAIN  # the same for a loop that does little work for each row
AT_ONCE = 8  # grains of a task; with many tasks, other threads take over those of a delayed one


def n_blocks(n_rows: int) -> int:
    """Return the number of blocks that hold `n_rows` rows."""
    return -(-n_rows // BLOCK)


class Task(NamedTuple):
    """Chunks that a thread works on in one call, because a call costs as much time as 100 users.

    The numbers and rows of chunks do not depend on threads, and so sums by chunk do not either.
    """

    number: int  # of the first chunk
    cuts: I64  # chunk `number` + k has rows cuts[k] to cuts[k + 1]

    @property
    def rows(self) -> tuple[int, int]:
        """Return the first row, and the last + 1."""
        return int(self.cuts[0]), int(self.cuts[-1])


class Threads:
    """A pool that runs a compiled loop over ranges of rows."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or available_cores()
        self._pool = ThreadPoolExecutor(self.n_threads)

    def run(
        self, loop: Callable[..., None], n_rows: int, *arrays: object, grain: int = GRAIN
    ) -> None:
        """Call ``loop(first, last, *arrays)`` on ranges of whole blocks that cover `n_rows`."""
        self._map(lambda task: loop(*task.rows, *arrays), self.tasks(n_rows, grain))

    def run_chunks(
        self, loop: Callable[..., None], n_rows: int, *arrays: object, grain: int = GRAIN
    ) -> None:
        """Call ``loop(number, cuts, *arrays)`` on tasks that cover `n_rows`."""
        self._map(lambda task: loop(*task, *arrays), self.tasks(n_rows, grain))

    def run_parts(self, work: Callable[..., None], n_rows: int, *args: object) -> None:
        """Call ``work(first, last, *args)``, in numpy, on parts of rows that fit into a cache."""
        each(lambda part: work(*part, *args), parts(n_rows), self.n_threads)

    def tasks(self, n_rows: int, grain: int = GRAIN) -> tuple[Task, ...]:
        """Return the tasks; `grain` is the number of rows for which it pays to wake a thread."""
        return cut(chunks(n_rows), self.n_threads, grain)

    def total(self, by_chunk: I64) -> I64:
        """Return the sum of counts by chunk, of shape (n_chunks, ...), over all chunks."""
        return np.asarray(by_chunk.sum(axis=0))

    def _map(self, do: Callable[[Task], None], tasks: tuple[Task, ...]) -> None:
        """Let this thread and others of the pool take one task after another, until none is left.

        There is one future a thread, not one a task: each that ends would wake the waiting thread.
        """
        remaining = iter(tasks)

        def take() -> None:
            for task in remaining:
                do(task)

        others = [self._pool.submit(take) for _ in range(min(self.n_threads, len(tasks)) - 1)]
        try:
            take()
        finally:
            for _ in remaining:  # if this thread was interrupted, no other task begins
                pass
            wait(others)
        for other in others:
            other.result()


@cache
def chunks(n_rows: int) -> tuple[tuple[int, int], ...]:
    """Cut rows into at most ``MAX_CHUNKS`` ranges of whole blocks."""
    blocks = n_blocks(n_rows)
    cuts = np.linspace(0, blocks, min(MAX_CHUNKS, blocks) + 1).astype(int) * BLOCK
    return tuple((int(a), min(int(b), n_rows)) for a, b in pairwise(cuts))


@cache
def cut(
    ranges: tuple[tuple[int, int], ...], n_threads: int, grain: int, number: int = 0
) -> tuple[Task, ...]:
    """Cut consecutive chunks, of which the first has `number`, into tasks for threads."""
    if not ranges:
        return ()
    cuts = np.array([ranges[0][0], *(last for _, last in ranges)])
    n_rows = int(cuts[-1] - cuts[0])
    of_each = max(1, n_rows // (AT_ONCE * grain * n_threads))
    n_tasks = min(len(ranges), n_threads * of_each if n_rows >= 2 * grain else 1)
    firsts = [len(ranges) * k // n_tasks for k in range(n_tasks + 1)]
    return tuple(Task(number + a, cuts[a : b + 1]) for a, b in pairwise(firsts))
