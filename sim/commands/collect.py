"""Join a sweep, or the jobs of a multirun, to one table: ``python -m sim.collect DIR``.

Leaves in ``DIR/collected``: ``outcomes.parquet``, a row a value, with the parameters as columns;
``summary.parquet``, median and band over replications (and over seeds, if they were swept);
``runs.parquet``, a row a run or job: parameters, status, error, and what made it. Says what is
missing or has failed, and a hash by which equal results are known wherever they were computed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.runs.bands import Bands
from sim.sweeps.digest import OutcomeHash
from sim.sweeps.run_reader import RunReader, open_runs

MADE_BY = ["version", "commit", "sources"]


class Collection(NamedTuple):
    """Result of `collect`.

    Attributes
    ----------
    runs : DataFrame
        A row a run: parameters, status (done, failed, running, interrupted, missing), error.
    folder : Path
        Where the tables are.
    digest : str
        Hash of parameters and outcomes of all runs that are done, in their order.
    resume_command : str
        The command that takes the others.
    """

    runs: pd.DataFrame
    folder: Path
    digest: str
    resume_command: str


def collect(path: Path | str) -> Collection:
    """Join the outcomes of finished runs.

    Raises
    ------
    ConfigError
        If `path` holds neither a sweep nor a multirun, nothing is done yet, or runs were made by
        several versions.
    """
    path = Path(path)
    found = open_runs(path)
    _refuse_mixture(path, found.runs)
    return _collected(path, found)


def collect_mixed(path: Path | str) -> Collection:
    """Join all finished runs, also of different versions; raise as `collect` does otherwise."""
    path = Path(path)
    return _collected(path, open_runs(path))


def _collected(path: Path, found: RunReader) -> Collection:
    done = found.runs[found.runs["status"] == "done"]
    if done.empty:
        raise ConfigError(f"{path}: no run is done; nothing to join")
    folder = path / "collected"
    folder.mkdir(exist_ok=True)
    digest = _join(found, done, folder)
    with atomic_write(folder / "runs.parquet") as draft:
        found.runs.to_parquet(draft, index=False)
    return Collection(found.runs, folder, digest, found.resume_command)


def _refuse_mixture(path: Path, runs: pd.DataFrame) -> None:
    makers = runs[runs["status"] == "done"][MADE_BY].fillna("unknown").value_counts()
    if len(makers) > 1:
        listing = "\n".join(f"  {count} by {', '.join(key)}" for key, count in makers.items())
        raise ConfigError(
            f"{path}: made by several versions (version, commit, hash of sources):\n{listing}\n"
            "Equal sources give equal numbers. To join all: --mix"
        )


def _join(found: RunReader, done: pd.DataFrame, folder: Path) -> str:
    """Write outcomes and summary, one part in memory at a time; return the hash of all."""
    digest, bands = OutcomeHash(done[["run", *found.parameters]]), Bands(done, found.parameters)
    with (
        _written(folder / "outcomes.parquet") as outcomes,
        _written(folder / "summary.parquet") as summary,
    ):
        for part in found.parts():
            for piece in _pieces(part):
                digest.add(piece)
                bands.add(piece)
            for table in bands.complete(np.unique(part["run"].to_numpy())):
                summary.write(table)
            outcomes.write(_with_parameters(part, done, found.parameters))
    return digest.hex


def _pieces(part: pa.Table) -> Iterator[pa.Table]:
    """Cut a part into the outcomes of single runs, each of one scenario and replication."""
    part = part.unify_dictionaries().combine_chunks()
    scenario = part["scenario"].combine_chunks().indices
    keys = [part["run"].to_numpy(), scenario.to_numpy(), part["replication"].to_numpy()]
    new = np.flatnonzero(np.any([np.diff(key) != 0 for key in keys], axis=0)) + 1
    for first, end in zip([0, *new], [*new, len(part)], strict=True):
        yield part.slice(first, end - first)


def _with_parameters(part: pa.Table, done: pd.DataFrame, names: list[str]) -> pa.Table:
    """Return a part with the parameters of its runs as columns behind the first."""
    rows = pa.array(np.searchsorted(done["run"].to_numpy(), part["run"].to_numpy()))
    for k, name in enumerate(names):
        values = pa.array(done[name], from_pandas=True)
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = values.cast(pa.string()).dictionary_encode()
        part = part.add_column(1 + k, name, values.take(rows))
    return part


class _Writer:
    """A Parquet file written in parts; its columns are those of the first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._file.write_table(table.cast(self._file.schema))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


@contextmanager
def _written(path: Path) -> Iterator[_Writer]:
    """Yield what a table can be written to in parts; it appears whole or not at all."""
    with atomic_write(path) as draft:
        writer = _Writer(draft)
        try:
            yield writer
        finally:
            writer.close()


def main(arguments: list[str] | None = None) -> int:
    """Join a folder and print a summary; return 0 if no run is missing."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        "python -m sim.collect", description=__doc__.split(":")[0] + "."
    )
    parser.add_argument("folder", type=Path, help="of a sweep or multirun")
    parser.add_argument("--mix", action="store_true", help="join runs of several versions")
    options = parser.parse_args(arguments)
    with exit_status_of_errors():
        found = collect_mixed(options.folder) if options.mix else collect(options.folder)
    return _summary(found)


def _summary(found: Collection) -> int:
    """Print which runs were joined and which were not."""
    counts = found.runs["status"].value_counts()
    print(", ".join(f"{count:,} {state}" for state, count in counts.items()))
    others = found.runs[found.runs["status"] != "done"]
    for _, row in others.head(10).iterrows():
        why = f" {row['error']}" if isinstance(row["error"], str) else ""
        print(f"  run {row['run']}: {row['status']}{why}", file=sys.stderr)
    if len(others) > 10:
        print(f"  and {len(others) - 10:,} more, see runs.parquet", file=sys.stderr)
    if len(others):
        print(f"To go on: {found.resume_command}", file=sys.stderr)
    print(f"hash {found.digest}\nTables: {found.folder}")
    return 1 if len(others) else 0


if __name__ == "__main__":
    raise SystemExit(main())
