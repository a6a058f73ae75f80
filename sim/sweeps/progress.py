"""How far a sweep is, on the error stream: a line now and then."""

from __future__ import annotations

import sys
import time

from sim.base.progress import clock
from sim.base.verbosity import is_quiet
from sim.sweeps.batch import Report

PAUSE = 5.0  # between two lines [s]


class SweepProgress:
    """Counts the runs that workers report and says how many there are, and the time left."""

    def __init__(self, name: str, n_runs: int) -> None:
        self._name, self._n_runs = name, n_runs
        self._first: tuple[float, int] | None = None  # when the first report came, runs by then
        self._printed = time.monotonic()
        self.n_done = self.n_failed = 0

    def begin(self, counts: tuple[int, int]) -> None:
        """Start to count at (done, failed), as they are on disk."""
        self.n_done, self.n_failed = counts

    def add(self, report: Report) -> None:
        """Count what a worker reports."""
        self.n_done += report.n_done
        self.n_failed += report.n_failed
        now = time.monotonic()
        if self._first is None:  # what came before compiled the rules and says nothing of runs
            self._first = now, self.n_done + self.n_failed
        if now - self._printed > PAUSE and not is_quiet():
            print(self.line(now), file=sys.stderr, flush=True)
            self._printed = now

    def line(self, now: float) -> str:
        """Return share, runs, failures, pace and time left at `now` [s, time.monotonic]."""
        settled = self.n_done + self.n_failed
        text = f"{self._name}: {settled / self._n_runs:.0%}, {settled} of {self._n_runs} runs"
        if self.n_failed:
            text += f", {self.n_failed} failed"
        began, before = self._first or (now, settled)
        if settled == before or now == began:
            return text
        relaxation = (settled - before) / (now - began)  # runs a second
        return (
            f"{text}, {relaxation:.3g} runs/s, {clock((self._n_runs - settled) / relaxation)} left"
        )
