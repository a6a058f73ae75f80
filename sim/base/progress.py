"""Progress of long runs on the error stream: updated in place on a terminal, else by lines."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

FIRST = 2.0  # shorter runs show nothing [s]
IN_PLACE, BY_LINES = 0.5, 10.0  # between updates on a terminal, and between lines elsewhere [s]
CLEAR = "\r\x1b[K"


class Progress:
    """Counts steps; a separate thread prints them, so that a step costs only the count.

    Parameters
    ----------
    name : str
        Name of the run.
    n_steps : int
        Total over all runs.
    n_users : int
        Users in each step, for the speed.
    n_done : int
        Steps done by an earlier process that this one resumes.
    """

    def __init__(
        self, name: str, n_steps: int, n_users: int, n_done: int = 0, stream: TextIO | None = None
    ) -> None:
        self._name, self._n_steps, self._n_users = name, n_steps, n_users
        self._stream = sys.stderr if stream is None else stream
        self._n_done = n_done
        self._first: tuple[float, int] | None = None  # when the first step ended, steps by then
        self._last = 0.0  # when the last step ended
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def step(self) -> None:
        """Count a step of a run; callable from any thread."""
        with self._lock:
            self._n_done += 1
            self._last = time.monotonic()
            if self._first is None:  # earlier time went into the world, not into steps
                self._first = self._last, self._n_done

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _show(self) -> None:
        in_place = self._stream.isatty()
        pause, shown = FIRST if in_place else BY_LINES, False
        while not self._end.wait(pause):
            line = self.line(time.monotonic())
            self._stream.write(f"{CLEAR}{line}" if in_place else f"{line}\n")
            self._stream.flush()
            pause, shown = IN_PLACE if in_place else BY_LINES, True
        if in_place and shown:
            self._stream.write(CLEAR)
            self._stream.flush()

    def line(self, now: float) -> str:
        """Return share, steps, speed and remaining time at `now` [s, time.monotonic]."""
        with self._lock:
            n_done, first, last = self._n_done, self._first, self._last
        text = f"{self._name}: {n_done / self._n_steps:.0%}, {n_done} of {self._n_steps} steps"
        if first is None:
            return f"{text}, building the world and its start"
        if last == first[0]:
            return text
        pace = (n_done - first[1]) / (last - first[0])  # steps a second
        left = max(0.0, (self._n_steps - n_done) / pace - (now - last))
        return f"{text}, {_short(pace * self._n_users)} users/s, {clock(left)} left"


def _short(number: float) -> str:
    """Return three digits and a unit: 1.25 M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def clock(seconds: float) -> str:
    """Return 0:05, 12:30 or 3:04:05."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02}:{s:02}" if hours else f"{m}:{s:02}"
