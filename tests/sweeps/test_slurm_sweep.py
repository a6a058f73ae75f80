"""A design taken by Dask workers on a real Slurm: workers are cancelled and killed meanwhile."""

import json
import os
import signal
import subprocess

import pytest

from sim.commands.collect import collect
from sim.sweeps.lease import running
from tests.helpers.slurming import NEEDS_SLURM, private_slurm
from tests.helpers.sweeping import GRADE, HABIT, begin, finish
from tests.sweeps.test_sweep_process import done_in, finished, resume, wait_until

pytestmark = NEEDS_SLURM
FACTORS = {HABIT: {"low": 1.0, "high": 3.0}, GRADE: {"low": 0.0, "high": 1.0}}


@pytest.fixture
def slurm(monkeypatch):
    """Start a Slurm that the commands of a test find; return a way to its running jobs."""
    with private_slurm() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield running_jobs


def running_jobs():
    asked = ["squeue", "--noheader", "--states=RUNNING", "--format=%i"]
    return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split()


def at_work(folder):
    """Return the processes of workers that are at a run."""
    claims = [shard.lease for shard in folder.shards() if shard.lease.is_file()]
    return [json.loads(lease.read_text())["pid"] for lease in claims if running(lease) is not None]


def on_slurm(folder, queue="test"):
    return resume(
        folder.path, "executor=slurm", "executor.workers=3",
        f"executor.queue={queue}", "executor.memory=1GB", "executor.host=127.0.0.1",
        "executor.walltime=00:10:00",
    )  # fmt: skip


def test_workers_on_slurm_that_are_cancelled_or_killed_are_replaced(slurm, tmp_path):
    straight = finish(begin(tmp_path / "straight", FACTORS, n=160))
    folder = begin(tmp_path / "sweep", FACTORS, n=160)
    process = on_slurm(folder)
    wait_until(lambda: done_in(folder) > 0, process)
    subprocess.run(["scancel", slurm()[0]], check=True)
    before = done_in(folder)
    wait_until(lambda: done_in(folder) > before, process)
    wait_until(lambda: at_work(folder), process)
    os.kill(at_work(folder)[0], signal.SIGKILL)
    status, said = finished(process)
    assert status == 0, said
    assert collect(folder.path).digest == straight
    assert not slurm()


def test_jobs_that_slurm_would_not_take_are_refused_at_once(slurm, tmp_path):
    status, said = finished(on_slurm(begin(tmp_path / "sweep", FACTORS, n=4), "nowhere"))
    assert status == 2
    assert "executor=slurm: " in said
    assert "invalid partition" in said
    assert not slurm()


def test_ctrl_c_lets_workers_on_slurm_end_what_they_are_at(slurm, tmp_path):
    folder = begin(tmp_path / "sweep", FACTORS, n=400)
    process = on_slurm(folder)
    wait_until(lambda: done_in(folder) > 0, process)
    process.send_signal(signal.SIGINT)
    _, said = finished(process)
    assert "Stopping as soon as" in said
    assert folder.manifest["sessions"][-1]["why"] == "interrupted"
    assert 0 < done_in(folder) < 400
    assert not slurm()
