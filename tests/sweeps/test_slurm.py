"""Sweeps on a real Slurm (tests/helpers/slurm/start.sh): what is killed goes on elsewhere."""

import os
import signal
import subprocess

import pytest

from sim import compare, load_config
from sim.base.process_info import ProcessInfo
from sim.commands.collect import collect
from sim.runs.kept import kept
from sim.runs.manifest import read_manifest
from sim.sweeps.multirun import Multirun
from tests import chaos
from tests.chaos import FACTORS
from tests.helpers.multirunning import (
    OFTEN,
    digest,
    finish,
    has_checkpoint,
    stacked,
    start,
    statuses,
    table,
    wait_for,
)
from tests.helpers.slurming import NEEDS_SLURM, private_slurm
from tests.helpers.sweeping import begin

pytestmark = NEEDS_SLURM
SMALL = ("population.n_users=500", "replications=1", "step_days=1", "compare_to=[]", OFTEN)
RESOURCES = ("executor=slurm", "executor.workers=2", "executor.queue=test", "executor.memory=1GB",
             "executor.host=127.0.0.1")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _slurm():
    """Start a Slurm that all commands find."""
    with private_slurm() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


def straight(folder):
    """Return the table of a sweep whose jobs are done here, one after another."""
    configs = [load_config(*job.overrides) for job in Multirun(folder).jobs]
    return stacked(kept(compare(config).timeseries, config) for config in configs)


def may_be_alive_elsewhere(place):
    """Say what another host would think of a process: it has only Slurm to ask."""
    return ProcessInfo(**(place | {"host": "elsewhere"})).may_be_running()


def test_jobs_whose_workers_are_cancelled_and_killed_go_on_elsewhere(tmp_path):
    process = start("sim", "-m", *RESOURCES, "+scenario=call_ban_only", "seed=range(4)", *SMALL,
                    f"hydra.sweep.dir={tmp_path}")  # fmt: skip

    def under_way():
        """Return the place of a job that has kept a step and is not harmed yet."""
        for folder in {tmp_path / str(k) for k in range(4)} - harmed.keys():
            if has_checkpoint(folder) and read_manifest(folder)["status"] == "running":
                return folder, read_manifest(folder)["process"]
        return None

    harmed = {}
    for harm in (
        lambda place: os.kill(place["pid"], signal.SIGKILL),
        lambda place: subprocess.run(["scancel", place["slurm_job"]], check=True),
    ):
        folder, place = wait_for(under_way, process)
        assert may_be_alive_elsewhere(place)
        harm(place)
        harmed[folder] = place
    status, _, errors = finish(process)
    assert status == 0, errors
    assert all(read_manifest(folder)["resumed"] for folder in harmed)
    assert not any(may_be_alive_elsewhere(place) for place in harmed.values())
    assert digest(table(tmp_path)) == digest(straight(tmp_path))
    assert statuses(tmp_path) == ["done"] * 4
    assert (collect(tmp_path).runs["status"] == "done").all()


def test_a_worker_near_its_time_limit_leaves_and_its_job_goes_on(tmp_path):
    """So that the job is not done by then, it is held: Slurm counts in whole minutes."""
    process = start("sim", "-m", *RESOURCES, "executor.walltime=00:00:20",
                    "+scenario=call_ban_only", *SMALL, "population.n_users=5000",
                    "step_days=0.25", f"hydra.sweep.dir={tmp_path}")  # fmt: skip
    folder = tmp_path / "0"
    wait_for(lambda: has_checkpoint(folder), process)
    place = read_manifest(folder)["process"]
    os.kill(place["pid"], signal.SIGSTOP)
    wait_for(lambda: seconds_left(place["slurm_job"]) <= 60 - 16, process)
    os.kill(place["pid"], signal.SIGCONT)
    status, _, errors = finish(process)
    assert status == 0, errors
    assert all(stage["from_step"] > 0 for stage in read_manifest(folder)["resumed"])
    assert digest(table(tmp_path)) == digest(straight(tmp_path))


def seconds_left(job):
    """Return how long Slurm lets a job run [s]."""
    minutes, seconds = squeue(f"--jobs={job}", "--format=%L").split(":")
    return 60 * int(minutes) + int(seconds)


def squeue(*arguments):
    asked = ["squeue", "--noheader", *arguments]
    return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()


def test_ctrl_c_lets_workers_of_a_design_end_what_they_are_at(tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, n=200)
    process = chaos.resume(folder, *RESOURCES)
    chaos.wait_until(lambda: chaos.done_in(folder) > 0, process)
    process.send_signal(signal.SIGINT)
    _, said = chaos.finished(process)
    assert "Stopping as soon as" in said
    assert folder.manifest["sessions"][-1]["why"] == "interrupted"
    assert 0 < chaos.done_in(folder) < 200
    assert not squeue("--states=RUNNING")


def test_jobs_that_slurm_would_not_take_are_refused_at_once(tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, n=4)
    status, said = chaos.finished(chaos.resume(folder, *RESOURCES, "executor.queue=nowhere"))
    assert status == 2
    assert "executor=slurm: " in said
    assert "invalid partition" in said
    assert not squeue("--states=RUNNING")
