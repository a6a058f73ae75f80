"""A sweep whose workers and driver are killed at random moments loses and doubles nothing.

``python -m tests.chaos [--seed N] [--minutes M] FOLDER`` kills until the time is up, then finishes
the sweep and compares it with one that was not disturbed.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from sim.commands.collect import collect
from sim.sweeps.status import status
from tests.helpers.cli import REPO, environment
from tests.helpers.sweeping import GRADE, HABIT, begin, finish

SIZE = ("population.n_users=60", "dur_days=84")
FACTORS = {HABIT: {"low": 1.0, "high": 3.0}, GRADE: {"low": 0.0, "high": 1.0}}
PROCESSES = ("executor=processes", "executor.workers=2")


def resume(folder, *arguments):
    """Start going on with a sweep, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "sim.resume", str(folder.path), *arguments], cwd=REPO,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def finished(process):
    """Return exit status and what was said."""
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def wait_until(condition, process):
    """Return what `condition` says as soon as it says something, while `process` lasts."""
    until = time.monotonic() + 120
    while not (found := condition()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)
    return found


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


def kill_worker(process, rng):
    os.kill(rng.choice(workers_of(process)), signal.SIGKILL)


def kill_driver(process, _):
    """Its workers are orphans for a moment."""
    os.kill(process.pid, signal.SIGKILL)


def kill_all(process, _):
    os.killpg(process.pid, signal.SIGKILL)


HARMS = kill_worker, kill_driver, kill_all


def assert_whole(folder, straight):
    """Fail unless every run is there once, with the results of the undisturbed sweep."""
    n = len(folder.runs)
    assert folder.records()["run"].tolist() == list(range(n))
    found = collect(folder.path)
    table = pd.read_parquet(found.folder / "outcomes.parquet")
    assert table.groupby("run").size().eq(len(table) // n).all()
    assert found.digest == straight


def main():
    """Kill at random moments, then go on to the end."""
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=2.0)
    options = parser.parse_args()
    rng, until = random.Random(options.seed), time.monotonic() + 60 * options.minutes  # noqa: S311
    n = int(100 * options.minutes)
    straight = finish(begin(options.folder / "straight", FACTORS, overrides=SIZE, n=n))
    folder, n_done, n_kills = begin(options.folder / "chaos", FACTORS, overrides=SIZE, n=n), 0, 0
    while time.monotonic() < until and n_done < n:
        process = resume(folder, *PROCESSES)
        wait_until(lambda process=process: workers_of(process) or done_in(folder) == n, process)
        time.sleep(rng.uniform(0, 4))
        if process.poll() is None and workers_of(process):
            rng.choice(HARMS)(process, rng)
            n_kills += 1
            time.sleep(rng.uniform(0, 2))
        if process.poll() is None:
            kill_all(process, rng)
        process.communicate()
        before, n_done = n_done, done_in(folder)
        assert n_done >= before, "a run that was done was lost"
        print(f"{n_kills} kills, {n_done} of {n} runs done", flush=True)
    finish(folder)
    assert_whole(folder, straight)
    print("nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
