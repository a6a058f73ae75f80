"""A multirun joined to one table: parameters as columns, bands over seeds, a hash of results."""

import re
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sim.commands.collect import collect, main
from sim.report import run_folder
from sim.sweeps.digest import OutcomeHash
from sim.sweeps.folder import write_hashed
from tests.helpers.cli import called, simulated
from tests.helpers.sweeping import GRADE, begin, finish

QUICK = ("population.n_users=100", "dur_days=112", "compare_to=[]")
SWEPT = ("+scenario=call_ban_only,baseline", "seed=1,2", "replications=2", *QUICK)


def test_the_hash_takes_what_nobody_is_in():
    digest = OutcomeHash(pd.DataFrame({"seed": [1]}))
    digest.add(pa.table({"value": pa.chunked_array([[1.0, None]])}))
    assert len(digest.hex) == 32


@pytest.fixture(scope="module", autouse=True)
def _no_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_folder, "save_figures", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Return the folder of a multirun of four jobs."""
    folder = tmp_path_factory.mktemp("multirun") / "jobs"
    done = simulated("-m", *SWEPT, f"hydra.sweep.dir={folder}")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_parameters_stand_beside_every_value(jobs):
    found = collect(str(jobs))
    assert found.runs["seed"].tolist() == [1, 2] * 2
    assert found.runs["job_scenario"].tolist() == ["call_ban_only"] * 2 + ["baseline"] * 2
    joined = pd.read_parquet(found.folder / "outcomes.parquet")
    for _, run in found.runs.iterrows():
        own = pd.read_parquet(jobs / str(run["run"]) / "timeseries.parquet")
        mine = joined[joined["run"] == run["run"]]
        assert (mine["seed"] == run["seed"]).all()
        order = ["replication", "date", "group", "platform", "channel", "measure"]
        values = [
            table.astype(dict.fromkeys(order, str)).sort_values(order)["value"].to_numpy()
            for table in (own, mine)
        ]
        np.testing.assert_array_equal(*values)  # to the bit; NaN where a group has no user


@pytest.mark.slow
def test_bands_are_taken_over_replications_and_seeds(jobs):
    found = collect(jobs)
    joined = pd.read_parquet(found.folder / "outcomes.parquet")
    bands = pd.read_parquet(found.folder / "summary.parquet")
    assert (bands["n"] == 4).all()
    key = ["scenario", "date", "group", "platform", "channel", "measure"]
    one = (joined["group"] == "all") & (joined["measure"] == "dau")
    quantiles = joined[one].groupby(key, observed=True)["value"].quantile([0.05, 0.5, 0.95])
    mine = bands[(bands["group"] == "all") & (bands["measure"] == "dau")].set_index(key)
    for at, name in ((0.05, "low"), (0.5, "median"), (0.95, "high")):
        wanted = quantiles.xs(at, level=-1)
        pd.testing.assert_series_equal(
            mine[name].sort_index(), wanted.sort_index(), check_names=False, rtol=1e-12
        )


@pytest.mark.slow
def test_a_scenario_and_the_same_as_a_counterfactual_in_another_world_stay_apart(tmp_path):
    """``+policy=`` changes what a job asks about, not what it is compared with."""
    done = simulated(
        "-m", "+scenario=call_ban,full_block", "+policy=vpn_support", "replications=1",
        "population.n_users=60", "dur_days=210", "step_days=14",
        f"hydra.sweep.dir={tmp_path}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = collect(tmp_path)
    assert found.runs["job_scenario"].tolist() == ["call_ban", "full_block"]
    rows = pd.read_parquet(found.folder / "summary.parquet").query("scenario == 'call_ban'")
    assert set(rows["job_scenario"]) == {"call_ban", "full_block"}
    assert (rows["n"] == 1).all()


def test_what_a_worker_has_not_told_of_is_not_joined(tmp_path):
    """As when it is killed, or still at work, between a run's outcomes and its record."""
    sweep = begin(tmp_path / "sweep", {GRADE: {"levels": (0.0, 0.5, 0.9)}})
    finish(sweep)
    for path in (sweep.path / "runs").glob("*.parquet"):
        records = pq.read_table(path)
        write_hashed(path, records.filter(pc.not_equal(records["run"], 1)))
    joined = pd.read_parquet(collect(sweep.path).folder / "outcomes.parquet")
    assert set(joined["run"]) == {0, 2}


@pytest.mark.slow
def test_the_command_says_what_is_missing(jobs, tmp_path):
    folder = tmp_path / "jobs"
    shutil.copytree(jobs, folder)
    shutil.rmtree(folder / "2")
    done = called(main, folder)
    said = done.stdout + done.stderr
    assert "3 done, 1 missing" in said
    assert "run 2: missing" in said
    assert f"To go on: python -m sim.resume {folder}" in said
    assert "nan" not in said
    assert done.returncode == 1
    assert re.search(r"hash [0-9a-f]{32}\n", said)
