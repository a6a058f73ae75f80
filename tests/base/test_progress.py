"""How far a run is: silent when short, in place on a terminal, lines elsewhere."""

import io
import time

import pytest

from sim.base import progress
from sim.base.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(progress, "FIRST", 0.05)
    monkeypatch.setattr(progress, "IN_PLACE", 0.02)
    monkeypatch.setattr(progress, "BY_LINES", 0.05)


def shown(stream, mark="", n=0):
    """Return what is printed of a run that goes on until `mark` was printed `n` times."""
    deadline = time.monotonic() + 60
    with Progress("call_ban", 40, 1000, stream=stream) as running:
        running.step()
        while stream.getvalue().count(mark) < n:
            assert time.monotonic() < deadline, stream.getvalue()
            time.sleep(0.005)
        running.step()
    return stream.getvalue()


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_short_run_shows_nothing(stream):
    assert shown(stream()) == ""


@pytest.mark.usefixtures("quick")
def test_on_a_terminal_one_line_is_written_over_and_cleared():
    text = shown(Terminal(), progress.CLEAR, 3)
    assert "\n" not in text
    assert text.endswith(progress.CLEAR)


@pytest.mark.usefixtures("quick")
def test_elsewhere_lines_say_the_same_without_control_characters():
    text = shown(io.StringIO(), "\n", 2)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "call_ban: 2%, 1 of 40 steps" in text


def test_share_pace_and_time_left(monkeypatch):
    clock = iter([100.0, 102.0, 104.0, 106.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    running = Progress("x", 104, 1_000_000, n_done=100)
    assert running.line(90) == "x: 96%, 100 of 104 steps, building the world and its start"
    running.step()
    assert running.line(101) == "x: 97%, 101 of 104 steps"
    running.step()
    assert running.line(102) == "x: 98%, 102 of 104 steps, 500 k users/s, 0:04 left"
    assert running.line(103).endswith("0:03 left")
    assert running.line(999).endswith("0:00 left")
    running.step()
    assert "500 k users/s, 0:02 left" in running.line(104)


def test_hours_are_shown():
    assert progress.clock(3 * 3600 + 65) == "3:01:05"
    assert progress._short(1.25e9) == "1.25 G"
    assert progress._short(12) == "12"


def test_a_step_costs_next_to_nothing():
    running = Progress("x", 10, 10)
    began = time.perf_counter()
    for _ in range(10_000):
        running.step()
    assert time.perf_counter() - began < 0.5  # 50 µs a step; it takes about one
