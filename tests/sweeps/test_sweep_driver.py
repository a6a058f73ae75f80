"""How a sweep is driven: how long workers are replaced, when it stops, what is noted of that."""

import os
import re
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pandas as pd
import pytest

from sim.base.errors import ConfigError
from sim.sweeps import driver, executors, progress
from sim.sweeps import folder as on_disk
from sim.sweeps.batch import Report
from sim.sweeps.driver import PATIENCE, drive
from sim.sweeps.executors import Serial
from sim.sweeps.folder import Shard, SweepFolder, _points_per_shard
from sim.sweeps.lease import leased
from sim.sweeps.outcomes import SCHEMA
from sim.sweeps.progress import SweepProgress
from sim.sweeps.status import status
from sim.sweeps.work import work
from tests.helpers.sweeping import HABIT, begin, finish

TINY = ("population.n_users=60", "dur_days=35")
MANY = {HABIT: {"levels": tuple(1 + k / 10 for k in range(PATIENCE + 2))}}
FEW = {HABIT: {"levels": (1.0, 2.0, 3.0)}}


def tiny(path, factors=FEW):
    return begin(path / "sweep", factors, ("baseline",), overrides=TINY)


class Mortal(Serial):
    """A worker that takes one shard and dies."""

    def run(self, path, shards, session):
        yield from super().run(path, shards[:1], session)


class Dead(Serial):
    """Workers that die before they begin."""

    def run(self, *_):
        yield from ()


class Stopped(Serial):
    """The process that drives is told to stop while it is at its run number `at`."""

    at: int

    def run(self, path, shards, session):
        for k, report in enumerate(super().run(path, shards, session)):
            if k == self.at:
                os.kill(os.getpid(), signal.SIGTERM)
            yield report


def test_workers_that_die_are_replaced_as_long_as_something_comes_of_it(tmp_path):
    ended = drive(tiny(tmp_path, MANY), Mortal())
    assert (ended.why, ended.n_done) == ("done", PATIENCE + 2)


def test_workers_of_which_nothing_comes_are_given_up(tmp_path):
    folder = tiny(tmp_path)
    ended = drive(folder, Dead())
    assert (ended.why, ended.n_missing) == ("workers died", 3)
    assert folder.manifest["sessions"][-1]["why"] == "workers died"


def test_a_pool_whose_worker_was_killed_while_it_started_takes_no_more(tmp_path):
    with ProcessPoolExecutor(1, get_context("spawn"), os._exit, (9,)) as pool:
        with pytest.raises(BrokenProcessPool):
            pool.submit(abs, -1).result()
        assert executors._submitted(pool, tmp_path, [1, 2], "session") == []


def test_who_is_asked_to_stop_ends_the_run_it_is_at(tmp_path):
    folder = tiny(tmp_path)
    ended = drive(folder, Stopped(at=0))
    assert (ended.why, ended.n_done, ended.n_missing) == ("interrupted", 1, 2)
    assert not folder.stop.exists()


def test_a_sweep_that_is_asked_to_stop_at_its_last_run_is_done(tmp_path):
    """It was noted that its workers had died."""
    folder = tiny(tmp_path)
    ended = drive(folder, Stopped(at=2))
    assert (ended.why, ended.n_missing) == ("done", 0)
    assert folder.manifest["sessions"][-1]["why"] == "done"


def test_what_told_workers_of_a_killed_driver_to_stop_does_not_stop_the_next(tmp_path):
    folder = tiny(tmp_path)
    folder.stop.touch()
    assert drive(folder, Serial()).why == "done"


def test_an_error_of_an_executor_is_noted(tmp_path, monkeypatch):
    folder = tiny(tmp_path)
    monkeypatch.setattr(driver, "_rounds", lambda *_: [][0])
    with pytest.raises(IndexError):
        drive(folder, Serial())
    assert folder.manifest["sessions"][-1]["why"].startswith("IndexError: list index")


@pytest.fixture
def failing(tmp_path):
    """Return a sweep of two shards; the one run of the first fails."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("".join(f"{i},{(i + k) % 60}\n" for i in range(60) for k in (1, 2, 3)))
    bad.write_text("1,nobody\n")
    factors = {"network.path": {"levels": (str(bad), str(good))}}
    overrides = (*TINY, "network=from_file", f"network.path={good}")
    return begin(tmp_path / "sweep", factors, ("baseline",), overrides=overrides)


def test_as_many_failures_as_are_allowed_stop_nobody(failing):
    ended = drive(failing, Serial(), max_failures=1)
    assert (ended.why, ended.n_failed, ended.n_missing) == ("done", 1, 0)


def test_a_failure_stands_for_its_session_and_another_tries_again(failing):
    assert work(failing, 0, "one") == Report(0, 1)
    assert work(failing, 0, "one") == Report(0, 0)
    assert work(failing, 0, "two") == Report(0, 1)


def test_points_of_a_shard_have_starts_of_their_own(tmp_path, monkeypatch):
    """A start is kept for the runs that share it: those of a point."""
    apart = finish(tiny(tmp_path / "apart"))
    monkeypatch.setattr(on_disk, "SHARDS_AT_LEAST", 1)
    together = tiny(tmp_path / "together")
    assert len(together.shards()) == 1
    assert finish(together) == apart


def test_outcomes_that_were_written_without_their_record_are_not_there_twice(tmp_path):
    """As when a worker is killed between the two."""
    folder = tiny(tmp_path)
    straight = finish(folder)
    shard = folder.shards()[0]
    shard.write(on_disk.RECORD.empty_table(), shard.outcomes())
    assert finish(folder) == straight


# -- what is told meanwhile ----------------------------------------------------------------


def test_a_resumed_sweep_is_reported_from_where_it_stood(tmp_path, monkeypatch, capsys):
    folder = tiny(tmp_path)
    work(folder, 0, "before")
    monkeypatch.setattr(progress, "PAUSE", -1.0)
    drive(folder, Serial())
    told = re.findall(r"sweep: (\d+)%, (\d) of 3 runs", capsys.readouterr().err)
    assert told == [("67", "2"), ("100", "3")]


def test_pace_and_time_left_are_of_what_came_after_the_first_report(monkeypatch):
    """What came before compiled the rules."""
    clock = iter([0.0, 100.0, 110.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(progress, "PAUSE", 1e9)
    told = SweepProgress("name", 100)
    told.begin((10, 2))
    told.add(Report(3, 0))
    assert told.line(100.0) == "name: 15%, 15 of 100 runs, 2 failed"
    assert told.line(105.0) == "name: 15%, 15 of 100 runs, 2 failed"
    told.add(Report(18, 2))
    assert told.line(110.0) == "name: 35%, 35 of 100 runs, 4 failed, 2 runs/s, 0:32 left"


def test_a_run_that_is_done_is_not_called_running(tmp_path):
    """A worker stays at its run until it is at the next one."""
    folder = tiny(tmp_path)
    work(folder, 0, "one")
    first, second, _ = (shard.lease for shard in folder.shards())
    with leased(first, folder.stop.exists) as one, leased(second, folder.stop.exists) as other:
        one.at(0)
        other.at(1)
        assert status(folder).counts == {"done": 1, "running": 1, "failed": 0, "missing": 1}


# -- files ---------------------------------------------------------------------------------


def test_outcomes_are_there_before_the_record_that_says_so(tmp_path, monkeypatch):
    """Killed between the two, a worker leaves a run that is taken again."""
    written = []
    monkeypatch.setattr(on_disk, "write_hashed", lambda path, _: written.append(path.parent.name))
    Shard(tmp_path, 0).write(on_disk.RECORD.empty_table(), SCHEMA.empty_table())
    assert written == ["outcomes", "runs"]


def test_who_reads_a_shard_meanwhile_has_the_whole_of_it(tmp_path):
    folder = tiny(tmp_path)
    work(folder, 0, "one")
    path = folder.path / "runs" / "00000.parquet"
    whole = path.read_bytes()
    with path.open("rb") as reader:
        Shard(folder.path, 0).write(on_disk.RECORD.empty_table(), SCHEMA.empty_table())
        assert path.read_bytes() != whole
        assert reader.read() == whole


def test_a_shard_is_some_seconds_of_work_or_a_share_of_a_small_sweep():
    def sized(n_points, runs_each, size):
        runs = pd.DataFrame({"point": [p for p in range(n_points) for _ in range(runs_each)]})
        return _points_per_shard(runs, size)

    assert sized(3200, 10, 1e5) == 20  # 20 million users times steps
    assert sized(3200, 1, 1e5) == 100  # not fewer than 32 shards
    assert sized(31, 1, 1.0) == 1
    assert sized(3200, 10, 1e9) == 1


def test_a_folder_that_was_not_laid_down_to_the_end_is_no_sweep(tmp_path):
    folder = tiny(tmp_path)
    (folder.path / "manifest.json").unlink()
    with pytest.raises(ConfigError, match="not started"):
        SweepFolder(folder.path)
