"""How a sweep stands: what is done, running, failed, missing, and how long it takes."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from rich import box
from rich.table import Table

from sim.base.progress import clock
from sim.sweeps.claim import running
from sim.sweeps.folder import DONE, FAILED, SweepFolder

RUNNING, MISSING = "running", "missing"
STATES = (DONE, RUNNING, FAILED, MISSING)


class Status(NamedTuple):
    """A sweep at a moment.

    Attributes
    ----------
    runs : DataFrame
        The design and what came of it: a row a run, ``status`` one of `STATES`, and the columns of
        folder.RECORD (empty where nothing came).
    manifest : dict
        Of the sweep.
    """

    runs: pd.DataFrame
    manifest: dict[str, object]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many runs are in each state."""
        found = self.runs["status"].value_counts()
        return {state: int(found.get(state, 0)) for state in STATES}

    @property
    def failures(self) -> pd.DataFrame:
        """Return the runs that failed, with parameters, error and traceback."""
        return self.runs[self.runs["status"] == FAILED]


def status(folder: SweepFolder) -> Status:
    """Look at a sweep; nothing is changed, and it may be running."""
    runs = folder.runs.merge(folder.records(), on="run", how="left", validate="one_to_one")
    runs["status"] = runs["status"].fillna(MISSING)
    busy = [running(shard.claim) for shard in folder.shards() if shard.claim.is_file()]
    runs.loc[runs["run"].isin(busy) & (runs["status"] != DONE), "status"] = RUNNING
    return Status(runs, folder.manifest)


def shown(now: Status) -> Table:
    """Return the status as a table for a terminal."""
    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    for state, count in now.counts.items():
        table.add_row(state, f"{count:,}")
    done = now.runs[now.runs["status"] == DONE]
    if len(done):
        spent = float(done[["seconds", "start_seconds"]].sum().sum())
        table.add_row("computing, all workers", clock(spent))
        table.add_row("a run", f"{spent / len(done):.3g} s")
        table.add_row(
            "first and last ended",
            f"{_time(done['finished'].min())}, {_time(done['finished'].max())}",
        )
    for line, count in now.failures["error"].value_counts().head(3).items():
        table.add_row(f"failed, {count} times", str(line))
    return table


def _time(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
