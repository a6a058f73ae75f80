"""The folder of a sweep: its request, its runs, and their results so far.

    sweep.yaml         the design, resolved
    trees.json         the configurations that its points are set in, composed
    design.parquet     one row a run: run, point, scenario, replication, factors
    manifest.json      when and by which version it was begun and gone on with, and how that ended
    runs/00000.parquet      a shard: what came of its runs (`RECORD`)
    outcomes/00000.parquet  the outcomes of its runs that are done (outcomes.SCHEMA)
    leases/00000.json       which run a worker is at; the worker holds a lock on it while it lives

Files of results are replaced whole, outcomes before records: a run is done once its record is
there.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from omegaconf import OmegaConf

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.runs.manifest import NAME as MANIFEST
from sim.runs.manifest import write_json
from sim.sweeps.batch import Batch, Report
from sim.sweeps.design import Design
from sim.sweeps.outcomes import SCHEMA
from sim.sweeps.points import Points

DESIGN, TREES, RUNS = "sweep.yaml", "trees.json", "design.parquet"
DONE, FAILED = "done", "failed"
HASH = b"sha256"  # of the values of a table, in its metadata
RECORD = pa.schema(
    [
        ("run", pa.int32()),
        ("status", pa.string()),  # DONE or FAILED
        ("error", pa.string()),  # its kind and message, in one line
        ("traceback", pa.string()),
        ("seconds", pa.float64()),  # of its steps [s]
        ("start_seconds", pa.float64()),  # of world and start, for the first run with them [s]
        ("finished", pa.timestamp("ms", tz="UTC")),
        ("host", pa.string()),
        ("pid", pa.int32()),
        ("session", pa.string()),  # of `sweep`: resuming is another one
        ("version", pa.string()),
        ("commit", pa.string()),
        ("sources", pa.string()),  # hash of the package
    ]
)
SHARDS_AT_LEAST = 32  # where there are so many points: for several workers, and for progress
SHARD_SIZE = 20e6  # users times steps, some ten seconds of a core


class SweepFolder(Batch):
    """A sweep on disk; several processes may read it and work in it.

    Raises
    ------
    ConfigError
        If `path` holds no sweep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if not self.is_sweep(path):
            raise ConfigError(f"{path}: no sweep here, or one that has not started")

    @staticmethod
    def is_sweep(path: Path) -> bool:
        """Say whether a folder holds a sweep."""
        return (path / DESIGN).is_file() and (path / MANIFEST).is_file()

    @classmethod
    def new(
        cls, path: Path, design: Design, points: Points, runs: pd.DataFrame, size: float
    ) -> SweepFolder:
        """Create the folder of a sweep, before any run.

        Parameters
        ----------
        points, runs
            Of the design.
        size
            Of the largest run, in users times steps.

        Raises
        ------
        ConfigError
            If there is something in the folder already.
        """
        if path.is_dir() and any(path.iterdir()):
            raise ConfigError(
                f"{path}: not empty; go on with it by python -m sim.resume, or name another"
            )
        for name in ("runs", "outcomes", "leases"):
            (path / name).mkdir(parents=True)
        runs.to_parquet(path / RUNS, index=False)
        (path / TREES).write_text(json.dumps(points.trees))
        (path / DESIGN).write_text(OmegaConf.to_yaml(design.model_dump(mode="json")))
        write_json(
            path / MANIFEST,
            {
                "n_runs": len(runs),
                "points_per_shard": _points_per_shard(runs, size),
                "sessions": [],
            },
        )
        return cls(path)

    @cached_property
    def design(self) -> Design:
        """Return the request."""
        return _design((self.path / DESIGN).read_text())

    @cached_property
    def points(self) -> Points:
        """Return the points, which give runs their configuration."""
        return Points(self.design, json.loads((self.path / TREES).read_text()))

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Return all runs of the design, done or not, one row each."""
        return pd.read_parquet(self.path / RUNS)

    def config(self, run: int) -> SimConfig:
        """Return the configuration of a run."""
        (row,) = self.runs[self.runs["run"] == run].to_dict("records")
        return self.points.config({key: row[key] for key in self.design.keys}, row["scenario"])

    @cached_property
    def shard_of(self) -> pd.Series:
        """Return the number of the shard of each run."""
        return self.runs["point"] // self.manifest["points_per_shard"]

    def shards(self) -> list[Shard]:
        """Return all shards, begun or not."""
        return [Shard(self.path, number) for number in range(int(self.shard_of.max()) + 1)]

    def records(self) -> pd.DataFrame:
        """Return the records of the runs so far, a row a run (`RECORD`)."""
        tables = [shard.records() for shard in self.shards()]
        return pa.concat_tables(tables).to_pandas()

    @property
    def n_runs(self) -> int:
        """Return how many runs there are, done or not."""
        return len(self.runs)

    def tasks(self, session: str) -> list[int]:
        """Return the numbers of shards with runs that are neither done nor failed in `session`."""
        missing = ~self.runs["run"].isin(self._settled(session)["run"])
        return sorted({int(number) for number in self.shard_of[missing]})

    def counts(self, session: str) -> Report:
        """Return how many runs are done, and how many have failed in `session`."""
        status = self._settled(session)["status"]
        return Report(int((status == DONE).sum()), int((status == FAILED).sum()))

    def _settled(self, session: str) -> pd.DataFrame:
        records = self.records()
        return records[(records["status"] == DONE) | (records["session"] == session)]

    @property
    def n_to_do(self) -> int:
        """Return how many runs are not done."""
        return len(self.runs) - int((self.records()["status"] == DONE).sum())

    def refuse_unfinished(self) -> None:
        """Refuse to read a sweep with runs that are not done.

        Raises
        ------
        ConfigError
            Which says how many.
        """
        n = self.n_to_do
        if n:
            raise ConfigError(f"{self.path}: {n} runs are not done")


class Shard:
    """Runs that are taken one after another by one worker, and their files."""

    def __init__(self, path: Path, number: int) -> None:
        self.number = number
        name = f"{number:05}"
        self._records = path / "runs" / f"{name}.parquet"
        self._outcomes = path / "outcomes" / f"{name}.parquet"
        self.lease = path / "leases" / f"{name}.json"

    def records(self) -> pa.Table:
        """Return the records of its runs so far (`RECORD`)."""
        return read_hashed(self._records, RECORD)

    def outcomes(self) -> pa.Table:
        """Return the outcomes of its runs so far (outcomes.SCHEMA)."""
        return read_hashed(self._outcomes, SCHEMA)

    def write(self, records: pa.Table, outcomes: pa.Table) -> None:
        """Replace the files."""
        write_hashed(self._outcomes, outcomes)
        write_hashed(self._records, records)


def read_hashed(path: Path, schema: pa.Schema) -> pa.Table:
    """Return a table that `write_hashed` wrote, an empty one if there is none.

    Raises
    ------
    ConfigError
        If it is not as it was written.
    """
    if not path.is_file():
        return schema.empty_table()
    try:
        table = pq.ParquetFile(path).read()  # read_table would add a folder's name as a column
        whole = (table.schema.metadata or {}).get(HASH, b"").decode() == _hash(table)
    except (pa.ArrowException, OSError, ValueError):
        whole = False
    if not whole:
        sweep = path.parent.parent
        raise ConfigError(
            f"{path}: damaged; delete {path.name} in {sweep / 'runs'} and {sweep / 'outcomes'}, "
            f"and python -m sim.resume {sweep} takes these runs again"
        )
    return table.replace_schema_metadata(None)


def write_hashed(path: Path, table: pa.Table) -> None:
    """Write a table atomically, with a hash of its values."""
    table = table.replace_schema_metadata({HASH: _hash(table)})
    with atomic_write(path) as draft:
        pq.write_table(table, draft, compression="zstd")


def _hash(table: pa.Table) -> str:
    """Return a hash of the names of columns and of all values."""
    rows = pd.util.hash_pandas_object(table.to_pandas(), index=False).to_numpy()
    return hashlib.sha256(repr(table.column_names).encode() + rows.tobytes()).hexdigest()


def _points_per_shard(runs: pd.DataFrame, size: float) -> int:
    """Return how many points make a shard: some seconds of work, or a share of a small sweep."""
    n_points = int(runs["point"].max()) + 1
    of_point = size * len(runs) / n_points
    most = max(1, n_points // SHARDS_AT_LEAST)
    return int(min(max(1, SHARD_SIZE // of_point), most))


@lru_cache(maxsize=8)
def _design(text: str) -> Design:
    """Read a design; a worker does so once for all its shards."""
    tree = OmegaConf.to_container(OmegaConf.create(text))
    return Design.model_validate_json(json.dumps(tree))
