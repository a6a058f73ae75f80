"""Whether a process that a manifest tells of is still there."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from sim.base.errors import ConfigError
from sim.base.process_info import ProcessInfo
from sim.runs.checkpoint import Checkpoint
from sim.runs.manifest import refuse_concurrent_run, write_json


@pytest.fixture
def other():
    """Return a process that sleeps."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]) as process:
        yield process
        process.kill()


def place_of(process):
    born = psutil.Process(process.pid).create_time()
    return ProcessInfo(socket.gethostname(), process.pid, born, None)


def test_this_process_is_alive():
    here = ProcessInfo.here()
    assert (here.host, here.pid) == (socket.gethostname(), os.getpid())
    assert here.may_be_running()
    assert here.is_taken_over()


def test_a_process_lasts_until_it_has_ended(other):
    place = place_of(other)
    assert place.may_be_running()
    assert not place.is_taken_over()
    other.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while place.may_be_running():  # nobody has waited for it: its number is still taken
        assert time.monotonic() < until
    other.wait()
    assert not place.may_be_running()


def test_another_process_of_the_same_number_is_another(other):
    place = place_of(other)
    assert not dataclasses.replace(place, born=place.born - 100).may_be_running()


def test_of_another_host_nothing_is_known_here():
    assert dataclasses.replace(ProcessInfo.here(), host="elsewhere").may_be_running()


def test_a_job_that_slurm_starts_again_takes_over(monkeypatch):
    before = ProcessInfo("dead", 1, 0.0, "12_3")
    assert not before.is_taken_over()
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert before.is_taken_over()


def test_two_processes_do_not_run_in_one_folder(tmp_path, other):
    entry = {"status": "running", "process": dataclasses.asdict(place_of(other))}
    write_json(tmp_path / "manifest.json", entry)
    with pytest.raises(ConfigError, match=f"under way here, in process {other.pid}"):
        refuse_concurrent_run(tmp_path)
    write_json(tmp_path / "manifest.json", entry | {"status": "interrupted"})
    refuse_concurrent_run(tmp_path)


def test_a_run_that_has_kept_nothing_yet_is_not_to_be_started_anew(tmp_path, other):
    entry = {"status": "running", "process": dataclasses.asdict(place_of(other))}
    write_json(tmp_path / "manifest.json", entry)
    with pytest.raises(ConfigError, match="under way here"):
        Checkpoint.of(tmp_path)
    other.kill()
    other.wait()
    with pytest.raises(ConfigError, match=r"no checkpoint.*\(status=interrupted\)"):
        Checkpoint.of(tmp_path)
