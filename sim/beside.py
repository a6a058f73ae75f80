"""Let a copy of this process do a part of the work meanwhile, where threads would not help."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from mmap import mmap

from sim.world.pool import available_cores

PATIENCE = 60.0  # with a copy that does not end [s]
MANNERS = 2.0  # to put things away, if it is ended before [s]
PAUSE = 0.002  # between two looks at it [s]


@contextmanager
def beside[**P](
    work: Callable[P, None], ready: Callable[[], object] = lambda: None
) -> Iterator[Errand[P]]:
    """Let a copy of this process get `ready` meanwhile, to do `work`, which leaves files."""
    errand = Errand(work, ready)
    try:
        yield errand
    finally:
        errand.end()


class Errand[**P]:
    """Work that a copy of this process begins when it is told on what.

    Where there cannot be a copy, or the copy fails, this process does the work itself: so it is
    done, or its error is raised here.
    """

    def __init__(self, work: Callable[P, None], ready: Callable[[], object]) -> None:
        self._work = work
        there, here = os.pipe()
        told, tell = os.fdopen(there, "rb"), os.fdopen(here, "wb")

        def follow() -> None:
            tell.close()  # should this process end without a word, the copy does
            ready()
            given, named = pickle.load(told)  # noqa: S301
            work(*given, **named)

        possible = sys.platform == "linux" and available_cores() > 1
        self._copy, self._tell = _copy(follow) if possible else None, tell
        told.close()

    def begin(self, *given: P.args, **named: P.kwargs) -> None:
        """Let the copy do its work on what is `given`."""
        self._rest = partial(self._work, *given, **named)
        if self._copy is not None:
            with suppress(BrokenPipeError), self._tell:
                pickle.dump((given, named), self._tell, pickle.HIGHEST_PROTOCOL)

    def finish(self) -> None:
        """Wait until the work is done; do it, if the copy has not."""
        if self._copy is not None and _ended_well(self._copy):
            self._copy = None
        else:
            self.end()
            self._rest()

    def end(self) -> None:
        """End the copy, if it has not ended."""
        self._tell.close()
        if self._copy is not None:
            _end(self._copy)
            self._copy = None


class Turns:
    """Who does which of `n` things: this process or its copy, each the next one when it is free.

    Of things that take unlike times, halves that were cut before would keep one waiting.
    """

    def __init__(self, n: int) -> None:
        self._free, filled = os.pipe()  # a byte is read by one process alone
        os.write(filled, bytes(range(n)))
        os.close(filled)
        self._n, self._done = n, mmap(-1, n + 1)  # seen by both

    def __iter__(self) -> Iterator[int]:
        """Yield what nobody has begun, until all is."""
        while turn := os.read(self._free, 1):
            yield turn[0]
            self._done[turn[0]] = 1

    def undone(self) -> list[int]:
        """Return what was not done to its end, by a copy that is gone."""
        return [turn for turn in range(self._n) if not self._done[turn]]

    def close(self) -> None:
        """Let the system have back what is shared."""
        os.close(self._free)
        self._done.close()


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
