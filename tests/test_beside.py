"""A copy of the process does a part of the work, or the process does it itself."""

import os
import signal
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sim.process import beside as module
from sim.process.beside import Turns, beside
from tests.cli import python


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
    with beside(note) as errand:
        errand.begin(tmp_path / "done")
        errand.finish()
    (other,) = did(tmp_path / "done")
    assert other != os.getpid()


@pytest.mark.usefixtures("two_cores")
def test_a_copy_gets_ready_before_it_is_told_what_to_do(tmp_path):
    with beside(note, lambda: note(tmp_path / "ready")) as errand:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        errand.begin(tmp_path / "done")
        errand.finish()
    assert did(tmp_path / "ready") == did(tmp_path / "done") != [os.getpid()]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_is_told_nothing_does_nothing(tmp_path):
    with beside(lambda: note(tmp_path / "done")):
        pass
    assert not (tmp_path / "done").exists()


@pytest.mark.usefixtures("two_cores")
def test_what_a_copy_could_not_do_is_done_here(tmp_path):
    here = os.getpid()

    def work(path):
        if os.getpid() != here:
            raise ValueError("not in a copy")
        note(path)

    with beside(work) as errand:
        errand.begin(tmp_path / "done")
        errand.finish()
    assert did(tmp_path / "done") == [here]


@pytest.mark.usefixtures("two_cores")
def test_an_error_of_the_work_is_raised_here():
    def work(where):
        raise ValueError(where)

    with beside(work) as errand:
        errand.begin("nowhere")
        with pytest.raises(ValueError, match="nowhere"):
            errand.finish()


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_hangs_is_ended_and_its_work_done_here(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    here = os.getpid()

    def work(path):
        if os.getpid() != here:
            signal.pause()
        note(path)

    with beside(work) as errand:
        errand.begin(tmp_path / "done")
        errand.finish()
    assert did(tmp_path / "done") == [here]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_ends_with_what_it_stands_beside(tmp_path):
    def work(path):
        time.sleep(0.5)
        note(path)

    with suppress(KeyboardInterrupt), beside(work) as errand:
        errand.begin(tmp_path / "done")
        raise KeyboardInterrupt
    time.sleep(0.7)
    assert not (tmp_path / "done").exists()


def is_there(process):
    """Say whether a process of this number exists, be it only to be waited for."""
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def told_by(path):
    """Return the number of the copy that leaves it in a file; wait for it."""
    while not path.exists() or not path.read_text().endswith("\n"):
        time.sleep(0.01)
    return did(path)[0]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_hangs_is_gone_before_its_work_is_done_here(tmp_path, monkeypatch):
    """Else both would write the same files."""
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    here, there = os.getpid(), []

    def work():
        if os.getpid() != here:
            note(tmp_path / "copy")
            signal.pause()
        there.append(is_there(told_by(tmp_path / "copy")))

    with beside(work) as errand:
        errand.begin()
        errand.finish()
    assert there == [False]


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_does_not_heed_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MANNERS", 0.05)

    def work():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note(tmp_path / "copy")
        while True:
            signal.pause()

    with beside(work) as errand:
        errand.begin()
        copy = told_by(tmp_path / "copy")
    assert not is_there(copy)


@pytest.mark.usefixtures("two_cores")
def test_a_copy_puts_its_drafts_away_before_it_ends(tmp_path):
    def work():
        try:
            note(tmp_path / "draft")
            time.sleep(30)
        finally:
            (tmp_path / "draft").unlink()

    with beside(work) as errand:
        errand.begin()
        told_by(tmp_path / "draft")
    assert not (tmp_path / "draft").exists()


@pytest.mark.usefixtures("two_cores")
def test_ctrl_c_which_goes_to_both_leaves_the_copy_to_the_other():
    """Be it one that nobody listens to, as in a thread."""
    here, before = os.getpid(), signal.signal(signal.SIGINT, signal.SIG_DFL)

    def interrupted():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGINT)
        return os.getpid()

    try:
        with beside(interrupted, interrupted) as errand:
            errand.begin()
            assert errand.finish() != here
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("two_cores")
def test_a_copy_ends_when_the_other_process_is_gone_without_a_word():
    code = (
        "import os\n"
        "from sim.process import beside\n"
        "beside.available_cores = lambda: 2\n"
        "errand = beside.Errand(print, lambda: os.closerange(0, 3))\n"
        "print(errand._copy, flush=True)\n"
        "os._exit(0)\n"
    )
    assert_gone(int(python(code)))


def assert_gone(copy):
    until = time.monotonic() + 10
    while running(copy) and time.monotonic() < until:
        time.sleep(0.02)
    if running(copy):
        os.kill(copy, signal.SIGKILL)
        pytest.fail("it waits for ever")


@pytest.mark.usefixtures("two_cores")
def test_a_copy_that_hangs_does_not_outlive_who_is_killed():
    code = (
        "import os, signal, time\n"
        "from sim.process import beside\n"
        "beside.available_cores = lambda: 2\n"
        "def hang():\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "    os.closerange(0, 3)\n"
        "    told.write(b'.')\n"
        "    time.sleep(60)\n"
        "heard, told = (open(end, mode, 0) for end, mode in zip(os.pipe(), ('rb', 'wb')))\n"
        "errand = beside.Errand(hang, lambda: None)\n"
        "errand.begin()\n"
        "heard.read(1)\n"
        "print(errand._copy, flush=True)\n"
        "os._exit(0)\n"
    )
    assert_gone(int(python(code)))


def running(process):
    """Say whether a process runs; nobody may have waited for one that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        return state.split()[0] != "Z"
    return False


@pytest.mark.usefixtures("two_cores")
def test_a_signal_while_a_copy_is_made_ends_one_process_alone():
    """The copy would go the way of the other: it would tell, and write, a second time."""
    code = (
        "import os, signal\n"
        "from sim.process import beside\n"
        "from sim.process.interrupts import Interrupted, Interrupts\n"
        "beside.available_cores = lambda: 2\n"
        "fork = os.fork\n"
        "def interrupted():\n"
        "    copy = fork()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return copy\n"
        "os.fork = interrupted\n"
        "try:\n"
        "    with Interrupts().listening(), beside.beside(print):\n"
        "        pass\n"
        "except Interrupted:\n"
        "    print('stopped', flush=True)\n"
    )
    assert python(code) == "stopped\n"


def test_on_one_core_there_is_no_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 1)
    with beside(note) as errand:
        errand.begin(tmp_path / "done")
        errand.finish()
    assert did(tmp_path / "done") == [os.getpid()]


@pytest.mark.usefixtures("two_cores")
def test_each_thing_is_done_by_one_process_and_the_slower_one_does_fewer(tmp_path):
    here, turns = os.getpid(), Turns(9)

    def work():
        for turn in turns:
            note(tmp_path / str(turn))
            wait_for(min(turn + 3, 9) if os.getpid() == here else 2)

    def wait_for(n_done):
        """Wait: the process here until the copy has done two more, the copy until both work."""
        until = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < n_done:
            assert time.monotonic() < until
            time.sleep(0.01)

    with closing(turns), beside(work) as errand:
        errand.begin()
        work()
        errand.finish()
    by = [did(tmp_path / str(turn)) for turn in range(9)]
    assert [len(who) for who in by] == [1] * 9
    assert 1 <= by.count([here]) <= 3


@pytest.mark.usefixtures("two_cores")
def test_what_a_copy_began_and_did_not_end_is_known(tmp_path):
    here, turns = os.getpid(), Turns(3)

    def work():
        for turn in turns:
            if os.getpid() != here:
                os._exit(1)
            note(tmp_path / str(turn))

    with closing(turns):
        with beside(work) as errand:
            errand.begin()
            errand.finish()
        (undone,) = turns.undone()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        str(turn) for turn in range(3) if turn != undone
    ]
