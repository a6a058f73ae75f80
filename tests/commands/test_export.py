"""Exports: what is read back is what was run, to the bit, and a bad request is refused at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.commands.export import main
from sim.measures.registry import BUILT_IN, meaning, month_series, step_series
from sim.runs.results import CHANGES
from sim.runs.tables import read_result
from tests.helpers.cli import REPO
from tests.helpers.sweeping import GRADE, begin, finish


@pytest.fixture(scope="module")
def folder(exported_run):
    return exported_run


@pytest.mark.slow
def test_figures_are_those_of_the_run_as_pdf_and_the_same_bytes_each_time(folder, tmp_path):
    for into in ("first", "second"):
        main(["figures", str(folder), "--into", str(tmp_path / into)])
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert {Path(name).stem for name in first} == {path.stem for path in folder.glob("*.png")}
    assert all(name.endswith(".pdf") and data.startswith(b"%PDF") for name, data in first.items())
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}


@pytest.mark.parametrize("name", ["timeseries", "effects", "flows"])
def test_csv_read_back_is_the_table_to_the_bit(folder, tmp_path, name, capsys):
    main(["tables", str(folder), "--into", str(tmp_path)])
    assert str(tmp_path / f"{name}.csv") in capsys.readouterr().out
    there = pd.read_parquet(folder / f"{name}.parquet")
    dates = [column for column in there if column.endswith("date")]
    back = pd.read_csv(
        tmp_path / f"{name}.csv", parse_dates=dates,
        keep_default_na=False, na_values=[""],
    )  # fmt: skip
    for column in there:
        if column in dates:
            assert (back[column] == there[column]).all()
        elif isinstance(there[column].dtype, pd.CategoricalDtype):
            assert (back[column] == there[column].astype(str)).all()
        else:
            np.testing.assert_array_equal(back[column], there[column])


def test_a_table_of_units_names_every_column_and_measure(folder, tmp_path):
    main(["tables", str(folder), "--into", str(tmp_path)])
    units = pd.read_csv(tmp_path / "units.csv").set_index(["kind", "name"])
    rows = pd.read_parquet(folder / "timeseries.parquet")
    assert set(rows.columns) <= set(units.loc["column"].index)
    assert set(rows["measure"]) <= set(units.loc["measure"].index)
    assert units.loc[("measure", "welfare"), "unit"] == "utils"
    assert units["meaning"].notna().all()


def test_every_measure_has_a_unit_and_stands_in_the_docs(folder):
    config = read_result(folder).config
    text = (REPO / "docs/measures.md").read_text(encoding="utf-8")
    series = [*step_series(config), *month_series(config), *CHANGES]
    for name in {one.measure for one in series}:
        assert meaning(name).unit
    for name, one in BUILT_IN.items():
        assert (f"`KIND_{name}`" if one.abuse else f"`{name}`") in text
    with pytest.raises(KeyError):
        meaning("nonsense")


def test_a_joined_sweep_becomes_csv_and_an_unjoined_one_is_refused_with_how_to_join(tmp_path):
    sweep = begin(tmp_path / "sweep", {GRADE: {"levels": (0.0, 0.9)}})
    with pytest.raises(SystemExit):
        main(["tables", str(sweep.path)])
    finish(sweep)
    main(["tables", str(sweep.path)])
    back = pd.read_csv(sweep.path / "export/outcomes.csv")
    there = pd.read_parquet(sweep.path / "collected/outcomes.parquet")
    assert list(back.columns) == list(there.columns)
    np.testing.assert_array_equal(back["value"], there["value"])


def test_a_sweep_is_no_netcdf(tmp_path, capsys):
    sweep = begin(tmp_path / "sweep", {GRADE: {"levels": (0.5,)}})
    finish(sweep)
    with pytest.raises(SystemExit):
        main(["tables", str(sweep.path), "--to", "netcdf"])
    assert "to=netcdf" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["users", "RUN", "--at", "2027-01-01"], "at=2027-01-01: outside the run; allowed: 2025-"),
        (["users", "RUN", "--scenarios", "full_block"], "allowed: call_ban, mandate_only, base"),
        (["users", "RUN", "--replications", "2"], "replications=2: not in this run; allowed: 0 t"),
        (["users", "RUN", "--replications", "two"], "two: allowed: numbers as 0,1,2"),
        (["users", "RUN", "--at", "August"], "August: allowed: dates as 2025-08-13"),
        (["users", "RUN", "--to", "xlsx"], "invalid choice: 'xlsx'"),
        (["users", "nowhere"], "nowhere: no run here that is done"),
        (["users", "+scenario=cal_ban"], "call_ban"),
        (
            ["users", "population.n_users=3000000", "--at", "2025-08-13,2025-12-31"],
            "6,000,000 rows; allowed: 5,000,000",
        ),
        (["graph", "RUN", "--at", "2025-08-13,2025-12-31"], "at: a graph shows one date"),
        (["graph", "population.n_users=200000"], "population.n_users=200000: allowed: a graph of"),
        (["tables", "nowhere"], "nowhere: neither a run that is done"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_allowed(folder, arguments, told, capsys):
    before = set(folder.iterdir())
    with pytest.raises(SystemExit) as stop:
        main([word.replace("RUN", str(folder)) for word in arguments])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
    assert set(folder.iterdir()) == before
