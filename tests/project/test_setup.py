"""The set-up picks a Python that runs, or says in one line that there is none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci/venv"
BROKEN = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
OLD = "#!/bin/sh\nexit 1\n"  # what sys.exit(sys.version_info < (3, 12)) says under 3.11
GOOD = """#!/bin/sh
echo "$0 $*" >> log
case "$*" in *-m\\ venv*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; esac
"""


@pytest.fixture
def machine(tmp_path):
    """Return a way to run the set-up on a machine that has just these Pythons."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "rm", "mkdir", "cp"):
        os.symlink(shutil.which(tool), tools / tool)

    def set_up(**pythons):
        for name, text in pythons.items():
            path = tools / name.replace("_", ".")
            path.write_text(text)
            path.chmod(0o755)
        done = subprocess.run(
            [shutil.which("sh"), SCRIPT], cwd=tmp_path, env={"PATH": str(tools)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        log = tmp_path / "log"
        return done, log.read_text() if log.exists() else ""

    return set_up


def test_a_machine_without_a_python_is_reported_in_one_line(machine):
    done, _ = machine()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.12 or newer" in done.stderr


def test_names_that_do_not_run_or_are_older_are_passed_over(machine):
    done, log = machine(python3_14=BROKEN, python3_13=OLD, python3_12=GOOD, python3=OLD)
    assert done.returncode == 0, done.stderr
    assert "python3.12 -m venv .venv" in log
    assert "--require-hashes -r requirements.txt" in log


def test_the_newest_is_taken(machine):
    _, log = machine(python3_13=GOOD, python3=GOOD)
    assert "python3.13 -m venv" in log


def test_only_old_pythons_are_no_python(machine):
    done, _ = machine(python3_12=BROKEN, python3=OLD)
    assert done.returncode == 1
