"""The tables of a folder as CSV, with a table of their units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.units import COLUMNS
from sim.measures.registry import meaning_of
from sim.runs.tables import TABLES

OF_SWEEP = ("outcomes", "summary", "runs")
COLLECTED = "collected"
UNITS = "units.csv"


def tables(folder: Path) -> list[Path]:
    """Return the tables that a folder holds.

    Raises
    ------
    ConfigError
        If it is neither a run that is done nor a sweep or multirun that was collected.
    """
    for where, names in (
        (folder, TABLES), (folder / COLLECTED, OF_SWEEP), (folder, OF_SWEEP),
    ):  # fmt: skip
        paths = [where / f"{name}.parquet" for name in names]
        if all(path.is_file() for path in paths):
            return paths
    raise ConfigError(
        f"{folder}: neither a run that is done (timeseries.parquet) nor a sweep that was joined; "
        f"a sweep or multirun is joined by: python -m sim.collect {folder}"
    )


def write_csv(folder: Path, into: Path) -> list[Path]:
    """Write every table of `folder` as CSV into another, with `units.csv`; return the files.

    Tables are read and written in parts: a sweep need not fit in memory. Numbers are written so
    that reading them gives the same bits.
    """
    paths = tables(folder)
    into.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    columns: list[str] = []
    for path in paths:
        names |= _copy(path, into / f"{path.stem}.csv")
        columns += pq.read_schema(path).names
    with atomic_write(into / UNITS) as draft:
        _units(dict.fromkeys(columns), sorted(names)).to_csv(draft, index=False)
    return [*(into / f"{path.stem}.csv" for path in paths), into / UNITS]


def _copy(path: Path, target: Path) -> set[str]:
    """Write a Parquet file as CSV; return the measures that occur in it."""
    measures: set[str] = set()
    with atomic_write(target) as draft, pq.ParquetFile(path) as file:
        schema = pa.schema([(f.name, _plain(f, file)) for f in file.schema_arrow])
        with pc.CSVWriter(draft, schema) as writer:
            for batch in file.iter_batches():
                part = pa.Table.from_batches([batch]).cast(schema)
                if "measure" in schema.names:
                    measures |= set(part["measure"].unique().to_pylist())
                writer.write_table(part)
    return measures


def _plain(column: Any, file: pq.ParquetFile) -> Any:
    """Return the type in which a column goes into a CSV file, which knows no categories.

    Steps may begin within a day; if none does, dates are written without an hour.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_timestamp(kind) and _are_days(file, column.name):
        return pa.date32()
    return kind


def _are_days(file: pq.ParquetFile, name: str) -> bool:
    parts = (batch[name] for batch in file.iter_batches(columns=[name]))
    return all(part.equals(part.cast(pa.date32(), safe=False).cast(part.type)) for part in parts)


def _units(columns: dict[str, None], measures: list[str]) -> pd.DataFrame:
    """Return kind (column or measure), name, unit, meaning."""
    rows = [
        ("column", name, *COLUMNS[name])
        if name in COLUMNS
        else ("column", name, "", "parameter of the sweep, or what its manifest says of a run")
        for name in columns
    ]
    rows += [("measure", name, *meaning_of(name)) for name in measures]
    return pd.DataFrame(rows, columns=["kind", "name", "unit", "meaning"])
