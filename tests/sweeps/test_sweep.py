"""A sweep on disk: nothing is lost, what failed is kept and done again, nothing is mixed."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.base.errors import ConfigError
from sim.base.locks import exclusive_lock
from sim.commands.collect import collect, collect_mixed
from sim.sweeps.driver import drive
from sim.sweeps.executors import Processes, Serial
from sim.sweeps.folder import SweepFolder, write_hashed
from sim.sweeps.lease import MAX_CRASHES
from sim.sweeps.status import status
from sim.sweeps.work import work
from tests.helpers.sweeping import GRADE, HABIT, SHORT, begin, finish

FACTORS = {HABIT: {"low": 1.0, "high": 3.0, "n_levels": 2}, GRADE: {"levels": (0.2, 0.9)}}
SCENARIOS = ("call_ban_only", "baseline")


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Return a sweep of eight runs, taken in this process, and its hash."""
    folder = begin(tmp_path_factory.mktemp("straight") / "sweep", FACTORS, SCENARIOS)
    return folder, finish(folder)


def test_all_runs_are_there_once_with_their_parameters(straight):
    folder, _ = straight
    runs = status(folder).runs
    assert (runs["status"] == "done").all()
    assert len(runs) == 8
    table = pd.read_parquet(folder.path / "collected" / "outcomes.parquet")
    sizes = table.groupby(["run", HABIT, GRADE, "scenario"], observed=True).size()
    assert len(sizes) == 8
    assert (sizes == sizes.iloc[0]).all()
    assert table["value"].notna().any()


def test_points_see_the_same_random_numbers_and_policies_their_own_effect(straight):
    folder, _ = straight
    table = pd.read_parquet(folder.path / "collected" / "outcomes.parquet")
    calls = table[(table["platform"] == "cellular") & (table["measure"] == "use")]
    calls = calls[calls["channel"] == "call"].set_index(["scenario", HABIT, GRADE, "date"])[
        "value"
    ]
    before = pd.Timestamp("2025-06-01")
    baseline, banned = calls["baseline"], calls["call_ban_only"]
    # a policy that the baseline lacks cannot change it
    assert baseline[1.0, 0.2].equals(baseline[1.0, 0.9])
    # before the ban the worlds are one, afterwards they are not
    assert banned[1.0, 0.9][before] == baseline[1.0, 0.9][before]
    after = banned.index.get_level_values("date").max()
    assert banned[1.0, 0.9][after] > banned[1.0, 0.2][after] > baseline[1.0, 0.9][after]


def test_a_point_with_its_own_random_numbers_is_the_run_of_that_seed(tmp_path):
    grades = {GRADE: {"levels": (0.2, 0.9)}}
    own, first = (
        begin(tmp_path / "own", grades, random_numbers="independent"),
        begin(tmp_path / "first", grades),
    )
    second = begin(tmp_path / "second", grades, overrides=(*SHORT, "seed=2"))
    for folder in (own, first, second):
        finish(folder)
    mine, one, two = (
        pd.read_parquet(folder.path / "collected" / "outcomes.parquet").set_index(["run", GRADE])
        for folder in (own, first, second)
    )
    assert mine.loc[0]["seed"].unique().tolist() == [1]
    assert mine.loc[0]["value"].equals(one.loc[0]["value"])
    assert mine.loc[1]["value"].equals(two.loc[1]["value"])
    assert not mine.loc[1]["value"].equals(one.loc[1]["value"])


@pytest.mark.slow
def test_the_same_numbers_come_from_local_processes(straight, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, SCENARIOS)
    assert drive(folder, Processes(workers=2)).why == "done"
    assert collect(folder.path).digest == straight[1]


def test_a_worker_told_to_stop_leaves_after_its_run_and_the_rest_is_done_later(straight, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, SCENARIOS)
    folder.stop.touch()
    assert work(folder, 0, "one").n_done == 0
    folder.stop.unlink()
    assert work(folder, 0, "one").n_done == 2
    assert status(folder).counts == {"done": 2, "running": 0, "failed": 0, "missing": 6}
    with pytest.raises(ConfigError, match="no run is done"):
        collect(begin(tmp_path / "other", FACTORS).path)
    found = collect(folder.path)  # what is there can be looked at
    assert (found.runs["status"] == "missing").sum() == 6
    assert finish(folder) == straight[1]


@pytest.fixture
def broken(tmp_path):
    """Return a sweep over a good and a broken graph, and the broken file."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("".join(f"{i},{(i + k) % 200}\n" for i in range(200) for k in (1, 2, 3)))
    bad.write_text("1,nobody\n")
    factors = {"network.path": {"levels": (str(bad), str(good))}}
    overrides = (*SHORT, "network=from_file", "network.path=" + str(good))
    return begin(tmp_path / "sweep", factors, replications=2, overrides=overrides), bad, good


def test_a_failure_is_kept_with_parameters_and_traceback_and_stops_nobody(broken):
    folder, bad, good = broken
    ended = drive(folder, Serial())
    assert (ended.why, ended.n_done, ended.n_failed) == ("done", 2, 2)
    failures = status(folder).failures
    assert failures["network.path"].tolist() == [str(bad)] * 2
    assert failures["error"].str.startswith("ConfigError: ").all()
    assert failures["traceback"].str.contains("nobody").all()
    found = collect(folder.path)
    assert found.runs["status"].tolist() == ["failed"] * 2 + ["done"] * 2
    # once the cause is gone, going on does these and no others
    before = pq.read_table(folder.path / "runs" / "00001.parquet")
    bad.write_text(good.read_text())
    ended = drive(folder, Serial())
    assert (ended.n_done, ended.n_failed) == (4, 0)
    assert pq.read_table(folder.path / "runs" / "00001.parquet").equals(before)
    outcomes = pd.read_parquet(collect(folder.path).folder / "outcomes.parquet")
    values = outcomes.groupby("run")["value"].apply(list)
    assert values[0] == values[2]  # the same graph under another name: the same numbers
    assert values[1] == values[3]


def test_too_many_failures_stop_a_sweep_if_asked(broken):
    folder, _, _ = broken
    ended = drive(folder, Serial(), max_failures=0)
    assert ended.why == "too many failures"
    assert ended.n_missing == 2
    assert folder.manifest["sessions"][-1]["why"] == "too many failures"


def test_a_run_at_which_workers_die_again_and_again_is_a_failure_at_last(straight, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, SCENARIOS)
    lease = folder.path / "leases" / "00000.json"
    lease.write_text(json.dumps({"run": 1, "crashes": {"1": MAX_CRASHES - 1}}))  # as they leave it
    assert drive(folder, Serial()).n_failed == 1
    failed = status(folder).failures
    assert failed["run"].tolist() == [1]
    assert "process died" in failed["error"].iloc[0]
    assert finish(folder) == straight[1]  # asked again, it has another chance


def test_a_death_or_two_are_no_failure(straight, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, SCENARIOS)
    for cut in ('{"run": 0, "deaths": {"0": 1}}', '{"run": 0, "dea', ""):
        (folder.path / "leases" / "00000.json").write_text(cut)
        work(folder, 0, "one")
    assert finish(folder) == straight[1]


def test_two_drivers_at_once_are_refused(tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS)
    with (
        exclusive_lock(folder.path, "this sweep"),
        pytest.raises(ConfigError, match="another process is at this sweep"),
    ):
        drive(SweepFolder(folder.path), Serial())
    finish(folder)


def test_runs_of_other_sources_are_not_mixed(straight, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, SCENARIOS)
    work(folder, 0, "one")
    manifest = folder.manifest
    manifest["sessions"] = [{"sources": "of last year", "commit": "abc"}]
    (folder.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match="begun by other sources \\(commit abc\\)"):
        drive(folder, Serial())
    manifest["sessions"] = []
    (folder.path / "manifest.json").write_text(json.dumps(manifest))
    finish(folder)
    path = folder.path / "runs" / "00000.parquet"
    table = pq.read_table(path)
    other = ["0" * 40] * len(table)
    column = table.schema.get_field_index("commit")
    write_hashed(path, table.set_column(column, table.schema.field("commit"), [other]))
    with pytest.raises(
        ConfigError, match=r"made by several versions(.|\n)*2 by .*0{40}(.|\n)*--mix"
    ):
        collect(folder.path)
    assert collect_mixed(folder.path).digest == straight[1]


def test_a_folder_in_use_is_refused(straight):
    with pytest.raises(ConfigError, match="not empty"):
        begin(straight[0].path, FACTORS)


def test_what_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no sweep here"):
        SweepFolder(tmp_path)
    with pytest.raises(ConfigError, match=r"neither a sweep .* nor a multirun"):
        collect(tmp_path)
