"""Writing and reading the configuration and tables of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.units import SUCCESSORS
from sim.config.sim_config import SimConfig
from sim.config.validation import validate
from sim.runs.hashes import refuse_damaged
from sim.runs.kept import kept
from sim.runs.manifest import read_manifest
from sim.runs.results import Tables

CONFIG = "config.yaml"
TABLES = ("timeseries", "effects", "flows")  # files and fields of a Tables


def write_config(config: SimConfig, folder: Path) -> None:
    """Write the configuration, resolved, atomically."""
    with atomic_write(folder / CONFIG) as draft:
        draft.write_text(_as_yaml(config))


def write_tables(result: Tables, folder: Path) -> None:
    """Write what is kept of the tables as Parquet files, each atomically."""
    for name in TABLES:
        table = kept(getattr(result, name), result.config)
        values = [*table.select_dtypes(float)]
        keys = [column for column in table if column not in values]
        with atomic_write(folder / f"{name}.parquet") as draft:
            # values hardly repeat: instead of a dictionary, bytes of equal weight stand together
            table.to_parquet(
                draft, index=False, compression="zstd", use_dictionary=keys,
                column_encoding=dict.fromkeys(values, "BYTE_STREAM_SPLIT"),
            )  # fmt: skip


def read_result(folder: Path | str) -> Tables:
    """Read the result of a finished run.

    Parameters
    ----------
    folder : Path or str
        Run folder with manifest.json, config.yaml and the tables.

    Raises
    ------
    ConfigError
        If the folder does not hold a finished run, or a file has changed since.
    """
    folder = Path(folder)
    entry = read_manifest(folder)
    if entry.get("status") != "done":
        raise ConfigError(f"{folder}: no run here that is done{_newest()}")
    refuse_damaged(folder, entry, (CONFIG, *(f"{name}.parquet" for name in TABLES)))
    tree: Any = OmegaConf.to_container(OmegaConf.load(folder / CONFIG))
    tables = [pd.read_parquet(folder / f"{name}.parquet") for name in TABLES]
    for name in SUCCESSORS.keys() & set(tables[0]["measure"].unique()):
        raise ConfigError(
            f"{folder}: holds the measure {name} of an earlier version; allowed: "
            f"{SUCCESSORS[name]}; run it again"
        )
    return Tables(validate(tree), *tables)


def _newest() -> str:
    """Return a hint to the newest run folder in outputs/, if any."""
    made = [path.parent for path in Path("outputs").glob(f"*/*/{CONFIG}")]
    return f"; the newest: {max(made, key=lambda path: path.name)}" if made else ""


def _as_yaml(config: SimConfig) -> str:
    return OmegaConf.to_yaml(config.model_dump(mode="json"))
