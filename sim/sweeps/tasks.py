"""The tasks of a batch: shards of a design's sweep, or jobs of a multirun."""

from __future__ import annotations

from pathlib import Path

from sim.base.errors import ConfigError
from sim.sweeps.batch import Report
from sim.sweeps.folder import SweepFolder
from sim.sweeps.job import take_job
from sim.sweeps.multirun import Multirun
from sim.sweeps.work import work


def is_batch(path: Path) -> bool:
    """Say whether a folder holds a sweep or a multirun."""
    return SweepFolder.is_sweep(path) or Multirun.is_multirun(path)


def open_batch(path: Path) -> SweepFolder | Multirun:
    """Return what a folder holds.

    Raises
    ------
    ConfigError
        If that is neither a sweep nor a multirun.
    """
    if Multirun.is_multirun(path):
        return Multirun(path)
    if SweepFolder.is_sweep(path):
        return SweepFolder(path)
    raise ConfigError(
        f"{path}: neither a sweep (python -m experiments.sweep) nor a multirun (python -m sim -m)"
    )


def run_task(path: Path, task: int, session: str) -> Report:
    """Do in this process what is missing in a task of the batch in `path`."""
    batch = open_batch(path)
    if isinstance(batch, Multirun):
        return take_job(batch, task, session)
    return work(batch, task, session)
