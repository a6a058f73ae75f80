"""How a command ends: what the machine refuses is told in a line, and who has enough is left."""

import errno
import io
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from sim import load_config
from sim.base.exit_codes import exit_status_of_errors
from sim.base.interrupts import Interrupted
from sim.report import run_folder as folder
from tests.helpers.cli import PYTHON, REPO, command, environment, python

TINY = ("population.n_users=100", "replications=1", "dur_days=14")


def ended_by(error, capsys):
    """Return the status with which `error` ends a command, and what is told."""
    with pytest.raises(SystemExit) as end, exit_status_of_errors():
        raise error
    return end.value.code, capsys.readouterr().err


def test_what_the_machine_refuses_is_reported_in_a_line(capsys):
    error = PermissionError(errno.EACCES, "Permission denied", "/there")
    assert ended_by(error, capsys) == (1, "Failed:\n/there: Permission denied\n")
    error = OSError("Could not open the table")
    assert ended_by(error, capsys) == (1, "Failed:\nCould not open the table\n")


def test_a_folder_that_cannot_be_made_is_reported_in_a_line(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    process = command(*TINY, f"hydra.run.dir={taken}")
    assert process.returncode == 2
    assert f"hydra.run.dir={taken}: File exists; allowed: a folder" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_full_disk_is_reported_with_the_folder(tmp_path, monkeypatch):
    """The system names no file that it could not write to."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder, "write_tables", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        folder.run_to_folder(load_config(*TINY), tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_who_has_read_enough_ends_a_command_in_silence():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PYTHON, "-m", "sim.scenarios"], cwd=REPO, env=environment(), stdout=writer,
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_where_nobody_listens_one_can_print(name, monkeypatch):
    monkeypatch.setattr(sys, name, None)
    with exit_status_of_errors():
        assert not getattr(sys, name).isatty()
        getattr(sys, name).close()
        monkeypatch.undo()


def test_a_terminal_that_is_gone_does_not_change_the_status(monkeypatch):
    """What is written to it fails, as on this full device."""
    gone = Path("/dev/full").open("w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stderr", gone)
    with pytest.raises(SystemExit) as end, exit_status_of_errors():
        raise Interrupted(signal.SIGHUP)
    assert end.value.code == 128 + signal.SIGHUP
    with suppress(OSError):
        gone.close()


def test_characters_that_are_not_known_are_spelled(monkeypatch):
    paper = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(paper, "ascii"))
    with exit_status_of_errors():
        print("outputs/д")
    assert paper.getvalue() == b"outputs/\\u0434\n"


def test_ctrl_c_while_the_simulator_is_imported_ends_in_silence():
    """Whoever imports the command line is stopped here in the midst of it."""
    code = (
        "import builtins, runpy\n"
        "real = builtins.__import__\n"
        "def stopped(name, *rest, **named):\n"
        "    if name == 'sim.commands.cli':\n"
        "        raise KeyboardInterrupt\n"
        "    return real(name, *rest, **named)\n"
        "builtins.__import__ = stopped\n"
        "try:\n"
        "    runpy.run_module('sim', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    print(end.code)\n"
    )
    assert python(code) == "130\n"
