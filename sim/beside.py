"""Let a copy of this process do a part of the work meanwhile, where threads would not help."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sim.world.pool import available_cores

PATIENCE = 60.0  # with a copy that does not end [s]
MANNERS = 2.0  # to put things away, if it is ended before [s]
PAUSE = 0.002  # between two looks at it [s]


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Let a copy of this process do `work`, which leaves files, and wait for it.

    Where there cannot be a copy, or the copy fails, this process does the work itself, after the
    body: so it is done, or its error is raised here.
    """
    copy = _copy(work) if sys.platform == "linux" and available_cores() > 1 else None
    try:
        yield
        if copy is not None and _ended_well(copy):
            copy = None
            return
    finally:
        if copy is not None:
            _end(copy)
    work()


def _copy(work: Callable[[], None]) -> int | None:
    """Return the number of a copy that does `work` and ends, with status 0 if it is done."""
    try:
        with warnings.catch_warnings():
            # Threads are not copied and what they hold stays held: such a copy hangs, and is ended
            warnings.simplefilter("ignore", DeprecationWarning)
            copy = os.fork()
    except OSError:  # no memory, or no process, is left
        return None
    if copy:
        return copy
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to both; the other ends us
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(status))  # drafts are taken away
        work()
        status = 0
    finally:
        os._exit(status)


def _ended_well(copy: int) -> bool:
    """Wait for a copy, and say whether it has done its work."""
    return _ended(copy, PATIENCE) == 0


def _ended(copy: int, seconds: float) -> int | None:
    """Wait for a copy and return its status, None if it does not end in time."""
    patient_until = time.monotonic() + seconds
    while time.monotonic() < patient_until:
        ended, status = os.waitpid(copy, os.WNOHANG)
        if ended:
            return status
        time.sleep(PAUSE)
    return None


def _end(copy: int) -> None:
    """End a copy, if it has not ended: politely, then not."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(copy, signal.SIGTERM)
        if _ended(copy, MANNERS) is None:
            os.kill(copy, signal.SIGKILL)
            os.waitpid(copy, 0)
