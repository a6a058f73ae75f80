"""Status of a batch: runs done, running, failed and missing, and the time left."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from rich import box
from rich.table import Table

from sim.base.progress import clock
from sim.runs.manifest import read_manifest
from sim.sweeps.folder import DONE, FAILED, SweepFolder
from sim.sweeps.lease import running
from sim.sweeps.multirun import Job, Multirun

RUNNING, MISSING, INTERRUPTED = "running", "missing", "interrupted"
STATES = (DONE, RUNNING, FAILED, MISSING)


class Status(NamedTuple):
    """A batch at a moment.

    Attributes
    ----------
    runs : DataFrame
        The design and what came of it: a row a run, ``status`` one of `STATES`, and the columns of
        folder.RECORD (empty where nothing came); of a multirun some of these, a row a job.
    manifest : dict
        Of the batch.
    """

    runs: pd.DataFrame
    manifest: dict[str, object]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many runs are in each state."""
        found = self.runs["status"].value_counts()
        states = [*STATES, *([INTERRUPTED] if INTERRUPTED in found else [])]  # jobs alone
        return {state: int(found.get(state, 0)) for state in states}

    @property
    def failures(self) -> pd.DataFrame:
        """Return the runs that failed, with parameters, error and traceback."""
        return self.runs[self.runs["status"] == FAILED]


def status(batch: SweepFolder | Multirun) -> Status:
    """Look at a batch; nothing is changed, and it may be running."""
    if isinstance(batch, Multirun):
        return Status(pd.DataFrame([_of_job(job) for job in batch.jobs]), batch.manifest)
    return Status(_of_runs(batch), batch.manifest)


def _of_job(job: Job) -> dict[str, object]:
    """Return what the manifest of a job says of it."""
    entry = read_manifest(job.folder)
    return {
        "run": job.number,
        "status": job.status,
        "error": entry.get("error"),
        "traceback": entry.get("traceback"),
        "seconds": entry.get("duration_s"),
        "version": entry.get("versions", {}).get("sim"),
        "commit": entry.get("commit"),
        "sources": entry.get("sources"),
    }


def _of_runs(folder: SweepFolder) -> pd.DataFrame:
    """Return the design, with what came of its runs."""
    runs = folder.runs.merge(folder.records(), on="run", how="left", validate="one_to_one")
    runs["status"] = runs["status"].fillna(MISSING)
    busy = [running(shard.lease) for shard in folder.shards() if shard.lease.is_file()]
    runs.loc[runs["run"].isin(busy) & (runs["status"] != DONE), "status"] = RUNNING
    return runs


def shown(now: Status) -> Table:
    """Return the status as a table for a terminal."""
    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    for state, count in now.counts.items():
        table.add_row(state, f"{count:,}")
    done = now.runs[now.runs["status"] == DONE]
    if len(done):
        spent = float(done[done.columns.intersection(["seconds", "start_seconds"])].sum().sum())
        table.add_row("computing, all workers", clock(spent))
        table.add_row("a run", f"{spent / len(done):.3g} s")
    for line, failures in list(now.failures.groupby("error", sort=False))[:3]:
        first = int(failures["run"].iloc[0])
        table.add_row(f"failed, {len(failures)} times, first run {first}", str(line))
    return table
