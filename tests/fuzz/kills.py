"""Runs that are killed at any moment and go on; files of results that are damaged."""

import signal
import subprocess
import time

from sim.commands import resume, verify
from sim.runs.checkpoint import NAME
from sim.runs.header import Header
from tests.fuzz.trial import assert_in_words
from tests.helpers.cli import PYTHON, REPO, called, environment, simulated
from tests.helpers.resuming import assert_same_tables, read_manifest

SIGNALS = signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP
OFTEN = "engine.checkpoint_minutes=1e-6"
LONGEST = 120  # seconds until a run has begun


def run_killed(trial):
    """Kill a run, go on, compare it with one that was not disturbed; then damage its files."""
    words = [
        "+scenario=give_in", f"seed={trial.below(1000)}", f"engine.threads={1 + trial.below(2)}",
        f"population.n_users={trial.one_of([60, 1000, 3000])}", "replications=2", OFTEN,
    ]  # fmt: skip
    straight, broken = trial.folder / "straight", trial.folder / "broken"
    assert simulated(*words, f"hydra.run.dir={straight}").returncode == 0
    words.append(f"hydra.run.dir={broken}")
    for _ in range(trial.one_of([1, 1, 2])):
        _kill(_next(words, broken, trial), broken, trial)
        assert (called(verify.main, broken).returncode == 0) == _is_done(broken)
    if not _is_done(broken):
        module, *arguments = _next(words, broken, trial)
        again = module == "sim.resume"
        done = called(resume.main, broken) if again else simulated(*arguments)
        assert done.returncode == 0, done.stderr
    assert_same_tables(straight, broken)
    return _damaged(broken, trial)


def _is_done(folder):
    is_there = (folder / "manifest.json").is_file()
    return is_there and read_manifest(folder)["status"] == "done"


def _next(words, folder, trial):
    """Return the module and arguments that go on: the same again, or, if it can, a resumption."""
    if Header.exists(folder / NAME) and trial.chance(0.7):
        return "sim.resume", folder
    return "sim", *words


def _kill(command, folder, trial):
    """Begin, and kill at any moment after the folder is there."""
    module, *arguments = command
    signum, pause = trial.one_of(SIGNALS), 4 * trial.rng.random() ** 2
    trial.note(module, *arguments, signum.name, f"after {pause:.2f} s")
    process = subprocess.Popen(
        [*PYTHON, "-m", module, *map(str, arguments)], cwd=REPO, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    until = time.monotonic() + LONGEST
    while not (folder / "manifest.json").exists() and process.poll() is None:
        assert time.monotonic() < until, "it did not begin"
        time.sleep(0.05)
    time.sleep(pause)
    process.send_signal(signum)
    said, _ = process.communicate(timeout=LONGEST)
    trial.note(process.returncode, said)
    assert process.returncode in (0, -signum, 128 + signum), process.returncode
    assert "Traceback" not in said


def _damaged(folder, trial):
    """Damage one of the files of a run: it is found, or nothing was damaged."""
    assert called(verify.main, folder).returncode == 0
    path = folder / trial.one_of([*sorted(read_manifest(folder)["sha256"]), "manifest.json"])
    content = path.read_bytes()
    at, way = trial.below(len(content)), trial.below(4)
    flipped = content[:at] + bytes([content[at] ^ 1 << trial.below(8)]) + content[at + 1 :]
    damaged = [flipped, content[:at], content + b"\0", content[:at] + b"x" + content[at:]][way]
    path.write_bytes(damaged)
    trial.note("damaged:", path.name, "byte", at, "way", way)
    done = called(verify.main, folder)
    assert done.returncode in (verify.DAMAGED, 2), "damage was not found"
    assert path.name in done.stderr or path.name == "manifest.json", done.stderr
    assert_in_words(done.stderr)
    path.unlink()
    assert called(verify.main, folder).returncode != 0, "nobody missed a file"
    return "resumed"
