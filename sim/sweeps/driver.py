"""Drive a batch: hand missing runs to workers until all are done."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from sim.base.errors import ConfigError
from sim.base.interrupts import announce, handling, is_asked_again
from sim.base.locks import exclusive_lock
from sim.base.timestamps import utc_now
from sim.base.versions import made_by
from sim.runs.manifest import NAME as MANIFEST
from sim.runs.manifest import write_json
from sim.sweeps.batch import Batch
from sim.sweeps.executors import Executor
from sim.sweeps.progress import SweepProgress

PATIENCE = 6  # rounds of dying workers without a result, after which the driver gives up


class Ended(NamedTuple):
    """How a session of a sweep ended."""

    n_runs: int
    n_done: int
    n_failed: int
    why: str  # "done", "interrupted", "too many failures", "workers died"

    @property
    def n_missing(self) -> int:
        """Return how many runs have no result."""
        return self.n_runs - self.n_done - self.n_failed

    @property
    def is_complete(self) -> bool:
        """Say whether all runs are done."""
        return self.n_done == self.n_runs


def drive(batch: Batch, executor: Executor, max_failures: int | None = None) -> Ended:
    """Take all runs of a batch that are missing or have failed before.

    Ctrl-C, SIGTERM and SIGHUP let workers finish their present run, or keep a checkpoint of it; a
    second one stops at once. What is there stays, and driving the batch again goes on from it.

    Parameters
    ----------
    max_failures
        Stop when more runs than that have failed; None: never.

    Raises
    ------
    ConfigError
        If another process is at the batch, or it was begun by other sources.
    """
    with exclusive_lock(batch.path, "this sweep"):
        session = uuid.uuid4().hex[:8]
        with _noted(batch, executor, session) as entry, _stopping(batch) as stopped:
            ended = _rounds(batch, executor, session, max_failures)
            if stopped:  # perhaps during the last run, which was then finished
                ended = ended._replace(why="interrupted" if ended.n_missing else "done")
            entry |= ended._asdict()
    return ended


def _rounds(batch: Batch, executor: Executor, session: str, max_failures: int | None) -> Ended:
    """Hand out missing runs until none is left; dead workers lead to another round."""
    idle, why = 0, "workers died"
    progress = SweepProgress(batch.path.name, batch.n_runs)
    before = batch.counts(session)
    while idle < PATIENCE and not batch.stop.exists():
        todo = batch.tasks(session)
        if not todo:
            why = "done"
            break
        progress.begin(before)
        for report in executor.run(batch.path.absolute(), todo, session):
            progress.add(report)
            if max_failures is not None and progress.n_failed > max_failures:
                why = "too many failures"
                batch.stop.touch()
        now = batch.counts(session)
        idle = idle + 1 if now == before else 0
        before = now
    n_done, n_failed = batch.counts(session)
    return Ended(batch.n_runs, n_done, n_failed, why)


@contextmanager
def _noted(batch: Batch, executor: Executor, session: str) -> Iterator[dict[str, Any]]:
    """Record the session in the manifest: its process, its start and how it ended."""
    manifest = batch.manifest
    ours = made_by()
    _refuse_mixture(manifest, ours["sources"])
    entry: dict[str, Any] = {
        "session": session, "started": utc_now(), "host": os.uname().nodename, "pid": os.getpid(),
        "executor": executor.model_dump(), **ours, "why": "running",
    }  # fmt: skip
    manifest["sessions"].append(entry)
    write_json(batch.path / MANIFEST, manifest)
    began = time.perf_counter()
    try:
        yield entry
    except BaseException as error:
        entry["why"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        entry |= {"ended": utc_now(), "duration_s": round(time.perf_counter() - began, 3)}
        write_json(batch.path / MANIFEST, manifest)


def _refuse_mixture(manifest: dict[str, Any], now: Any) -> None:
    for session in manifest["sessions"]:
        if session["sources"] != now:
            raise ConfigError(
                f"these runs were begun by other sources (commit {session['commit']}); others "
                "would not be comparable: check that commit out, or start again in a new folder"
            )


@contextmanager
def _stopping(batch: Batch) -> Iterator[list[int]]:
    """Turn the first signal into the file that stops workers; yields the signals that came."""
    came: list[int] = []

    def note(signum: int, _: FrameType | None) -> None:
        if is_asked_again(came[-1] if came else None, signum):
            os._exit(128 + signum)  # workers see that their driver is gone; what they wrote stays
        came.append(signum)
        batch.stop.touch()
        announce("Stopping as soon as what is reached is kept; once more to stop at once.")

    batch.stop.unlink(missing_ok=True)
    try:
        with handling(note):
            yield came
    finally:
        batch.stop.unlink(missing_ok=True)
