"""Who takes the shards: this process, local processes, Dask workers, here or on Slurm.

An executor hands shards to workers and yields what they report. What a worker that died was at
stays undone, without an error: the driver reads on disk what is missing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from sim.base.errors import ConfigError
from sim.base.interrupts import SIGNALS
from sim.base.strict import Strict
from sim.config.conf import ROOT
from sim.kernel.pool import available_cores
from sim.sweeps.work import Report, work

if TYPE_CHECKING:
    from distributed import Client

Workers = Annotated[int, Field(ge=1, le=100_000)]


class Serial(Strict):
    """The process that drives, one shard after another."""

    kind: Literal["serial"] = "serial"

    def run(self, path: Path, shards: Sequence[int], session: str) -> Iterator[Report]:
        """Work at shards of the sweep in `path` and yield reports as they come."""
        for number in shards:
            yield work(path, number, session)


class Processes(Strict):
    """Processes of this machine."""

    kind: Literal["processes"] = "processes"
    workers: Workers | None = None  # null: one a core

    def run(self, path: Path, shards: Sequence[int], session: str) -> Iterator[Report]:
        """Work at shards of the sweep in `path` and yield reports as they come."""
        n = min(self.workers or available_cores(), len(shards))
        # spawn: a forked child of a process that runs threads may hang
        with ProcessPoolExecutor(n, get_context("spawn"), _follow_driver) as pool:
            with _sheltered():
                futures = [pool.submit(work, path, number, session) for number in shards]
            yield from _reports(futures)


@contextmanager
def _sheltered() -> Iterator[None]:
    """Keep Ctrl-C from workers that begin meanwhile, until they know to leave it to the driver."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # which they inherit
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


def _follow_driver() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the driver; end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    """End this process when the one that began it has: a pool's worker would wait for ever."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


class Dask(Strict):
    """Dask workers on this machine, each a process with one thread."""

    kind: Literal["dask"] = "dask"
    workers: Workers | None = None  # null: one a core

    def run(self, path: Path, shards: Sequence[int], session: str) -> Iterator[Report]:
        """Work at shards of the sweep in `path` and yield reports as they come."""
        from distributed import Client, LocalCluster

        n = min(self.workers or available_cores(), len(shards))
        with (
            LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            yield from _with_dask(client, path, shards, session)


class Slurm(Strict):
    """Dask workers in Slurm jobs of one core each, as many as there is work for."""

    kind: Literal["slurm"] = "slurm"
    workers: Workers  # at most
    queue: str | None = None  # partition
    account: str | None = None
    memory: str = "2GB"  # of a worker
    walltime: str = "01:00:00"  # of a worker: new ones follow until the sweep is done
    host: str | None = None  # of the driver, as workers reach it; null: found out
    directives: tuple[str, ...] = ()  # more lines of #SBATCH: ["--constraint=avx512"]

    def run(self, path: Path, shards: Sequence[int], session: str) -> Iterator[Report]:
        """Work at shards of the sweep in `path` and yield reports as they come."""
        from distributed import Client

        with _keeping_handlers():  # which this library sets when it is imported
            from dask_jobqueue import SLURMCluster
        place = {} if self.host is None else {"host": self.host}
        worker_place = [] if self.host is None else ["--host", self.host]
        with (
            SLURMCluster(
                cores=1, processes=1, memory=self.memory, queue=self.queue, account=self.account,
                walltime=self.walltime, python=sys.executable, log_directory=str(path / "slurm"),
                local_directory="/tmp", job_extra_directives=list(self.directives),  # noqa: S108
                job_script_prologue=[f"export PYTHONPATH={ROOT}:$PYTHONPATH"],
                scheduler_options={"dashboard_address": None, **place},
                worker_extra_args=worker_place,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            _check_job(cluster.job_script())
            cluster.adapt(minimum=1, maximum=min(self.workers, len(shards)))
            yield from _with_dask(client, path, shards, session)


@contextmanager
def _keeping_handlers() -> Iterator[None]:
    """Let signals do afterwards what they did before."""
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


Executor = Annotated[Serial | Processes | Dask | Slurm, Field(discriminator="kind")]


def _with_dask(
    client: Client, path: Path, shards: Sequence[int], session: str
) -> Iterator[Report]:
    """Yield reports of workers; a shard that kills them again and again is left."""
    from distributed import KilledWorker
    from distributed import as_completed as completed

    futures = [
        client.submit(work, path, number, session, key=f"{session}-{number}", pure=False)
        for number in shards
    ]
    for future in completed(futures):
        error: Any = future.exception()
        if error is None:
            yield future.result()
        elif not isinstance(error, KilledWorker):
            raise error
