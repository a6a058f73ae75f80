"""Simulated figures of every case at points of a parameter space, kept as they come.

A batch is what a worker takes: some points of one case. Its outputs are a file, written whole, so
that work which was interrupted goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rich.progress import track

from experiments.case_record import CaseRecord
from experiments.cases import TUNED_ON, case_config
from experiments.record import what_happened
from sim import run
from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.config.conf import CASES
from sim.config.keys import set_key
from sim.config.sim_config import SimConfig
from sim.config.validation import validate
from sim.kernel.arrays import F64
from sim.kernel.parallel_map import available_cores
from sim.sweeps.leaving import begin_process

BATCH = 16  # points


class Batch(NamedTuple):
    """Points of one case, and the file of their outputs."""

    record: CaseRecord
    points: pd.DataFrame
    seeds: list[int]
    file: Path

    @property
    def is_done(self) -> bool:
        """Return whether the file is there, and of these points."""
        if not self.file.is_file():
            return False
        with np.load(self.file) as kept:
            return np.array_equal(kept["points"], self.points.to_numpy(float))


def case_configs(overrides: list[str]) -> dict[str, SimConfig]:
    """Return what happened in each case, by name.

    Raises
    ------
    ConfigError
        If an override is refused.
    """
    folders = [folder for folder in sorted(CASES.glob("*/")) if (folder / "conf").is_dir()]
    configs = {folder.name: case_config(folder, overrides) for folder in folders}
    return configs | {TUNED_ON: what_happened(*overrides)}


def case_records(configs: Mapping[str, SimConfig]) -> dict[str, CaseRecord]:
    """Return the records of those cases that have scored figures, by name."""
    found = {name: CaseRecord.of(config) for name, config in configs.items()}
    return {name: record for name, record in found.items() if len(record.levels)}


def outputs(
    records: Mapping[str, CaseRecord], points: Mapping[str, pd.DataFrame], folder: Path
) -> dict[str, F64]:
    """Simulate the points of every case, those apart that the folder has.

    Each point is a society of its own with chance of its own.

    Parameters
    ----------
    points : mapping of DataFrame
        By case: a column a parameter, a row a point.

    Returns
    -------
    dict of ndarray, shape (n points, n figures)
        [points]; a row of NaN where no society could be solved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    batches = [*_batches(records, points, folder)]
    missing = [batch for batch in batches if not batch.is_done]
    manner = (1, logging.getLogger("sim").level)
    # spawn: a forked child of a process that runs threads may hang
    pool = ProcessPoolExecutor(available_cores(), get_context("spawn"), begin_process, manner)
    try:
        done = as_completed([pool.submit(_simulate, batch) for batch in missing])
        for future in track(done, folder.name, len(missing), disable=not missing):
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)
    of_case: dict[str, list[F64]] = {name: [] for name in points}
    for batch in batches:
        with np.load(batch.file) as kept:
            of_case[batch.record.config.case.name].append(kept["levels"])
    return {name: np.concatenate(parts) for name, parts in of_case.items()}


def at_point(config: SimConfig, point: Mapping[str, float], seed: int) -> SimConfig:
    """Return a configuration with the parameters of a point, one replication, and a seed."""
    tree: dict[str, Any] = config.model_dump(mode="json") | {"seed": seed, "replications": 1}
    for key, value in point.items():
        set_key(tree, key, value)
    return validate(tree)


def _batches(
    records: Mapping[str, CaseRecord], points: Mapping[str, pd.DataFrame], folder: Path
) -> Iterator[Batch]:
    """Yield all batches, those of the case that takes longest first."""
    by_size = sorted(points, key=lambda name: -records[name].config.n_steps)
    for name in by_size:
        for k in range(0, len(points[name]), BATCH):
            some = points[name][k : k + BATCH]
            seeds = [*range(k, k + len(some))]
            yield Batch(records[name], some, seeds, folder / f"{name}_{k:05}.npz")


def _simulate(batch: Batch) -> None:
    found = [
        _figures(batch.record, {str(key): float(value) for key, value in point.items()}, seed)
        for point, seed in zip(batch.points.to_dict("records"), batch.seeds, strict=True)
    ]
    with atomic_write(batch.file) as temporary, temporary.open("wb") as file:
        np.savez(file, points=batch.points.to_numpy(float), levels=np.array(found))


def _figures(record: CaseRecord, point: Mapping[str, float], seed: int) -> F64:
    try:
        result = run(at_point(record.config, point, seed))
    except ConfigError:  # the start cannot be solved with these parameters
        return np.full(len(record.levels), np.nan)
    return record.simulated(result.timeseries)[:, 0]
