"""Work on a shard: take its missing runs, and keep their records and outcomes."""

from __future__ import annotations

import datetime as dt
import os
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim import __version__
from sim.base.versions import commit, sources
from sim.config.sim_config import SimConfig
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.model.watch import Watch
from sim.runs.run import take_run
from sim.sweeps.batch import Report
from sim.sweeps.folder import DONE, FAILED, RECORD, Shard, SweepFolder
from sim.sweeps.lease import MAX_CRASHES, leased
from sim.sweeps.leaving import leaves
from sim.sweeps.outcomes import outcomes

Row = dict[str, Any]  # of the design
FLUSH = 10.0  # at most so much work is lost if a worker dies [s]


def work(folder: SweepFolder, number: int, session: str) -> Report:
    """Take the runs of a shard that have no result, and those that failed in earlier sessions.

    Each run goes on its own: one that fails is recorded with its traceback and the next begins.
    Results are written every ten seconds and at the end. A worker that has to leave does so after
    the run it is at.
    """
    shard, has_to_leave = Shard(folder.path, number), leaves(folder.stop)
    with leased(shard.lease, has_to_leave) as lease:
        if lease is None:
            return Report(0, 0)
        results, taker = _Results(shard), _Taker(folder)
        try:
            for row in _todo(folder, number, results.records, session):
                if has_to_leave():
                    break
                run = row["run"]
                if lease.crashes.get(run, 0) >= MAX_CRASHES:
                    results.add(_died(run, lease.crashes.pop(run), session))
                    continue
                lease.at(run)
                results.add(*taker.take(row, session))
        finally:
            results.flush()
        return Report(results.n_done, results.n_failed)


def _todo(folder: SweepFolder, number: int, records: pa.Table, session: str) -> list[Row]:
    """Return the runs of a shard to be taken, in order."""
    of_shard = folder.runs[folder.shard_of == number]
    settled = pc.or_(
        pc.equal(records["status"], DONE), pc.equal(records["session"], session)
    )  # a failure of this session stands
    done = set(records.filter(settled)["run"].to_pylist())
    rows: list[Row] = of_shard[~of_shard["run"].isin(done)].to_dict("records")
    return rows


class _Results:
    """Records and outcomes of a shard, on disk and pending."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self.records, self._outcomes = shard.records(), shard.outcomes()
        self._new: list[dict[str, Any]] = []
        self._tables: list[pa.Table] = []
        self._flushed = time.monotonic()
        self.n_done = self.n_failed = 0

    def add(self, record: dict[str, Any], table: pa.Table | None = None) -> None:
        self._new.append(record)
        if table is not None:
            self._tables.append(table)
        self.n_done += record["status"] == DONE
        self.n_failed += record["status"] == FAILED
        if time.monotonic() - self._flushed > FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write what is new; a run that had failed before has a new record."""
        if self._new:
            new = pa.Table.from_pylist(self._new, schema=RECORD)
            kept = self.records.filter(_others(self.records, new["run"]))
            self.records = pa.concat_tables([kept, new]).sort_by("run")
            done = self.records.filter(pc.equal(self.records["status"], DONE))["run"]
            known = self._outcomes.filter(_others(self._outcomes, new["run"]))
            known = known.filter(pc.is_in(known["run"], value_set=done))
            table = pa.concat_tables([known, *self._tables]).unify_dictionaries()
            self._outcomes = table.take(pc.sort_indices(table["run"]))  # stable
            self._shard.write(self.records, self._outcomes)
            self._new, self._tables = [], []
        self._flushed = time.monotonic()


def _others(table: pa.Table, runs: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(table["run"], value_set=runs))


class _Taker:
    """Takes runs one after another; those of a point that share their start share it."""

    def __init__(self, folder: SweepFolder) -> None:
        self._design, self._points = folder.design, folder.points
        self._threads = Threads(1)
        self._start: tuple[SimConfig, State] | None = None
        self._schedules: PolicySchedule | None = None

    def take(self, row: Row, session: str) -> tuple[dict[str, Any], pa.Table | None]:
        """Return the record of a run, and its outcomes if it is done."""
        run, timings = row["run"], {"seconds": 0.0, "start_seconds": 0.0}
        try:
            table = self._take(row, timings)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            failure = {"error": reason, "traceback": traceback.format_exc()}
            return _record(run, FAILED, session, {**timings, **failure}), None
        return _record(run, DONE, session, timings), table

    def _take(self, row: Row, timings: dict[str, float]) -> pa.Table:
        values = {key: row[key] for key in self._design.keys}
        config = self._points.config(values, row["scenario"])
        began = time.perf_counter()
        start = self._prepared(config)
        timings["start_seconds"] = time.perf_counter() - began
        began = time.perf_counter()
        if self._schedules is None or self._schedules.config != config:
            # which remembers steps: replications share it
            self._schedules = PolicySchedule(config)
        seen = take_run(
            self._schedules, row["replication"], start.copy(), self._threads, Watch(),
            lambda: None,
        )  # fmt: skip
        timings["seconds"] = time.perf_counter() - began
        return outcomes(config, seen, row["run"], self._design.groups)

    def _prepared(self, config: SimConfig) -> State:
        """Return the start of a run; it is the same for all policies but standing ones."""
        before_policies = config.model_copy(update={"policies": config.standing, "scenario": ""})
        if self._start is None or self._start[0] != before_policies:
            self._start = None  # one at a time in memory
            self._start = before_policies, prepare(config, self._threads)
        return self._start[1]


def _died(run: int, crashes: int, session: str) -> dict[str, Any]:
    reason = f"the worker's process died at this run, {crashes} times (killed, or out of memory?)"
    return _record(run, FAILED, session, {"error": reason, "traceback": ""})


def _record(
    run: int, status: str, session: str, more: Mapping[str, float | str]
) -> dict[str, Any]:
    made_by = {"version": __version__, **_made_by()}
    place = {"host": os.uname().nodename, "pid": os.getpid(), "session": session}
    now = dt.datetime.now(dt.UTC)
    return {"run": run, "status": status, "finished": now, **place, **made_by, **more}


@lru_cache(maxsize=1)
def _made_by() -> dict[str, str | None]:
    """Return the version of the code that this process runs."""
    return {"commit": commit(), "sources": sources()}
