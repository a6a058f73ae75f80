"""Let a forked process do a part of the work meanwhile: threads do not help pure Python.

Kept for the figures of a run alone, of which it draws half: they take 2.3 s of one core, more
than a third of a default run on two.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import current_process, get_context

from sim.kernel.parallel_map import available_cores

PATIENCE = 60.0  # with a process that hangs [s]
MANNERS = 2.0  # to delete drafts, if it is ended before [s]


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Let a forked process do `work`, and yield what waits for it.

    Where there can be none, or it fails, waiting does the work: so it is done, or its error is
    raised here.
    """
    if sys.platform != "linux" or available_cores() == 1 or current_process().daemon:
        yield work
        return
    process = get_context("fork").Process(target=_do, args=(work,), daemon=True)
    with warnings.catch_warnings():
        # threads of libraries are not forked, what they hold stays held: such a process hangs
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
    """Do `work` in a process whose signals and errors are the other's to meet."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the other ends us
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # drafts are deleted
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)
