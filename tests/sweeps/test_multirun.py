"""Sweeps on this machine: every launcher leaves the same tables, and what is missing is done."""

import json
import os
import shutil
import signal

import psutil
import pytest

from sim.base.errors import ConfigError
from sim.commands.collect import collect
from sim.runs.manifest import read_manifest
from sim.sweeps.multirun import Multirun
from tests.helpers.multirunning import (
    OFTEN,
    digest,
    finish,
    has_checkpoint,
    start,
    statuses,
    table,
    wait_for,
)

pytestmark = pytest.mark.slow
SIZE = ("population.n_users=2000", "replications=1", "step_days=3.5", OFTEN)
SWEEP = ("+scenario=call_ban_only,baseline", "seed=range(2)", *SIZE)
HALF = ("+scenario=call_ban_only", "seed=range(2)", *SIZE)  # its first jobs


def sweep(folder, *arguments, of=SWEEP):
    return start("sim", "-m", *of, *arguments, f"hydra.sweep.dir={folder}")


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Return the folder of a sweep that was done one job after another."""
    folder = tmp_path_factory.mktemp("sweep") / "serial"
    status, _, errors = finish(sweep(folder))
    assert status == 0, errors
    return folder


@pytest.fixture
def copy(serial, tmp_path):
    return shutil.copytree(serial, tmp_path / "sweep")


def test_the_jobs_of_a_folder(serial):
    jobs = Multirun.of(serial).jobs
    assert [job.number for job in jobs] == [0, 1, 2, 3]
    assert [job.overrides[:2] for job in jobs[1:3]] == [
        ("+scenario=call_ban_only", "seed=1"), ("+scenario=baseline", "seed=0"),
    ]  # fmt: skip
    assert jobs[3].folder == serial / "3"
    assert statuses(serial) == ["done"] * 4


def test_joblib_leaves_the_same_tables(serial, tmp_path):
    status, _, errors = finish(sweep(tmp_path, "hydra/launcher=joblib"))
    assert status == 0, errors
    assert digest(table(tmp_path)) == digest(table(serial))
    assert collect(tmp_path).digest == collect(serial).digest


def test_workers_of_joblib_stop_when_the_driver_is_killed(tmp_path):
    """They would wait for jobs for ever, and hold their memory."""
    process = sweep(tmp_path, "hydra/launcher=joblib", "population.n_users=8000", of=HALF)
    wait_for(lambda: any(has_checkpoint(folder) for folder in tmp_path.glob("?")), process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=120)
    assert gone
    assert not alive
    process.communicate()
    assert "done" not in statuses(tmp_path)
    status, output, errors = finish(start("sim.commands.resume", str(tmp_path)))
    assert status == 0, errors
    assert statuses(tmp_path) == ["done"] * 2, output


def test_a_job_that_is_to_make_room_is_started_again_and_goes_on(serial, tmp_path):
    """As on a cluster, which sends SIGUSR2 before the time limit: submitit starts it anew."""
    process, folder = sweep(tmp_path, "+cluster=local", of=HALF), tmp_path / "0"
    wait_for(lambda: has_checkpoint(folder), process)
    os.kill(read_manifest(folder)["place"]["pid"], signal.SIGUSR2)
    status, _, errors = finish(process)
    assert status == 0, errors
    entry = read_manifest(folder)
    assert entry["status"] == "done"
    assert [stage["from_step"] > 0 for stage in entry["resumed"]] == [True]
    assert digest(table(tmp_path)) == digest(table(serial, 2))


def test_what_is_missing_or_was_killed_is_done_and_nothing_else(serial, tmp_path):
    process, killed = sweep(tmp_path), tmp_path / "1"
    wait_for(lambda: has_checkpoint(killed), process)
    process.kill()
    finish(process)
    assert statuses(tmp_path) == ["done", "interrupted", "missing", "missing"]
    before = (tmp_path / "0" / "manifest.json").read_text()
    status, output, errors = finish(start("sim.commands.resume", str(tmp_path)))
    assert status == 0, errors
    assert f"{tmp_path}: 4 jobs, 4 done" in output
    assert "1 of 3: job 1, interrupted: +scenario=call_ban_only seed=1" in output
    assert (tmp_path / "0" / "manifest.json").read_text() == before
    assert read_manifest(killed)["resumed"]
    assert digest(table(tmp_path)) == digest(table(serial))


def test_the_same_sweep_once_more_does_only_what_is_missing(serial, copy):
    shutil.rmtree(copy / "2")
    before = [read_manifest(copy / name) for name in "013"]
    status, _, errors = finish(sweep(copy))
    assert status == 0, errors
    assert [read_manifest(copy / name) for name in "013"] == before
    assert digest(table(copy)) == digest(table(serial))


def test_a_job_that_cannot_be_done_does_not_keep_others_from_it(copy):
    (copy / "1" / "manifest.json").unlink()
    shutil.rmtree(copy / "2")
    (copy / "2").write_text("in the way")
    status, output, errors = finish(start("sim.commands.resume", str(copy)))
    assert status == 1
    assert "Job 2 failed" in errors
    assert "3 done, 1 missing" in output


def test_a_job_in_a_place_that_cannot_be_seen_is_left_alone(copy):
    path = copy / "3" / "manifest.json"
    entry = json.loads(path.read_text())
    for status, host, seen in (
        ("running", "elsewhere", "running"),
        ("running", entry["place"]["host"], "interrupted"),  # whose process has ended
        ("failed", "elsewhere", "failed"),
    ):
        place = entry["place"] | {"host": host}
        path.write_text(json.dumps(entry | {"status": status, "place": place}))
        assert statuses(copy)[3] == seen


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"multirun\.yaml: no such file"):
        Multirun.of(str(tmp_path))
