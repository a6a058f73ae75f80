"""Sweeps as commands: interrupted, killed at any moment, gone on with; nothing lost or doubled."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

from sim.commands.collect import collect
from sim.sweeps.folder import SweepFolder
from sim.sweeps.status import status
from tests.helpers.cli import REPO, environment
from tests.helpers.sweeping import GRADE, HABIT, begin, finish

N_KILLS = 20
LUCK = random.Random(20251125)  # noqa: S311  (for moments, not for secrets)
CHAOS = {HABIT: {"low": 1.0, "high": 3.0}, GRADE: {"low": 0.0, "high": 1.0}}


def sweep(*arguments, command="experiments.sweep"):
    """Start the command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", command, *map(str, arguments)], cwd=REPO,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def resume(*arguments):
    """Start going on with a sweep, in a process group of its own."""
    return sweep(*arguments, command="sim.resume")


def finished(process):
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def workers_of(process):
    """Return the processes that `process` has begun, and those they have begun."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,sid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    mine = [(int(pid), rest[0]) for pid, sid, *rest in rows if int(sid) == process.pid and rest]
    return [pid for pid, args in mine if pid != process.pid and "spawn_main" in args]


def done_in(folder):
    return status(folder).counts["done"]


def wait_until(condition, process):
    until = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Return the hash of the sweep that the tests break off, taken without a break."""
    return finish(begin(tmp_path_factory.mktemp("straight") / "sweep", CHAOS, n=320))


@pytest.mark.slow
def test_a_design_is_begun_run_by_dask_collected_and_looked_at_as_commands(tmp_path):
    said = {}
    for executor in ("dask", "serial"):
        code, said[executor] = finished(
            sweep(
                "design=grade_and_push",
                "design.replications=1",
                f"executor={executor}",
                "design.overrides=['population.n_users=200']",
                f"folder={tmp_path / executor}",
            )
        )
        assert code == 0, said[executor]
        assert "All done" in said[executor]
    assert collect(tmp_path / "dask").digest == collect(tmp_path / "serial").digest
    code, shown = finished(resume("--status", tmp_path / "dask"))
    assert code == 0
    assert re.search(r"done +25 ", shown)


@pytest.mark.slow
def test_ctrl_c_ends_a_sweep_after_the_runs_under_way_and_it_can_be_gone_on_with(
    straight, tmp_path
):
    folder = begin(tmp_path / "sweep", CHAOS, n=320)
    process = resume(folder.path)
    wait_until(lambda: len(folder.records()) > 0, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    code, said = finished(process)
    assert code == 1
    assert "Ended (interrupted)" in said
    assert 0 < done_in(folder) < 320
    assert folder.manifest["sessions"][-1]["why"] == "interrupted"
    code, said = finished(resume(folder.path))
    assert code == 0, said
    assert collect(folder.path).digest == straight


@pytest.mark.slow
def test_workers_that_are_killed_are_replaced(straight, tmp_path):
    folder = begin(tmp_path / "sweep", CHAOS, n=320)
    process = resume(folder.path, "executor=processes", "executor.workers=2")
    for _ in range(3):
        before = done_in(folder)
        wait_until(lambda before=before: done_in(folder) > before, process)
        wait_until(lambda: workers_of(process), process)
        os.kill(LUCK.choice(workers_of(process)), signal.SIGKILL)
    code, said = finished(process)
    assert code == 0, said
    assert collect(folder.path).digest == straight


@pytest.mark.slow
def test_chaos(straight, tmp_path):
    """Driver and workers are killed at random moments; who reads meanwhile reads whole files."""
    folder = begin(tmp_path / "sweep", CHAOS, n=320)
    seen, over = [], threading.Event()

    def read():
        while not over.is_set():
            seen.append(status(SweepFolder(folder.path)).counts)
            assert sum(seen[-1].values()) == 320
            time.sleep(0.05)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(N_KILLS):
            process = resume(folder.path, "executor=dask", "executor.workers=2")
            wait_until(lambda process=process: workers_of(process), process)
            time.sleep(LUCK.uniform(0, 4))
            if LUCK.random() < 0.5:  # the driver alone: its workers are orphans for a moment
                os.kill(process.pid, signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        code, said = finished(resume(folder.path, "executor=dask"))
        if code:  # by bad luck three kills hit the same run: it is told, and done when asked again
            assert "the worker's process died at this run, 3 times" in said, said
            code, said = finished(resume(folder.path, "executor=dask"))
        assert code == 0, said
    finally:
        over.set()
        reader.join()
    assert max(count["done"] for count in seen) <= 320
    done = [count["done"] for count in seen]
    assert done == sorted(done), "a run that was done was lost"
    records = folder.records()
    assert records["run"].tolist() == list(range(320))  # none lost, none doubled
    table = pd.read_parquet(collect(folder.path).folder / "outcomes.parquet")
    assert table.groupby("run").size().eq(len(table) // 320).all()
    assert collect(folder.path).digest == straight
