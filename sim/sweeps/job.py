"""A job of a multirun as a worker runs it: in its folder, from its last checkpoint."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from multiprocessing import parent_process

from sim.base.interrupts import Interrupted, PolledInterrupts
from sim.base.locks import exclusive_lock
from sim.base.versions import made_by
from sim.config.compose import load_config
from sim.report.run_folder import fill_folder, fill_with_progress
from sim.runs.checkpoint import Checkpoint
from sim.runs.manifest import NAME, read_manifest, write_json, write_overrides
from sim.sweeps.batch import Report
from sim.sweeps.lease import MAX_CRASHES, Lease, leased
from sim.sweeps.leaving import leaves
from sim.sweeps.multirun import Job, Multirun

NOTHING = Report(0, 0)


def take_job(multirun: Multirun, number: int, session: str) -> Report:
    """Run a job that is not done; one that fails is recorded with its traceback.

    A worker that has to leave lets the job keep a checkpoint, from which another goes on. A job
    at which workers die three times is recorded as failed.
    """
    job, has_to_leave = multirun.jobs[number], leaves(multirun.stop)
    with leased(multirun.claim(number), has_to_leave) as claim:
        if claim is None or has_to_leave():
            return NOTHING
        if job.status == "done":  # by a worker whose driver was killed
            return Report(1, 0)
        try:
            _refuse_deaths(claim, number)
            claim.at(number)
            _run(job, has_to_leave)
        except Interrupted:
            return NOTHING
        except Exception as error:
            return _failed(job, session, f"{type(error).__name__}: {error}")
        return Report(1, 0)


def _run(job: Job, has_to_leave: Callable[[], bool]) -> None:
    _note_death(job)
    write_overrides(job.overrides, job.folder)
    checkpoint = Checkpoint.at(job.folder, load_config(*job.overrides))
    checkpoint.interrupts = PolledInterrupts(has_to_leave)
    if parent_process() is None:  # this process has the terminal, or a log of its own
        fill_with_progress(checkpoint)
    else:
        fill_folder(checkpoint, lambda: None)


def _refuse_deaths(claim: Lease, number: int) -> None:
    """Give up a job at which workers die repeatedly; the next session tries again."""
    if claim.crashes.get(number, 0) >= MAX_CRASHES:
        n = claim.crashes.pop(number)
        raise RuntimeError(f"its process died {n} times (killed, or out of memory?)")


def _note_death(job: Job) -> None:
    """Record that the process of the job has ended, if its lock is free."""
    entry = read_manifest(job.folder)
    if entry.get("status") == "running":
        with exclusive_lock(job.folder, "this job"):
            write_json(job.folder / NAME, entry | {"status": "interrupted"})


def _failed(job: Job, session: str, error: str) -> Report:
    """Record a failure in the manifest of the job; where that cannot be written, print it."""
    entry = read_manifest(job.folder)
    if entry.get("status") == "running":  # another process runs it, which is the reason
        return NOTHING
    record = {"status": "failed", "error": error, "traceback": traceback.format_exc()}
    try:
        job.folder.mkdir(exist_ok=True)  # it may not have started
        write_json(job.folder / NAME, entry | record | made_by() | {"session": session})
    except OSError:
        print(f"Job {job.number} failed: {error}", file=sys.stderr)
    return Report(0, 1)
