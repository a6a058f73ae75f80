"""Stop signals: during runs they take effect between two steps, otherwise at once.

SIGINT is Ctrl-C, SIGTERM the usual request to end, SIGUSR2 the warning of a scheduler before the
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
PAUSE = 0.2  # between two checks for a stop request [s]


class Interrupted(BaseException):
    """A signal ends the process; `message` says what was saved."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)  # pickle passes it to a copy
        self.signum, self.message = signum, ""

    def __str__(self) -> str:
        return signal.Signals(self.signum).name

    @property
    def status(self) -> int:
        """Return the exit status that shells use for a process ended by this signal."""
        return 128 + self.signum


class Interrupts:
    """Handles signals.

    Inside `held` a signal is only recorded, as a step must not be left in the middle; runs call
    `raise_if_any` between steps. Outside of it, or when the same signal arrives again,
    `Interrupted` is raised at once, in the main thread. (Schedulers send several signals.)
    """

    def __init__(self) -> None:
        self._signum: int | None = None
        self._held = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Install the handlers; do nothing outside the main thread, where Python allows none."""
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
        """Postpone signals until the current steps are finished."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.raise_if_any()  # a signal may have arrived after the last check

    @property
    def any(self) -> bool:
        """Return whether a signal has been recorded."""
        return self._signum is not None

    def raise_if_any(self) -> None:
        """Raise `Interrupted` if a signal has been recorded."""
        if self._signum is not None:
            raise Interrupted(self._signum)

    def _note(self, signum: int, _: FrameType | None) -> None:
        again, self._signum = signum == self._signum, signum
        if again or not self._held:
            raise Interrupted(signum)
        # os.write, as the signal may have interrupted a print
        os.write(2, b"Stopping after this step; once more to stop at once.\n")


class PolledInterrupts(Interrupts):
    """Polls `must_stop` in a thread instead of handling signals.

    For workers of a sweep: their driver handles the signals, or they run outside a main thread.
    """

    def __init__(self, must_stop: Callable[[], bool]) -> None:
        super().__init__()
        self._must_stop = must_stop

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Poll in a background thread whether runs must stop."""
        over = threading.Event()
        thread = threading.Thread(target=self._poll, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _poll(self, over: threading.Event) -> None:
        while not over.wait(PAUSE):
            if self._must_stop():
                self._signum = signal.SIGTERM
                return
