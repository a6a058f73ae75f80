"""Signals to stop: while runs last a wish that they meet between steps, else an exception.

SIGINT is Ctrl-C, SIGTERM comes from whoever ends processes, SIGUSR2 from a scheduler before the
time limit of a job.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)
PAUSE = 0.2  # between two looks whether to stop [s]


class Interrupted(BaseException):
    """The user or the machine wants the process to end; `message` says what is left."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)  # which pickle hands to a copy
        self.signum, self.message = signum, ""

    def __str__(self) -> str:
        return signal.Signals(self.signum).name

    @property
    def status(self) -> int:
        """Return the exit status by which shells tell a process that a signal ended."""
        return 128 + self.signum


class Interrupts:
    """Listens to signals.

    A step cannot be left in the middle: inside `held` a signal is only noted, for runs to ask
    about between steps (`raise_if_any`). Outside of it, and when the same signal comes again,
    `Interrupted` is raised at once, in the main thread. (Schedulers send one kind after another.)
    """

    def __init__(self) -> None:
        self._signum: int | None = None
        self._held = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen; outside the main thread, where Python lets nobody listen, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {signum: signal.signal(signum, self._note) for signum in SIGNALS}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let runs finish their steps before they stop."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.raise_if_any()  # it came after the last step

    @property
    def any(self) -> bool:
        """Say whether a signal waits to be met."""
        return self._signum is not None

    def raise_if_any(self) -> None:
        """Raise `Interrupted` if a signal came."""
        if self._signum is not None:
            raise Interrupted(self._signum)

    def _note(self, signum: int, _: FrameType | None) -> None:
        again, self._signum = signum == self._signum, signum
        if again or not self._held:
            raise Interrupted(signum)
        # not print: the signal may have come in the midst of one
        os.write(2, b"Stopping after this step; once more to stop at once.\n")


class Asked(Interrupts):
    """Listens to no signal: `leaves` says, from another thread, whether runs have to stop.

    For the workers of a sweep, whose signals are their driver's, or come where nobody can listen.
    """

    def __init__(self, leaves: Callable[[], bool]) -> None:
        super().__init__()
        self._leaves = leaves

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Look now and then whether runs have to stop."""
        over = threading.Event()
        thread = threading.Thread(target=self._look, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _look(self, over: threading.Event) -> None:
        while not over.wait(PAUSE):
            if self._leaves():
                self._signum = signal.SIGTERM
                return
