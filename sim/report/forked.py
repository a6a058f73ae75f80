"""Do part of the work in a forked process at the same time: threads do not help pure Python.

Only the figures of a run use it. They take 2.3 s of one core, more than a third of a default run
on two; the forked process draws half of them.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import current_process, get_context

from sim.base.interrupts import OF_TERMINAL
from sim.kernel.parallel_map import available_cores

PATIENCE = 60.0  # how long a process that hangs is waited for [s]
MANNERS = 2.0  # how long a terminated process may take to delete its drafts [s]


@contextmanager
def forked_task(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Start `work` in a forked process, and yield a function that waits for it.

    If no process can be forked, or it fails, the waiting function does the work itself, so that
    its error is raised here.
    """
    if sys.platform != "linux" or available_cores() == 1 or current_process().daemon:
        yield work
        return
    process = get_context("fork").Process(target=_do, args=(work,), daemon=True)
    with warnings.catch_warnings():
        # locks held by threads of libraries stay locked in the fork, which can then hang
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()

    def wait() -> None:
        process.join(PATIENCE)
        if process.exitcode != 0:
            process.kill()
            work()

    try:
        yield wait
    finally:
        process.terminate()
        process.join(MANNERS)
        process.kill()


def _do(work: Callable[[], None]) -> None:
    """Do `work` in the forked process; signals and errors are left to its parent."""
    for signum in (*OF_TERMINAL, signal.SIGUSR2):  # which reach both; the parent ends this one
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # drafts are deleted
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)
