"""Go on with runs that were interrupted: ``python -m sim.resume FOLDER``.

A command of its own: what follows ``python -m sim`` changes a configuration, and runs that are
resumed take no changes. Their folder holds the configuration. In the folder of a sweep, all jobs
that are missing, failed or were interrupted are done, one after another.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.base.endings import ending_well
from sim.commands.cli import report, take
from sim.config.compose import load_config
from sim.engine.ranks import Ranks
from sim.runs.checkpoint import Checkpoint
from sim.runs.manifest import MULTIRUN, OVERRIDES, write_overrides
from sim.runs.run import compare
from sim.sweeps.multirun import Job, Multirun

TO_DO = ("missing", "failed", "interrupted")  # status of jobs
INCOMPLETE = 1  # exit status


def main() -> None:
    """Refuse a folder that cannot be resumed, or take its runs to their end."""
    parser = argparse.ArgumentParser(
        "python -m sim.resume", description="Go on with runs that were interrupted."
    )
    parser.add_argument("folder", type=Path, help="outputs/..., or of a sweep: multirun/...")
    folder = parser.parse_args().folder
    with ending_well():
        if (folder / MULTIRUN).exists():
            _resume_sweep(folder)
        else:
            _resume_run(Checkpoint.of(folder), folder)


def _resume_run(checkpoint: Checkpoint, folder: Path) -> None:
    if checkpoint.header.config.engine.name == "mpi":
        _among_ranks(checkpoint, folder)
    else:
        report(take(checkpoint), folder)


def _among_ranks(checkpoint: Checkpoint, folder: Path) -> None:
    """Let the first rank do what a single process does; the others take steps with it."""
    ranks = Ranks.here()
    ranks.hush()
    with ranks.one_fate():
        if ranks.is_first:
            report(take(checkpoint), folder)
        else:
            compare(checkpoint.header.config)


def _resume_sweep(folder: Path) -> None:
    todo = [job for job in Multirun.of(folder).jobs if job.status in TO_DO]
    for k, job in enumerate(todo, 1):
        print(f"{k} of {len(todo)}: job {job.number}, {job.status}: {' '.join(job.overrides)}")
        _resume_job(job)
    after = Multirun.of(folder)
    print(after)
    if any(job.status != "done" for job in after.jobs):
        raise SystemExit(INCOMPLETE)


def _resume_job(job: Job) -> None:
    """Do a job; if it fails, its manifest and a line say so, and the others are done still."""
    try:
        if not (job.folder / OVERRIDES).is_file():  # it never began
            write_overrides(job.overrides, job.folder)
        take(Checkpoint.at(job.folder, load_config(*job.overrides)))
    except Exception as error:
        print(f"Job {job.number} failed: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
