"""A copy of the process does a part of the work, or the process does it itself."""

import os
import signal
import sys
import time

import pytest

from sim import beside as module
from sim.beside import beside


@pytest.fixture
def two_cores(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("no copies here")
    monkeypatch.setattr(module, "available_cores", lambda: 2)


def note(path):
    """Leave a file that tells which processes did the work, and how often."""
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")


def did(path):
    return [int(line) for line in path.read_text().split()]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_does_the_work_meanwhile(tmp_path):
    with beside(lambda: note(tmp_path / "done")):
        here = os.getpid()
    (other,) = did(tmp_path / "done")
    assert other != here


@pytest.mark.usefixtures("two_cores")
def test_what_a_copy_could_not_do_is_done_here(tmp_path):
    here = os.getpid()

    def work():
        if os.getpid() != here:
            raise ValueError("not in a copy")
        note(tmp_path / "done")

    with beside(work):
        pass
    assert did(tmp_path / "done") == [here]


@pytest.mark.usefixtures("two_cores")
def test_an_error_of_the_work_is_raised_here():
    def work():
        raise ValueError("nowhere")

    with pytest.raises(ValueError, match="nowhere"), beside(work):
        pass


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_hangs_is_ended_and_its_work_done_here(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    here = os.getpid()

    def work():
        if os.getpid() != here:
            signal.pause()
        note(tmp_path / "done")

    with beside(work):
        pass
    assert did(tmp_path / "done") == [here]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_ends_with_what_it_stands_beside(tmp_path):
    def work():
        time.sleep(0.5)
        note(tmp_path / "done")

    with pytest.raises(KeyboardInterrupt), beside(work):
        raise KeyboardInterrupt
    time.sleep(0.7)
    assert not (tmp_path / "done").exists()


def test_on_one_core_there_is_no_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 1)
    with beside(lambda: note(tmp_path / "done")):
        pass
    assert did(tmp_path / "done") == [os.getpid()]
