"""One session of a batch as a command: say what is to do, drive it, say how it ended."""

from __future__ import annotations

import sys

from rich.console import Console

from sim.base.verbosity import is_quiet
from sim.sweeps.driver import Ended, drive
from sim.sweeps.folder import SweepFolder
from sim.sweeps.multirun import Multirun
from sim.sweeps.request import ExecutionOptions
from sim.sweeps.status import shown, status


def run_session(batch: SweepFolder | Multirun, handling: ExecutionOptions) -> int:
    """Take what is missing in a batch; return the exit status: 0 if all runs are done."""
    if is_quiet():
        return _quiet(batch, drive(batch, handling.executor, handling.max_failures))
    print(f"{batch.n_runs:,} runs: {batch.path}", flush=True)
    ended = drive(batch, handling.executor, handling.max_failures)
    Console(width=None if sys.stdout.isatty() else 100).print(shown(status(batch)))
    if ended.is_complete:
        print(f"All done. Join the results: python -m sim.collect {batch.path}")
        return 0
    print(_summary(batch, ended))
    return 1


def _quiet(batch: SweepFolder | Multirun, ended: Ended) -> int:
    """Print the folders of what is done, and nothing else if that is all."""
    if isinstance(batch, Multirun):
        print("".join(f"{job.folder}\n" for job in batch.jobs if job.status == "done"), end="")
    if not ended.is_complete:
        print(_summary(batch, ended), file=sys.stderr)
    return 0 if ended.is_complete else 1


def _summary(batch: SweepFolder | Multirun, ended: Ended) -> str:
    """Say how it ended and what may be done about it."""
    return (
        f"Ended ({ended.why}): {ended.n_missing} missing, {ended.n_failed} failed. "
        f"To do these: python -m sim.resume {batch.path}"
    )
