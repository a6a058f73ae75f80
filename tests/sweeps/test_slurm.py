"""Sweeps on a real Slurm (tests/slurm/start.sh): what is killed there is done to the same bits."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from sim import compare, load_config
from sim.base.place import Place
from sim.commands.collect import collect
from sim.runs.manifest import read_manifest
from sim.sweeps.multirun import Multirun
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

pytestmark = NEEDS_SLURM
SMALL = ("population.n_users=500", "replications=1", "step_days=1", OFTEN)
RESOURCES = ("+cluster=slurm", "hydra.launcher.partition=test", "hydra.launcher.mem_gb=1",
             "hydra.launcher.cpus_per_task=1")  # fmt: skip


@pytest.fixture
def slurm():
    """Start a Slurm; return the environment in which commands find it."""
    with private_slurm() as environment:
        yield environment


def straight(folder):
    """Return the table of a sweep whose jobs are done here, one after another."""
    jobs = Multirun.of(folder).jobs
    return stacked(compare(load_config(*job.overrides)).timeseries for job in jobs)


def test_an_array_whose_tasks_are_cancelled_and_killed_is_completed(slurm, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", slurm["SLURM_CONF"])
    process = start("sim", "-m", *RESOURCES, "+scenario=call_ban_only,baseline", "seed=range(5)",
                    "compare_to=[]", *SMALL, f"hydra.sweep.dir={tmp_path}", **slurm)  # fmt: skip

    def under_way():
        """Return the place of a job that has kept a step and is not harmed yet."""
        for folder in {tmp_path / str(k) for k in range(10)} - harmed.keys():
            if has_checkpoint(folder) and read_manifest(folder)["status"] == "running":
                return folder, read_manifest(folder)["place"]
        return None

    harmed = {}
    for harm in (
        lambda place: os.kill(place["pid"], signal.SIGKILL),
        lambda place: subprocess.run(["scancel", place["slurm_job"]], check=True),
        lambda place: subprocess.run(["scontrol", "requeue", place["slurm_job"]], check=True),
    ):
        folder, place = wait_for(under_way, process)
        harm(place)
        harmed[folder] = place
    killed, cancelled, requeued = harmed
    assert may_be_alive_elsewhere(harmed[requeued])
    assert Multirun.of(tmp_path).jobs[int(requeued.name)].status == "running"

    status, _, errors = finish(process)
    assert status == 1  # Hydra names the first job that has not ended
    assert "UncompletedJobError" in errors
    wait_for_slurm(tmp_path)  # Hydra leaves when it hears of a loss; jobs go on
    after = statuses(tmp_path)
    assert after.count("done") == 8
    assert [after[int(folder.name)] for folder in (killed, cancelled)] == ["interrupted"] * 2
    assert read_manifest(requeued)["resumed"]
    assert not may_be_alive_elsewhere(harmed[killed])

    status, output, errors = finish(start("sim.commands.resume", str(tmp_path)))
    assert status == 0, errors
    assert "10 jobs, 10 done" in output
    assert read_manifest(killed)["resumed"]
    assert read_manifest(cancelled)["resumed"]
    assert digest(table(tmp_path)) == digest(straight(tmp_path))
    found = collect(tmp_path)
    assert (found.runs["status"] == "done").all()
    joined = pd.read_parquet(found.folder / "outcomes.parquet")
    assert len(joined) == len(table(tmp_path))
    assert sorted(joined["run"].unique()) == list(range(10))


def wait_for_slurm(folder):
    until = time.monotonic() + 300
    while {"running", "missing"} & set(statuses(folder)):
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.5)


def may_be_alive_elsewhere(place):
    """Say what another host would think of a process: it has only Slurm to ask."""
    return Place(**(place | {"host": "elsewhere"})).may_be_alive()


def test_a_job_beyond_its_time_limit_is_queued_again_and_goes_on(slurm, tmp_path):
    """Slurm tells it after 15 to 45 seconds; so that it is not done by then, it is held."""
    limits = ("hydra.launcher.timeout_min=1", "hydra.launcher.signal_delay_s=15",
              "hydra.launcher.max_num_timeout=20")  # fmt: skip
    process = start("sim", "-m", *RESOURCES, *limits, "+scenario=call_ban_only", *SMALL,
                    f"hydra.sweep.dir={tmp_path}", **slurm)  # fmt: skip
    folder = tmp_path / "0"
    wait_for(lambda: has_checkpoint(folder), process)
    pid = read_manifest(folder)["place"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: has_reached(signal.SIGUSR2, pid), process)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    status, _, errors = finish(process)
    assert status == 0, errors
    assert all(stage["from_step"] > 0 for stage in read_manifest(folder)["resumed"])
    assert digest(table(tmp_path)) == digest(straight(tmp_path))


def has_reached(signum, pid):
    """Say whether a signal waits for a process that is held, or has ended it."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # it may go while it is read
        return True
    masks = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", told, re.M)
    return any(int(mask, 16) >> (signum - 1) & 1 for mask in masks)
