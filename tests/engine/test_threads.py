"""Threads: every row once, chunks that depend on rows alone, errors passed on."""

import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from sim.engine.threads import BLOCK, GRAIN, Threads, chunks, cut

ROWS = [1, BLOCK - 1, BLOCK + 1, 5 * BLOCK, 33 * BLOCK + 7, 200 * BLOCK]


@pytest.mark.parametrize("grain", [GRAIN, 32 * GRAIN])
@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("n_rows", ROWS)
def test_every_row_is_visited_once(n_rows, n_threads, grain):
    visits = np.zeros(n_rows, np.int64)

    def visit(first, last):
        assert first % BLOCK == 0
        visits[first:last] += 1

    Threads(n_threads).run(visit, n_rows, grain=grain)
    assert (visits == 1).all()


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("n_rows", ROWS)
def test_chunks_have_their_numbers_and_rows_whatever_the_threads(n_rows, n_threads):
    found = {}

    def note(number, cuts):
        for k in range(len(cuts) - 1):
            found[number + k] = (int(cuts[k]), int(cuts[k + 1]))

    Threads(n_threads).run_chunks(note, n_rows)
    assert [found[k] for k in sorted(found)] == list(chunks(n_rows))


def test_chunks_of_a_range_keep_their_numbers():
    """As those of a rank: sums of all ranks stand beside each other by chunk."""
    every, found = chunks(33 * BLOCK + 7), {}
    for task in cut(every[5:20], 3, GRAIN, 5):
        found |= {task.number + k: rows for k, rows in enumerate(pairwise(task.cuts.tolist()))}
    assert found == dict(list(enumerate(every))[5:20])


@pytest.mark.parametrize(("n_rows", "n_tasks"), [(2 * GRAIN - 1, 1), (2 * GRAIN, 2)])
def test_nobody_is_woken_for_few_rows(n_rows, n_tasks):
    assert len(Threads(2).tasks(n_rows)) == n_tasks


def test_no_rows_are_no_work():
    Threads(2).run(pytest.fail, 0)


def test_two_threads_work_at_the_same_time():
    both = threading.Barrier(2, timeout=30)  # broken, were one to come after the other
    Threads(2).run(lambda *_: both.wait(), 2 * GRAIN)


@pytest.mark.parametrize("failing", ["main", "other"])
def test_an_error_of_either_thread_is_raised_when_nobody_works_any_more(failing):
    begun, ended = [], []
    here = threading.current_thread()
    both = threading.Barrier(2, timeout=30)

    def work(first, _):
        begun.append(first)
        if len(begun) <= 2:
            both.wait()
            if (threading.current_thread() is here) == (failing == "main"):
                ended.append(first)
                raise LookupError(failing)
        time.sleep(0.02)
        ended.append(first)

    with pytest.raises(LookupError, match=failing):
        Threads(2).run(work, 64 * GRAIN)
    assert sorted(begun) == sorted(ended)
    if failing == "main":  # as when it is interrupted
        assert len(begun) < len(Threads(2).tasks(64 * GRAIN))
