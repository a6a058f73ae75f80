"""Sweeps as commands: interrupted, killed at any moment, gone on with; nothing lost or doubled."""

import os
import random
import re
import signal

import pytest

from experiments import sweep
from sim.commands import resume as command
from tests.chaos import (
    FACTORS,
    PROCESSES,
    SIZE,
    assert_whole,
    done_in,
    finished,
    kill_all,
    kill_driver,
    kill_worker,
    resume,
    wait_until,
    workers_of,
)
from tests.helpers.cli import called
from tests.helpers.sweeping import begin, finish

pytestmark = pytest.mark.slow
N = 64  # runs


def begun(path):
    return begin(path / "sweep", FACTORS, overrides=SIZE, n=N)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Return the hash of the sweep that the tests break off, taken without a break."""
    return finish(begun(tmp_path_factory.mktemp("straight")))


def test_a_design_is_begun_done_and_looked_at_as_commands(tmp_path):
    folder = tmp_path / "sweep"
    done = called(
        sweep.main, "design=grade_and_push", "design.replications=1", "executor=serial",
        "design.overrides=['population.n_users=60']", f"folder={folder}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "All done" in done.stdout
    shown = called(command.main, "--status", folder)
    assert shown.returncode == 0
    assert re.search(r"done +25 ", shown.stdout)


def test_ctrl_c_ends_a_sweep_after_the_runs_under_way_and_it_can_be_gone_on_with(
    straight, tmp_path
):
    folder = begun(tmp_path)
    process = resume(folder, *PROCESSES)
    wait_until(lambda: len(folder.records()) > 0, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    code, said = finished(process)
    assert code == 1
    assert "Ended (interrupted)" in said
    assert 0 < done_in(folder) < N
    assert folder.manifest["sessions"][-1]["why"] == "interrupted"
    assert finish(folder) == straight


def test_who_is_killed_is_replaced_and_nothing_is_lost_or_doubled(straight, tmp_path):
    folder, rng = begun(tmp_path), random.Random(1)  # noqa: S311
    for harm in (kill_worker, kill_driver, kill_all):
        if harm is not kill_driver:  # who follows the worker that was killed is the next victim
            process = resume(folder, *PROCESSES)
        before = done_in(folder)
        wait_until(lambda before=before: done_in(folder) > before, process)
        wait_until(lambda process=process: workers_of(process), process)
        harm(process, rng)
        if harm is not kill_worker:
            process.communicate()
        assert done_in(folder) >= before, "a run that was done was lost"
    finish(folder)
    assert_whole(folder, straight)
