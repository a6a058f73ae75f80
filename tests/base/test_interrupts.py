"""Signals to stop: noted while runs last, raised at once when they come again, or asked for."""

import os
import pickle
import signal
import time
from threading import Event

import pytest

from sim.base.interrupts import SIGNALS, Interrupted, Interrupts, PolledInterrupts


def hold(*signums):
    """Send signals in the midst of a step, and return what ends it; tell how many were sent."""
    interrupts, sent = Interrupts(), []
    try:
        with interrupts.listening(), interrupts.held():
            for signum in signums:
                sent.append(signum)
                os.kill(os.getpid(), signum)
            sent.append("end of step")
    except Interrupted as stop:
        return stop, sent
    raise AssertionError("nothing came")


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_waits_for_the_end_of_a_step(signum):
    stop, sent = hold(signum)
    assert sent == [signum, "end of step"]
    assert (stop.signum, stop.status) == (signum, 128 + signum)


def test_one_kind_after_another_is_no_impatience():
    """A scheduler says that a job is to end, and then that it may be queued again."""
    stop, sent = hold(signal.SIGTERM, signal.SIGUSR2)
    assert sent[-1] == "end of step"
    assert str(stop) == "SIGUSR2"


def test_the_same_once_more_is_raised_at_once():
    _, sent = hold(signal.SIGINT, signal.SIGINT, signal.SIGINT)
    assert sent == [signal.SIGINT, signal.SIGINT]


def test_ctrl_c_after_another_signal_is_impatience():
    """Who presses it has just been told: once more to stop at once."""
    stop, sent = hold(signal.SIGTERM, signal.SIGINT, signal.SIGINT)
    assert (sent, str(stop)) == ([signal.SIGTERM, signal.SIGINT], "SIGINT")


def test_what_a_closed_terminal_sends_is_no_impatience():
    assert hold(signal.SIGHUP, signal.SIGTERM)[1][-1] == "end of step"


def test_who_runs_under_nohup_does_not_hear_the_terminal_close():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts().listening():
            os.kill(os.getpid(), signal.SIGHUP)  # would be raised here
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_interruption_is_the_same_in_another_process():
    stop = Interrupted(signal.SIGTERM)
    stop.message = "kept"
    copy = pickle.loads(pickle.dumps(stop))  # noqa: S301
    assert (copy.signum, copy.message, str(copy)) == (signal.SIGTERM, "kept", "SIGTERM")


def test_a_worker_is_asked_to_stop_from_any_thread():
    """As in a thread of Dask, where Python lets nobody listen to signals."""
    asked, interrupts = Event(), PolledInterrupts(lambda: asked.is_set())
    with interrupts.listening():
        interrupts.raise_if_any()
        asked.set()
        wait_until(lambda: interrupts.any)
        with pytest.raises(Interrupted, match="SIGTERM"):
            interrupts.raise_if_any()


def wait_until(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.01)
