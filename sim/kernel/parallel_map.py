"""Work on many chunks by several threads; results come in the order of the chunks."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

THREADS = "NUMBA_NUM_THREADS"  # set for the workers of a sweep, which share the cores
_LIMITS = ("SLURM_CPUS_PER_TASK", THREADS)  # what may leave fewer cores than the system says
PART = 1 << 16  # users worked on together: they stay in a cache, column after column
_AHEAD = 2  # results a thread may be ahead of the one asked for: bounds the memory of a stream


def available_cores() -> int:
    """Return how many cores this process may use, by its affinity, Slurm and its driver."""
    limits = [os.environ.get(name, "") for name in _LIMITS]
    return min(
        [
            _system_cores(),
            *(int(n) for n in limits if n.isascii() and n.isdecimal() and int(n) > 0),
        ]
    )


def _system_cores() -> int:
    """Return the cores that the system lets us use (macOS does not tell: all of them)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stream[Task, Result](
    work: Callable[[Task], Result], tasks: Iterable[Task], n_threads: int | None = None
) -> Iterator[Result]:
    """Yield ``work(task)`` for all `tasks`, in their order; `n_threads`, or all cores.

    Threads help where `work` is compiled and lets others run meanwhile.
    """
    n_threads = n_threads or available_cores()
    todo = iter(tasks)
    first = list(islice(todo, 2))
    if n_threads == 1 or len(first) < 2:
        yield from map(work, first)
        yield from map(work, todo)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        running: deque[Future[Result]] = deque(pool.submit(work, task) for task in first)
        for task in todo:
            running.append(pool.submit(work, task))
            if len(running) > _AHEAD * n_threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def each[Task](
    work: Callable[[Task], object], tasks: Iterable[Task], n_threads: int | None = None
) -> None:
    """Call `work` on all `tasks`."""
    for _ in stream(work, tasks, n_threads):
        pass


def parts(n: int) -> list[tuple[int, int]]:
    """Cut users 0 to `n` into ranges that are worked on together."""
    return ranges(n, PART)


def ranges(n: int, size: int) -> list[tuple[int, int]]:
    """Cut 0 to `n` into ranges of `size`, the last perhaps smaller."""
    return [(first, min(first + size, n)) for first in range(0, n, size)]
