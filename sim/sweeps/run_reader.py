"""Runs on disk, whoever made them: a sweep's shards, or the folders of a multirun's jobs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from omegaconf import OmegaConf

from sim.runs.hashes import refuse_damaged
from sim.runs.manifest import read_manifest
from sim.sweeps.folder import SweepFolder
from sim.sweeps.multirun import Multirun
from sim.sweeps.status import status
from sim.sweeps.tasks import open_batch

# the studied scenario of a job of a multirun; its counterfactuals come with it
JOB_SCENARIO = "job_scenario"
TIMESERIES = "timeseries.parquet"


class RunReader(Protocol):
    """Many runs and what came of them."""

    @property
    def parameters(self) -> list[str]:
        """Return the names of the parameters in which runs differ, columns of `runs`."""

    @property
    def runs(self) -> pd.DataFrame:
        """Return a row a run or job: run, parameters, status, error, version, commit, sources."""

    @property
    def resume_command(self) -> str:
        """Return the command that takes the runs that are not done."""

    def parts(self) -> Iterator[pa.Table]:
        """Yield the outcomes of runs that are done, some whole runs at a time, in their order.

        Columns: run, scenario, replication, date, group, platform, channel, measure, value.
        """


def open_runs(path: Path) -> RunReader:
    """Return what a folder holds.

    Raises
    ------
    ConfigError
        If that is neither a sweep nor a multirun.
    """
    batch = open_batch(path)
    return _Multirun(batch) if isinstance(batch, Multirun) else _Sweep(batch)


class _Sweep:
    """Runs whose outcomes are in shards."""

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self.parameters = folder.design.keys
        self.resume_command = f"python -m sim.resume {folder.path}"

    @cached_property
    def runs(self) -> pd.DataFrame:
        return status(self._folder).runs

    def parts(self) -> Iterator[pa.Table]:
        design = self._folder.runs
        replications = pa.array(design["replication"].to_numpy(np.int32))
        scenarios = pa.array(design["scenario"], pa.string()).dictionary_encode()
        done = pa.array(self.runs.loc[self.runs["status"] == "done", "run"], pa.int32())
        for shard in self._folder.shards():
            # a worker may have come further since, or was killed before it reported a run
            table = shard.outcomes()
            table = table.filter(pc.is_in(table["run"], done))
            if len(table):
                run = table["run"]
                table = table.add_column(1, "scenario", scenarios.take(run.combine_chunks()))
                table = table.add_column(2, "replication", replications.take(run.combine_chunks()))
                yield table


class _Multirun:
    """Runs in the folders of jobs; a job holds its counterfactuals and replications too.

    If jobs run different scenarios, the scenario of one may be the counterfactual of another, with
    other policies (``+policy=`` changes only the main scenario). So the scenario of a job is kept
    as a parameter.
    """

    def __init__(self, multirun: Multirun) -> None:
        self._multirun = multirun
        self.resume_command = f"python -m sim.resume {multirun.path}"
        values = [_values(job.overrides) for job in multirun.jobs]
        names = list(dict.fromkeys(name for row in values for name in row))
        self._rows = pd.DataFrame(values, columns=names).rename(columns={"scenario": JOB_SCENARIO})
        scenarios = {row.get("scenario") for row in values}
        self.parameters = [n for n in self._rows if n != JOB_SCENARIO or len(scenarios) > 1]

    @cached_property
    def runs(self) -> pd.DataFrame:
        found = status(self._multirun).runs
        return pd.concat([found["run"], self._rows, found.drop(columns="run")], axis=1)

    def parts(self) -> Iterator[pa.Table]:
        for job in self._multirun.jobs:
            if job.status == "done":
                refuse_damaged(job.folder, read_manifest(job.folder), [TIMESERIES])
                table = pq.ParquetFile(job.folder / TIMESERIES).read()
                run = pa.array(np.full(len(table), job.number, np.int32))
                table = table.add_column(0, "run", run)
                yield _in_order(table)


def _in_order(table: pa.Table) -> pa.Table:
    """Sort the rows of a job by scenario and replication; keep their order within."""
    table = table.unify_dictionaries().combine_chunks()
    scenario = table["scenario"].combine_chunks().indices.to_numpy()
    order = np.lexsort((table["replication"].to_numpy(), scenario))  # stable
    return table.take(pa.array(order))


def _values(overrides: tuple[str, ...]) -> dict[str, object]:
    """Return what the overrides of a job set, by key; deletions set nothing."""
    pairs = [override.lstrip("+").partition("=") for override in overrides]
    return {key: _value(text) for key, _, text in pairs if not key.startswith(("~", "hydra"))}


def _value(text: str) -> object:
    """Return the number or text that an override sets; a list as it is written."""
    value = OmegaConf.from_dotlist([f"value={text}"])["value"]
    return text if OmegaConf.is_config(value) else value
