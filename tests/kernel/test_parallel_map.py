"""Work on chunks: results in order, no more of them than needed, errors passed on."""

import threading

import pytest

from sim.kernel.parallel_map import each, ranges, stream


@pytest.mark.parametrize("n_threads", [None, 1, 2, 5])
def test_results_come_in_the_order_of_the_tasks(n_threads):
    assert list(stream(lambda k: k * k, range(50), n_threads)) == [k * k for k in range(50)]
    assert list(stream(str, [], n_threads)) == []
    assert list(stream(str, [7], n_threads)) == ["7"]


def test_threads_work_at_the_same_time():
    meeting = threading.Barrier(2, timeout=30)
    each(lambda _: meeting.wait(), range(2), 2)


def test_a_stream_runs_a_bounded_number_of_tasks_ahead():
    started = []
    results = stream(started.append, range(1000), 2)
    next(results)
    results.close()
    assert len(started) < 10


def test_an_error_reaches_who_asked():
    def fail(k):
        raise ValueError(f"task {k}")

    with pytest.raises(ValueError, match="task 0"):
        each(fail, range(9), 2)


@pytest.mark.interpreted
def test_ranges_cover_everything_once():
    assert ranges(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert ranges(8, 4) == [(0, 4), (4, 8)]
    assert ranges(0, 4) == []
