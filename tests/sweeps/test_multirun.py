"""Many jobs on this machine: every executor leaves the same tables; what is missing is done."""

import json
import os
import re
import shutil
import signal

import psutil
import pytest

from sim.base.errors import ConfigError
from sim.commands.collect import collect
from sim.runs.manifest import read_manifest
from sim.sweeps.lease import MAX_CRASHES
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
    jobs = Multirun(serial).jobs
    assert [job.number for job in jobs] == [0, 1, 2, 3]
    assert [job.overrides[:2] for job in jobs[1:3]] == [
        ("+scenario=call_ban_only", "seed=1"), ("+scenario=baseline", "seed=0"),
    ]  # fmt: skip
    assert jobs[3].folder == serial / "3"
    assert statuses(serial) == ["done"] * 4


def test_processes_leave_the_same_tables(serial, tmp_path):
    status, output, errors = finish(sweep(tmp_path, "executor=processes"))
    assert status == 0, errors
    assert "4 runs" in output
    assert digest(table(tmp_path)) == digest(table(serial))
    assert collect(tmp_path).digest == collect(serial).digest


def test_workers_leave_with_what_they_have_reached_when_the_driver_is_killed(serial, tmp_path):
    """They would wait for tasks for ever, and hold their memory."""
    process = sweep(tmp_path, "executor=processes", of=HALF)
    wait_for(lambda: any(has_checkpoint(folder) for folder in tmp_path.glob("?")), process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=120)
    assert gone
    assert not alive
    process.communicate()
    assert "running" not in statuses(tmp_path)
    assert "interrupted" in [read_manifest(folder).get("status") for folder in tmp_path.glob("?")]
    status, _, errors = finish(start("sim.resume", str(tmp_path), "executor=processes"))
    assert status == 0, errors
    assert digest(table(tmp_path)) == digest(table(serial, 2))


def test_a_worker_that_is_killed_is_replaced_and_its_job_goes_on(serial, tmp_path):
    process, folder = sweep(tmp_path, "executor=processes", of=HALF), tmp_path / "0"
    wait_for(lambda: has_checkpoint(folder), process)
    os.kill(read_manifest(folder)["place"]["pid"], signal.SIGKILL)
    status, _, errors = finish(process)
    assert status == 0, errors
    entry = read_manifest(folder)
    assert entry["status"] == "done"
    assert entry["resumed"][0]["from_step"] > 0
    assert digest(table(tmp_path)) == digest(table(serial, 2))


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_ctrl_c_lets_jobs_keep_a_checkpoint(serial, tmp_path, executor):
    process = sweep(tmp_path, f"executor={executor}", of=HALF)
    wait_for(lambda: has_checkpoint(tmp_path / "0"), process)
    process.send_signal(signal.SIGINT)
    status, output, errors = finish(process)
    assert status == 1, output
    assert "Stopping as soon as" in errors
    assert f"python -m sim.resume {tmp_path}" in output
    assert statuses(tmp_path)[0] == "interrupted"
    assert Multirun(tmp_path).manifest["sessions"][-1]["why"] == "interrupted"
    status, _, errors = finish(start("sim.resume", str(tmp_path)))
    assert status == 0, errors
    assert digest(table(tmp_path)) == digest(table(serial, 2))


def test_what_is_missing_or_was_killed_is_done_and_nothing_else(serial, tmp_path):
    process, killed = sweep(tmp_path), tmp_path / "1"
    wait_for(lambda: has_checkpoint(killed), process)
    process.kill()
    finish(process)
    assert statuses(tmp_path) == ["done", "interrupted", "missing", "missing"]
    before = (tmp_path / "0" / "manifest.json").read_text()
    status, output, errors = finish(start("sim.resume", str(tmp_path)))
    assert status == 0, errors
    assert "All done" in output
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


def test_other_jobs_in_the_same_folder_are_refused(copy):
    status, _, errors = finish(sweep(copy, of=HALF))
    assert status == 2
    assert "holds other jobs" in errors
    assert statuses(copy) == ["done"] * 4


def test_a_job_that_fails_is_recorded_and_stops_nobody(tmp_path):
    ties, folder = tmp_path / "ties.txt", tmp_path / "sweep"
    ties.write_text("0 1\n1 two\n")
    good = tmp_path / "good.txt"
    good.write_text("".join(f"{i} {(i + 1) % 2000}\n" for i in range(2000)))
    swept = ("network=from_file", f"network.path={ties},{good}", "dur_days=35", "compare_to=[]")
    status, output, errors = finish(sweep(folder, of=(*swept, *SIZE)))
    assert status == 1, errors
    assert "Ended (done): 0 missing, 1 failed" in output
    assert "two" in output
    assert statuses(folder) == ["failed", "done"]
    assert "Traceback" in read_manifest(folder / "0")["traceback"]
    assert collect(folder).runs["error"].notna().tolist() == [True, False]
    ties.write_text(good.read_text())  # the next session tries again
    status, output, errors = finish(start("sim.resume", str(folder)))
    assert status == 0, errors
    assert statuses(folder) == ["done", "done"]


def test_a_job_that_cannot_begin_is_recorded_and_stops_nobody(copy):
    (copy / "1" / "manifest.json").unlink()
    (copy / "1" / "checkpoint").write_text("in the way")
    shutil.rmtree(copy / "2")
    status, output, errors = finish(start("sim.resume", str(copy)))
    assert status == 1, errors
    assert "failed, 1 times, first run 1" in output
    assert statuses(copy) == ["done", "failed", "done", "done"]


def test_a_job_at_which_workers_die_again_and_again_is_a_failure_at_last(copy):
    shutil.rmtree(copy / "3")
    claim = Multirun(copy).claim(3)
    claim.write_text(json.dumps({"run": 3, "deaths": {"3": MAX_CRASHES - 1}}))  # as they leave it
    status, _, _ = finish(start("sim.resume", str(copy)))
    assert status == 1
    assert "process died" in read_manifest(copy / "3")["error"]
    status, _, errors = finish(start("sim.resume", str(copy)))  # it has another chance
    assert status == 0, errors


def test_how_a_multirun_stands_is_shown_and_nothing_is_run(copy):
    shutil.rmtree(copy / "3")
    status, output, errors = finish(start("sim.resume", "--status", str(copy)))
    assert status == 0, errors
    assert re.search(r"missing +1 ", output)
    assert not (copy / "3").exists()


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
        Multirun(tmp_path)


def test_a_folder_of_an_older_version_is_refused(tmp_path):
    (tmp_path / "multirun.yaml").write_text("hydra: {launcher: {}}\n")
    with pytest.raises(ConfigError, match="of an older version"):
        Multirun(tmp_path)
