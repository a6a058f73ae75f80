"""The run of a worker, in a file that it keeps locked, so that its death is detected.

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
MAX_CRASHES = 3  # of workers at one run, after which the run is given up


class Lease:
    """A worker's lease on a shard."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        left = _read(file)
        self.crashes: dict[int, int] = {int(run): n for run, n in left.get("crashes", {}).items()}
        if left.get("run") is not None:  # whoever wrote this did not get further
            run = int(left["run"])
            self.crashes[run] = self.crashes.get(run, 0) + 1

    def at(self, run: int | None) -> None:
        """Record the run of the worker; None when it leaves in good order."""
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
    """Lease a shard; wait for another holder, or yield None if `stopped` before that.

    The other holder may be left over from a sweep whose driver was killed.
    """
    path.parent.mkdir(exist_ok=True)  # sweeps of 0.2.0 lack it
    with path.open("a+") as file:
        while not locked(file):
            if stopped():
                yield None
                return
            time.sleep(PAUSE)
        lease = Lease(file)
        try:
            yield lease
        finally:  # also after an exception, which does not count as a crash
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
    """Return the content of a lease; it is empty if its writer died while writing."""
    file.seek(0)
    try:
        entry = json.loads(file.read())
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
