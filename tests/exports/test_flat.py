"""Which tables a folder holds, and that long ones lose nothing on their way to CSV."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.base.errors import ConfigError
from sim.exports.flat import COLLECTED, OF_SWEEP, tables, write_csv
from sim.runs.tables import TABLES

LONG = 70_000  # rows: more than are read at once


def leave(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        rows = {"run": range(LONG), "measure": ["dau"] + ["vpn"] * (LONG - 1), "value": 0.1}
        pd.DataFrame(rows).to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def test_measures_of_all_parts_of_a_long_table_have_their_units(tmp_path):
    into = tmp_path / "csv"
    write_csv(leave(tmp_path, TABLES), into)
    assert next(pq.ParquetFile(tmp_path / "flows.parquet").iter_batches()).num_rows < LONG
    units = pd.read_csv(into / "units.csv")
    assert units.loc[units["kind"] == "measure", "name"].tolist() == ["dau", "vpn"]
    back = pd.read_csv(into / "timeseries.csv")
    assert back["run"].tolist() == list(range(LONG))
    assert back["measure"].iloc[-1] == "vpn"


def test_dates_have_an_hour_only_where_a_step_begins_within_a_day(tmp_path):
    days = pd.to_datetime(["2025-06-02", None, "2025-06-09"])
    for name, dates in zip(TABLES, (days, days + pd.Timedelta(hours=12), days), strict=True):
        pd.DataFrame({"date": dates}).to_parquet(tmp_path / f"{name}.parquet", index=False)
    write_csv(tmp_path, tmp_path / "csv")
    first, second, _ = ((tmp_path / "csv" / f"{name}.csv").read_text() for name in TABLES)
    assert first.split("\n")[1:-1] == ["2025-06-02", "", "2025-06-09"]
    assert second.split("\n")[1].startswith("2025-06-02 12:00:00")


def test_a_sweep_is_meant_by_its_folder_or_by_that_of_its_tables(tmp_path):
    joined = leave(tmp_path / COLLECTED, OF_SWEEP)
    assert tables(tmp_path) == tables(joined) == [joined / f"{name}.parquet" for name in OF_SWEEP]


def test_a_run_of_which_a_table_is_missing_is_none_that_is_done(tmp_path):
    with pytest.raises(ConfigError, match="neither a run that is done"):
        tables(leave(tmp_path, TABLES[:-1]))
