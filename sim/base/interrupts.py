"""Stop signals: during runs they take effect between two steps, otherwise at once.

SIGINT is Ctrl-C, SIGTERM the usual request to end, SIGHUP the end of the terminal, SIGUSR2 the
warning of a scheduler before the time limit of a job.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2)
OF_TERMINAL = (signal.SIGINT, signal.SIGHUP)  # sent to all processes that a terminal runs
PAUSE = 0.2  # between two checks for a stop request [s]
Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def handling(handler: Handler) -> Iterator[None]:
    """Call `handler` on a stop signal; where nohup has SIGHUP ignored, it stays ignored."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    handled = [signum for signum in SIGNALS if not (ignored and signum == signal.SIGHUP)]
    before = {signum: signal.signal(signum, handler) for signum in handled}
    try:
        yield
    finally:
        for signum, former in before.items():
            signal.signal(signum, former)


def is_asked_again(before: int | None, signum: int) -> bool:
    """Return whether a signal means "at once": the same as before, or Ctrl-C after any other.

    Schedulers and terminals send several kinds of signals to say the same.
    """
    return before is not None and signum in (before, signal.SIGINT)


def announce(text: str) -> None:
    """Print a line on the error stream from a signal handler; the terminal may be gone."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())  # print may be what the signal interrupted


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
    `raise_if_any` between steps. Outside of it, or when a signal asks again, `Interrupted` is
    raised at once, in the main thread.
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
        with handling(self._note):
            yield

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
        again, self._signum = is_asked_again(self._signum, signum), signum
        if again or not self._held:
            raise Interrupted(signum)
        announce("Stopping after this step; once more to stop at once.")


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
