"""Results as an xarray dataset: every value of the tables, named and with units."""

import numpy as np
import pytest
import xarray

from sim import load_config, run
from sim.base import extras
from sim.base.errors import ConfigError
from sim.commands.export import main
from sim.config.platforms import CELLULAR
from sim.exports.dataset import EFFECT, STATISTICS, to_xarray
from sim.measures.registry import MONTHLY
from sim.runs.tables import read_result


@pytest.fixture(scope="module")
def folder(exported_run):
    return exported_run


@pytest.fixture(scope="module")
def result(folder):
    return read_result(folder)


def test_a_dataset_holds_every_value_of_the_table_and_no_other(result):
    dataset = to_xarray(result)
    n_values = 0
    for row in result.timeseries.sample(500, random_state=1).itertuples():
        place = {"scenario": row.scenario, "replication": row.replication, "group": row.group}
        place["month" if row.measure in MONTHLY else "date"] = row.date
        place |= {
            name: getattr(row, name)
            for name in ("platform", "channel")
            if name in dataset[row.measure].dims
        }
        value = dataset[row.measure].sel(place).item()
        assert value == row.value or (np.isnan(value) and np.isnan(row.value))
    for name in result.timeseries["measure"].unique():
        n_values += int(dataset[name].count())
    assert n_values == result.timeseries["value"].notna().sum()


def test_effects_stand_beside_levels_with_their_bands(result):
    dataset = to_xarray(result)
    rows = result.effects.query("measure == 'welfare' and group == 'all'")
    rows = rows[rows["counterfactual"] == "baseline"]
    there = dataset[f"{EFFECT}welfare"].sel(counterfactual="baseline", group="all")
    for statistic in STATISTICS:
        np.testing.assert_array_equal(there.sel(statistic=statistic), rows[statistic])
    assert dataset["newly_exposed"].count() > 0


def test_dimensions_and_units_are_named(result):
    dataset = to_xarray(result)
    assert dataset["use"].dims == (
        "scenario", "replication", "date", "group", "platform", "channel",
    )  # fmt: skip
    assert dataset["mau"].dims == ("scenario", "replication", "month", "group", "platform")
    assert dataset["welfare"].attrs["units"] == "utils"
    assert all(variable.attrs["units"] for variable in dataset.data_vars.values())
    assert CELLULAR in dataset["platform"]


def test_netcdf_read_back_is_the_dataset(folder, result, tmp_path):
    main(["tables", str(folder), "--to", "netcdf", "--into", str(tmp_path)])
    with xarray.open_dataset(tmp_path / "run.nc", engine="scipy") as back:
        xarray.testing.assert_equal(back.load(), to_xarray(result))
        assert back["dau"].attrs["units"] == "1"


def test_a_result_without_counterfactuals_has_no_effects():
    config = load_config("population.n_users=200", "replications=1", "dur_days=14")
    dataset = to_xarray(run(config))
    assert "counterfactual" not in dataset.dims
    assert "month" not in dataset.dims


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch, result):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(extras, "import_module", absent)
    with pytest.raises(ConfigError, match=r"xarray: not installed.*requirements-all"):
        to_xarray(result)
