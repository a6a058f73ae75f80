"""Executors of tasks: this process, local processes, or Dask workers on Slurm.

An executor hands tasks to workers and yields what they report. The run of a worker that died
stays undone, without an error: the driver reads on disk what is missing.
"""

from __future__ import annotations

import logging
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from sim.base.errors import ConfigError
from sim.base.extras import extra
from sim.base.interrupts import OF_TERMINAL, SIGNALS
from sim.base.strict import Strict
from sim.config.conf import ROOT
from sim.config.sim_config import SimConfig
from sim.kernel.parallel_map import available_cores
from sim.measures.registry import refuse_registered_measures
from sim.rules.registered import refuse_registered_rules
from sim.runs.memory import check_memory
from sim.sweeps.batch import Report
from sim.sweeps.leaving import at_work, begin_process
from sim.sweeps.tasks import run_task

if TYPE_CHECKING:
    from distributed import Client

MARGIN = 60.0  # before its time limit a worker on Slurm leaves; a quarter of a short limit [s]
Workers = Annotated[int, Field(ge=1, le=100_000)]


class LocalExecutor(Strict):
    """An executor of this machine."""

    def check(self, configs: Iterable[SimConfig]) -> None:
        """Refuse a run that does not fit in memory.

        Raises
        ------
        ConfigError
            If one of `configs` does not fit in memory.
        """
        for config in configs:
            check_memory(config)


class Serial(LocalExecutor):
    """The process that drives, one task after another, each on all cores."""

    kind: Literal["serial"] = "serial"

    def run(self, path: Path, tasks: Sequence[int], session: str) -> Iterator[Report]:
        """Take tasks of the batch in `path` and yield reports as they come."""
        for task in tasks:
            yield run_task(path, task, session)


class Processes(LocalExecutor):
    """Processes of this machine, which share its cores."""

    kind: Literal["processes", "dask"] = "processes"  # dask: the former name
    workers: Workers | None = None  # null: one a core

    def check(self, configs: Iterable[SimConfig]) -> None:
        """Refuse registered rules and measures, and a run that does not fit in memory.

        Raises
        ------
        ConfigError
            If a rule or a measure is registered, or one of `configs` does not fit in memory.
        """
        refuse_registered_rules("executor=processes", "executor=serial")
        refuse_registered_measures("executor=processes", "executor=serial")
        super().check(configs)

    def run(self, path: Path, tasks: Sequence[int], session: str) -> Iterator[Report]:
        """Take tasks of the batch in `path` and yield reports as they come."""
        n = min(self.workers or available_cores(), len(tasks))
        manner = (available_cores() // n, logging.getLogger("sim").level)
        # spawn: a forked child of a process that runs threads may hang
        with ProcessPoolExecutor(n, get_context("spawn"), begin_process, manner) as pool:
            with _without_interrupts():
                futures = _submitted(pool, path, tasks, session)
            yield from _reports(futures)


def _submitted(
    pool: ProcessPoolExecutor, path: Path, tasks: Sequence[int], session: str
) -> list[Future[Report]]:
    """Hand tasks to a pool; to none after a worker has died, which may be while it starts."""
    futures = []
    with suppress(BrokenProcessPool):
        for task in tasks:
            futures.append(pool.submit(at_work, run_task, path, task, session))  # noqa: PERF401
    return futures


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep signals of the terminal from workers that start now, until they ignore them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OF_TERMINAL)  # which they inherit
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reports(futures: Sequence[Future[Report]]) -> Iterator[Report]:
    for future in as_completed(futures):
        try:
            yield future.result()
        except BrokenProcessPool:  # a worker died; the pool is lost with it
            return


class Slurm(Strict):
    """Dask workers in Slurm jobs, as many as there is work for."""

    kind: Literal["slurm"] = "slurm"
    workers: Workers  # at most
    queue: str | None = None  # partition
    account: str | None = None
    cores: int = Field(default=1, ge=1, le=10_000)  # of a worker: threads of a job of -m
    memory: str = "2GB"  # of a worker
    # of a worker: new ones follow until all is done
    walltime: str = Field(default="01:00:00", pattern=r"^(\d+-)?\d\d:\d\d:\d\d$")
    host: str | None = None  # of the driver, as workers reach it; null: found out
    directives: tuple[str, ...] = ()  # more lines of #SBATCH: ["--constraint=avx512"]

    def check(self, _: Iterable[SimConfig]) -> None:
        """Refuse to go where there is no Slurm; whether a run fits is checked on its node.

        Raises
        ------
        ConfigError
            If there is no sbatch, dask-jobqueue is not installed, or a rule or a measure is
            registered.
        """
        refuse_registered_rules("executor=slurm", "executor=serial")
        refuse_registered_measures("executor=slurm", "executor=serial")
        with _keeping_handlers():  # which this library sets when it is imported
            extra("dask_jobqueue")
        if shutil.which("sbatch") is None:
            raise ConfigError("executor=slurm: sbatch not found; run this on a machine with Slurm")

    @property
    def bytes(self) -> float:
        """Return the memory of a worker [bytes]."""
        from dask.utils import parse_bytes

        return float(parse_bytes(self.memory))

    @property
    def lifetime(self) -> float:
        """Return after how long a worker leaves, before Slurm ends it [s]."""
        days, hours, minutes, seconds = map(int, re.split("[-:]", f"0-{self.walltime}")[-4:])
        limit = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return limit - min(MARGIN, limit / 4)

    def run(self, path: Path, tasks: Sequence[int], session: str) -> Iterator[Report]:
        """Take tasks of the batch in `path` and yield reports as they come."""
        from distributed import Client

        with _keeping_handlers():
            from dask_jobqueue import SLURMCluster
        _silence_dask()
        place = {} if self.host is None else {"host": self.host}
        options = ["--lifetime", f"{self.lifetime:.0f}s"]
        options += [] if self.host is None else ["--host", self.host]
        with (
            SLURMCluster(
                cores=1, processes=1, job_cpu=self.cores, memory=self.memory,
                queue=self.queue, account=self.account,
                walltime=self.walltime, python=sys.executable, log_directory=str(path / "slurm"),
                local_directory="/tmp", job_extra_directives=list(self.directives),  # noqa: S108
                job_script_prologue=[f"export PYTHONPATH={ROOT}:$PYTHONPATH"],
                scheduler_options={"dashboard_address": None, **place},
                worker_extra_args=options,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            _check_job(cluster.job_script())
            cluster.adapt(minimum=1, maximum=min(self.workers, len(tasks)))
            yield from _with_dask(client, path, tasks, session)


@contextmanager
def _keeping_handlers() -> Iterator[None]:
    """Restore the signal handlers afterwards."""
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    yield
    if threading.current_thread() is threading.main_thread():
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _check_job(script: str) -> None:
    """Refuse a job that Slurm would not take; without it the driver would wait for ever.

    Raises
    ------
    ConfigError
        With what sbatch says.
    """
    command = [shutil.which("sbatch") or "sbatch", "--test-only"]
    found = subprocess.run(command, input=script, capture_output=True, check=False, text=True)  # noqa: S603
    if found.returncode:
        raise ConfigError(f"executor=slurm: {found.stderr.strip()}")


Executor = Annotated[Serial | Processes | Slurm, Field(discriminator="kind")]


def _silence_dask() -> None:
    """Keep the terminal for the driver: Dask's scheduler would log every worker there."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


def _with_dask(client: Client, path: Path, tasks: Sequence[int], session: str) -> Iterator[Report]:
    """Yield reports of workers; a task that kills them repeatedly is given up."""
    from distributed import KilledWorker
    from distributed import as_completed as completed

    futures = [
        client.submit(run_task, path, task, session, key=f"{session}-{task}", pure=False)
        for task in tasks
    ]
    for future in completed(futures):
        error: Any = future.exception()
        if error is None:
            yield future.result()
        elif not isinstance(error, KilledWorker):
            raise error
