"""What a worker is at: a file that it holds a lock on, so that its death is seen.

A worker that dies leaves the file behind, unlocked, and the next one at the shard reads there
which run it died at.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sim.base.locks import locked

PAUSE = 0.2  # between two tries to get a lock [s]
MAX_CRASHES = 3  # of workers at one run, before it is taken to be its fault


class Lease:
    """A worker's hold on a shard."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        left = _read(file)
        self.crashes: dict[int, int] = {int(run): n for run, n in left.get("crashes", {}).items()}
        if left.get("run") is not None:  # whoever wrote this did not get further
            run = int(left["run"])
            self.crashes[run] = self.crashes.get(run, 0) + 1

    def at(self, run: int | None) -> None:
        """Note which run the worker is at; None when it leaves in good order."""
        entry = {
            "run": run,
            "crashes": self.crashes,
            "host": os.uname().nodename,
            "pid": os.getpid(),
        }
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(entry))
        self._file.flush()


@contextmanager
def leased(path: Path, stopped: Callable[[], bool]) -> Iterator[Lease | None]:
    """Hold a shard alone; wait for whoever has it, or yield None if `stopped` before that.

    The one who has it may be left over from a sweep whose driver was killed.
    """
    with path.open("a+") as file:
        while not locked(file):
            if stopped():
                yield None
                return
            time.sleep(PAUSE)
        lease = Lease(file)
        try:
            yield lease
        finally:  # also when an exception ends the worker: that is no death
            lease.at(None)


def running(path: Path) -> int | None:
    """Return the run that a living worker is at, if any."""
    try:
        with path.open("a+") as file:
            if locked(file):
                return None
            run = _read(file).get("run")
            return None if run is None else int(run)
    except OSError:
        return None


def _read(file: IO[str]) -> dict[str, Any]:
    """Return what a claim says; a claim cut short by the death of its writer says nothing."""
    file.seek(0)
    try:
        entry = json.loads(file.read())
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
