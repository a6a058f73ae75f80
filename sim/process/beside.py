"""Let a copy of this process do a part of the work meanwhile, where threads would not help."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from mmap import mmap
from socket import socket, socketpair
from typing import NoReturn

from sim.process.interrupts import SIGNALS
from sim.world.pool import available_cores

PATIENCE = 60.0  # with a copy that does not answer [s]
MANNERS = 2.0  # to put things away, if it is ended before [s]
PAUSE = 0.002  # between two looks at it [s]
SIGNAL_OF_DEATH = 1  # PR_SET_PDEATHSIG of linux/prctl.h


@contextmanager
def beside[**P, T](
    work: Callable[P, T], ready: Callable[[], object] = lambda: None
) -> Iterator[Errand[P, T]]:
    """Let a copy of this process get `ready` meanwhile, to do `work`."""
    errand = Errand(work, ready)
    try:
        yield errand
    finally:
        errand.end()


class Errand[**P, T]:
    """Work that a copy of this process begins when it is told on what.

    Where there cannot be a copy, or the copy fails, this process does the work itself: so it is
    done, or its error is raised here.
    """

    def __init__(self, work: Callable[P, T], ready: Callable[[], object]) -> None:
        self._work, self._copy = work, None
        if sys.platform == "linux" and available_cores() > 1:
            self._line, end = socketpair()
            with end:
                self._copy = _copy(partial(_serve, work, ready, self._line, end))
            if self._copy is None:
                self._line.close()

    def begin(self, *given: P.args, **named: P.kwargs) -> None:
        """Let the copy do its work on what is `given`."""
        self._here = partial(self._work, *given, **named)
        if self._copy is not None:
            with suppress(OSError), self._line.makefile("wb") as line:
                pickle.dump((given, named), line, pickle.HIGHEST_PROTOCOL)

    def finish(self) -> T:
        """Return what comes of the work."""
        if self._copy is not None:
            self._line.settimeout(PATIENCE)
            with (
                suppress(OSError, EOFError, pickle.UnpicklingError),
                self._line.makefile("rb") as line,
            ):
                found: T = pickle.load(line)  # noqa: S301
                return found
        self.end()
        return self._here()

    def end(self) -> None:
        """End the copy."""
        if self._copy is not None:
            self._line.close()
            _end(self._copy)
            self._copy = None


def _serve[**P, T](
    work: Callable[P, T], ready: Callable[[], object], other: socket, end: socket
) -> None:
    """Do an errand; should the other process end without a word, so does this one."""
    other.close()
    ready()
    with end.makefile("rwb") as line:
        given, named = pickle.load(line)  # noqa: S301
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # drafts are taken away
        pickle.dump(work(*given, **named), line, pickle.HIGHEST_PROTOCOL)


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
    here = os.getpid()
    with _deaf() as heard:
        try:
            with warnings.catch_warnings():
                # Threads are not copied, what they hold stays held: such a copy hangs, is ended
                warnings.simplefilter("ignore", DeprecationWarning)
                copy = os.fork()
        except OSError:  # no memory, or no process, is left
            return None
        if not copy:
            _be_copy(work, heard, here)
    return copy


@contextmanager
def _deaf() -> Iterator[list[int]]:
    """Meet signals only when this is over: in the midst of it a copy would go our way as well.

    Yields those that have come.
    """
    heard: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for signum in SIGNALS:
            if callable(signal.getsignal(signum)):  # else it ends both, or none
                before[signum] = signal.signal(signum, lambda number, _: heard.append(number))
    try:
        yield heard
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        for came in heard:
            signal.raise_signal(came)


def _be_copy(work: Callable[[], None], heard: list[int], other: int) -> NoReturn:
    """Do `work` and end; or end at once if that was `heard` already, or the other is gone."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to both; the other ends us
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)
        # nothing is to be put away yet, and in an import an exception may come up where none can
        signal.signal(signal.SIGTERM, lambda *_: os._exit(status))
        _die_with_parent()
        if signal.SIGTERM in heard or os.getppid() != other:
            sys.exit(status)
        work()
        status = 0
    finally:
        os._exit(status)


def _die_with_parent() -> None:
    """Let the system end this process with the one it is a copy of, should that be killed.

    A copy that hangs hears of nothing else, and would keep the ends of pipes open for ever.
    """
    from ctypes import CDLL

    CDLL(None).prctl(SIGNAL_OF_DEATH, signal.SIGKILL)


def _end(copy: int) -> None:
    """End a copy, if it has not ended: politely, then not."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(copy, signal.SIGTERM)
        patient_until = time.monotonic() + MANNERS
        while time.monotonic() < patient_until:
            if os.waitpid(copy, os.WNOHANG) != (0, 0):
                return
            time.sleep(PAUSE)
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)
