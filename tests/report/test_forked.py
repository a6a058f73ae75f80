"""Work of a forked process is done once, or here if that process fails, hangs or is killed."""

import os
import signal
import time

import pytest

from sim.report import forked as module
from sim.report.forked import forked_task


@pytest.fixture(params=["two cores", "one core"])
def _cores(request, monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 2 if request.param[0] == "t" else 1)


def forked(monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 2)


@pytest.mark.usefixtures("_cores")
def test_work_is_done_once(tmp_path):
    def work():
        with (tmp_path / "done").open("a") as file:
            file.write("x")

    with forked_task(work) as wait:
        wait()
    assert (tmp_path / "done").read_text() == "x"


def test_the_work_of_a_process_that_is_killed_is_done_here(tmp_path, monkeypatch):
    forked(monkeypatch)
    here = os.getpid()

    def work():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / "done").touch()

    with forked_task(work) as wait:
        wait()
    assert (tmp_path / "done").exists()


def test_the_work_of_a_process_that_hangs_is_done_here(tmp_path, monkeypatch):
    forked(monkeypatch)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    here = os.getpid()

    def work():
        if os.getpid() != here:
            time.sleep(1000)
        (tmp_path / "done").touch()

    with forked_task(work) as wait:
        wait()
    assert (tmp_path / "done").exists()


def test_an_error_is_raised_here_and_printed_nowhere(monkeypatch, capfd):
    forked(monkeypatch)

    def work():
        raise OSError("the disk is full")

    with forked_task(work) as wait, pytest.raises(OSError, match="the disk is full"):
        wait()
    assert capfd.readouterr() == ("", "")


def test_who_is_interrupted_ends_the_other_process(tmp_path, monkeypatch):
    """Within the time that drafts take to be deleted, which that process does."""
    forked(monkeypatch)
    draft = tmp_path / "draft"

    def work():
        try:
            draft.write_text(str(os.getpid()))
            time.sleep(1000)
        finally:
            draft.unlink()

    def interrupted():
        while not draft.exists():
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), forked_task(work):
        interrupted()
    assert not draft.exists()
