"""Many jobs on this machine: every executor leaves the same tables; what is missing is done."""

import json
import os
import re
import shutil
import signal

import psutil
import pytest

from sim.base.errors import ConfigError
from sim.commands import resume
from sim.commands.collect import collect
from sim.report import run_folder
from sim.runs.manifest import read_manifest
from sim.sweeps.lease import MAX_CRASHES
from sim.sweeps.multirun import Multirun
from tests.helpers.cli import called, simulated
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
SWEEP = (
    "+scenario=call_ban_only", "seed=range(3)", "population.n_users=800", "replications=1",
    "step_days=1", "compare_to=[]", OFTEN,
)  # fmt: skip


def sweep(folder, *arguments, of=SWEEP):
    """Start the sweep in a process of its own."""
    return start("sim", "-m", *of, *arguments, f"hydra.sweep.dir={folder}")


def swept(folder, *arguments):
    """Take a sweep in this process."""
    return simulated("-m", *arguments, f"hydra.sweep.dir={folder}")


def resumed(folder):
    return called(resume.main, folder)


@pytest.fixture(scope="module", autouse=True)
def _no_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_folder, "save_figures", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Return the folder of a sweep that was done one job after another."""
    folder = tmp_path_factory.mktemp("sweep") / "serial"
    done = swept(folder, *SWEEP)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def copy(serial, tmp_path):
    return shutil.copytree(serial, tmp_path / "sweep")


def test_the_jobs_of_a_folder(serial):
    jobs = Multirun(serial).jobs
    assert [job.number for job in jobs] == [0, 1, 2]
    assert jobs[1].overrides[:2] == ("+scenario=call_ban_only", "seed=1")
    assert jobs[2].folder == serial / "2"
    assert statuses(serial) == ["done"] * 3


def test_a_worker_that_is_killed_is_replaced_and_others_leave_with_the_driver(serial, tmp_path):
    """They would wait for tasks for ever, and hold their memory."""
    process, folder = sweep(tmp_path, "executor=processes", "executor.workers=2"), tmp_path / "0"
    wait_for(lambda: has_checkpoint(folder), process)
    os.kill(read_manifest(folder)["process"]["pid"], signal.SIGKILL)
    wait_for(lambda: "resumed" in read_manifest(folder), process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=120)
    assert gone
    assert not alive
    process.communicate()
    assert "running" not in statuses(tmp_path)
    done = resumed(tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_manifest(folder)["status"] == "done"
    assert read_manifest(folder)["resumed"][0]["from_step"] > 0
    assert digest(table(tmp_path)) == digest(table(serial))
    assert collect(tmp_path).digest == collect(serial).digest


def test_ctrl_c_lets_jobs_keep_a_checkpoint_and_what_is_missing_is_done(serial, tmp_path):
    process = sweep(tmp_path)
    wait_for(lambda: has_checkpoint(tmp_path / "1"), process)
    process.send_signal(signal.SIGINT)
    status, output, errors = finish(process)
    assert status == 1, output
    assert "Stopping as soon as" in errors
    assert f"python -m sim.resume {tmp_path}" in output
    assert statuses(tmp_path) == ["done", "interrupted", "missing"]
    assert Multirun(tmp_path).manifest["sessions"][-1]["why"] == "interrupted"
    before = (tmp_path / "0" / "manifest.json").read_text()
    done = resumed(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "All done" in done.stdout
    assert (tmp_path / "0" / "manifest.json").read_text() == before
    assert read_manifest(tmp_path / "1")["resumed"]
    assert digest(table(tmp_path)) == digest(table(serial))


def test_the_same_sweep_once_more_does_only_what_is_missing(serial, copy):
    shutil.rmtree(copy / "2")
    before = [read_manifest(copy / name) for name in "01"]
    assert swept(copy, *SWEEP).returncode == 0
    assert [read_manifest(copy / name) for name in "01"] == before
    assert digest(table(copy)) == digest(table(serial))


def test_other_jobs_in_the_same_folder_are_refused(copy):
    done = swept(copy, *SWEEP, "seed=1,2")
    assert done.returncode == 2
    assert "holds other jobs" in done.stderr
    assert statuses(copy) == ["done"] * 3


def test_a_job_that_fails_is_recorded_and_stops_nobody(tmp_path):
    ties, folder = tmp_path / "ties.txt", tmp_path / "sweep"
    ties.write_text("0 1\n1 two\n")
    good = tmp_path / "good.txt"
    good.write_text("".join(f"{i} {(i + 1) % 200}\n" for i in range(200)))
    done = swept(
        folder, "network=from_file", f"network.path={ties},{good}", "dur_days=14",
        "population.n_users=200", "replications=1",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Ended (done): 0 missing, 1 failed" in done.stdout
    assert "two" in done.stdout
    assert statuses(folder) == ["failed", "done"]
    assert "Traceback" in read_manifest(folder / "0")["traceback"]
    assert collect(folder).runs["error"].notna().tolist() == [True, False]
    ties.write_text(good.read_text())  # the next session tries again
    assert resumed(folder).returncode == 0
    assert statuses(folder) == ["done", "done"]


def test_a_job_that_cannot_begin_is_recorded_and_stops_nobody(copy):
    (copy / "0" / "manifest.json").unlink()
    (copy / "0" / "checkpoint").write_text("in the way")
    shutil.rmtree(copy / "1")
    done = resumed(copy)
    assert done.returncode == 1
    assert "failed, 1 times, first run 0" in done.stdout
    assert statuses(copy) == ["failed", "done", "done"]


def test_a_job_at_which_workers_die_again_and_again_is_a_failure_at_last(copy):
    shutil.rmtree(copy / "2")
    claim = Multirun(copy).claim(2)
    claim.write_text(json.dumps({"run": 2, "crashes": {"2": MAX_CRASHES - 1}}))  # as they leave it
    assert resumed(copy).returncode == 1
    assert "process died" in read_manifest(copy / "2")["error"]
    assert resumed(copy).returncode == 0  # it has another chance


def test_how_a_multirun_stands_is_shown_and_nothing_is_run(copy):
    shutil.rmtree(copy / "2")
    done = called(resume.main, "--status", copy)
    assert done.returncode == 0
    assert re.search(r"missing +1 ", done.stdout)
    assert not (copy / "2").exists()


def test_a_job_in_a_place_that_cannot_be_seen_is_left_alone(copy):
    path = copy / "2" / "manifest.json"
    entry = json.loads(path.read_text())
    for status, host, seen in (
        ("running", "elsewhere", "running"),
        ("running", entry["process"]["host"], "interrupted"),  # whose process has ended
        ("failed", "elsewhere", "failed"),
    ):
        place = entry["process"] | {"host": host, "born": 0.0}
        path.write_text(json.dumps(entry | {"status": status, "process": place}))
        assert statuses(copy)[2] == seen


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"multirun\.yaml: no such file"):
        Multirun(tmp_path)


def test_a_folder_of_an_older_version_is_refused(tmp_path):
    (tmp_path / "multirun.yaml").write_text("hydra: {launcher: {}}\n")
    with pytest.raises(ConfigError, match="of an older version"):
        Multirun(tmp_path)
