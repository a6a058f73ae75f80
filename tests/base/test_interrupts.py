"""Signals to stop: noted while runs last, raised at once when they come again, handed on."""

import os
import pickle
import signal

import pytest

from sim.base.interrupts import Interrupted, Interrupts, hand_on


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


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2])
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


def test_an_interruption_is_the_same_in_another_process():
    stop = Interrupted(signal.SIGTERM)
    stop.message = "kept"
    copy = pickle.loads(pickle.dumps(stop))  # noqa: S301
    assert (copy.signum, copy.message, str(copy)) == (signal.SIGTERM, "kept", "SIGTERM")


def test_the_time_limit_is_handed_on_to_who_listened_before():
    heard, before = [], signal.getsignal(signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, lambda signum, _: heard.append(signum))
    try:
        hand_on(Interrupted(signal.SIGTERM))
        assert heard == []
        hand_on(Interrupted(signal.SIGUSR2))
        assert heard == [signal.SIGUSR2]
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_where_nobody_listened_nothing_is_handed_on():
    hand_on(Interrupted(signal.SIGUSR2))  # which would end this process
