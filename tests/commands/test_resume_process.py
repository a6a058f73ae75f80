"""Real processes ended at any moment: resumed, they leave what a straight one leaves."""

import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from sim.commands import resume
from sim.runs.checkpoint import NAME
from tests.helpers.cli import PYTHON, REPO, called, environment, simulated
from tests.helpers.resuming import assert_same_tables, names, read_manifest

SIGNALS = {"INT": signal.SIGINT, "KILL": signal.SIGKILL}
OFTEN = "engine.checkpoint_minutes=0.001"


def start(*arguments):
    return subprocess.Popen(
        [*PYTHON, "-m", *arguments], cwd=REPO, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(condition, process, seconds=300):
    until = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.01)


def wait_for_line(beginning, process, seconds=300):
    """Read the error stream up to a line; a process that takes too long is killed."""
    limit = threading.Timer(seconds, process.kill)
    limit.start()
    found = any(line.startswith(beginning) for line in process.stderr)
    limit.cancel()
    assert found, f"no line begins with {beginning}"


def end(process, signum):
    """Send a signal; return exit status and error stream."""
    process.send_signal(signum)
    _, errors = process.communicate(timeout=300)
    return process.returncode, errors


GIVE_IN = "+scenario=give_in"
WORLDS = {
    "side by side": (
        GIVE_IN, "population.n_users=1000", "replications=2", "step_days=3.5", "compare_to=[]",
    ),
    "parts of one": (
        GIVE_IN,
        "population.n_users=50000",
        "replications=1",
        "step_days=14",
        "compare_to=[]",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Return a way to the folder of a run without a break; each is run once."""
    base = tmp_path_factory.mktemp("straight")

    def made(world):
        path = base / world.replace(" ", "_")
        if not path.exists():
            done = simulated(*WORLDS[world], f"hydra.run.dir={path}")
            assert done.returncode == 0, done.stderr
        return path

    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "threads", "name", "seed"),
    [
        ("side by side", 2, "INT", 1),
        ("parts of one", 2, "KILL", 5),
    ],
)
def test_a_process_ended_at_any_moment_can_be_resumed(
    tmp_path, straight, world, threads, name, seed
):
    rng, path = random.Random(seed), tmp_path / "run"  # noqa: S311
    process = start(
        "sim", *WORLDS[world], OFTEN, f"engine.threads={threads}", f"hydra.run.dir={path}"
    )
    wait_for((path / NAME / "header.json").exists, process)
    time.sleep(rng.uniform(0, 1))
    status, errors = end(process, SIGNALS[name])
    assert status == (-9 if name == "KILL" else 128 + SIGNALS[name]), errors
    if name != "KILL":
        assert errors.splitlines()[-1].endswith(f"go on with: python -m sim.resume {path}")
    process = start(
        "sim.commands.resume", path
    )  # ended once more, as soon as it is at work or later
    wait_for(lambda: "resumed" in read_manifest(path), process)
    time.sleep(rng.uniform(0, 2))
    end(process, SIGNALS[name])
    if read_manifest(path)["status"] != "done":
        assert called(resume.main, path).returncode == 0
    assert_same_tables(straight(world), path)
    assert names(path) == names(straight(world))
    assert read_manifest(path)["resumed"][0]["from_step"] > 0


@pytest.mark.slow
def test_a_long_run_stops_between_two_steps_when_asked(tmp_path):
    process = start(
        "sim", "--verbose", "population.n_users=20000", "replications=500",
        f"hydra.run.dir={tmp_path}",
    )  # fmt: skip
    wait_for_line("runs:", process)
    status, errors = end(process, signal.SIGTERM)
    assert status == 128 + signal.SIGTERM
    assert "Traceback" not in errors
    assert "SIGTERM: stopped" in errors.splitlines()[-1]
    assert read_manifest(tmp_path)["status"] == "interrupted"
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.slow
def test_a_run_whose_terminal_closes_keeps_what_it_reached(tmp_path):
    pid, terminal = pty.fork()
    if not pid:  # the command, in a session of its own
        run = "population.n_users=20000", "replications=500", f"hydra.run.dir={tmp_path}"
        os.execve(sys.executable, [sys.executable, "-m", "sim", *run], environment())  # noqa: S606
    shown = ""
    while not re.search("[1-9][0-9]* of [0-9]+ steps", shown):
        shown = shown[-99:] + os.read(terminal, 4096).decode()
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + signal.SIGHUP
    assert read_manifest(tmp_path)["error"] == "SIGHUP"
    assert list((tmp_path / NAME).glob("*.run"))


def test_the_command_refuses_in_words(tmp_path):
    done = called(resume.main, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path}: no checkpoint" in done.stderr
