"""Reasons for a worker to leave: its driver, the end of its process, or Dask."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

from sim.base.interrupts import OF_TERMINAL
from sim.kernel.parallel_map import THREADS
from sim.sweeps.batch import Report

_leaving = threading.Event()
_at_work = threading.Event()


def leaves(stop: Path) -> Callable[[], bool]:
    """Return a function that says, from any thread, whether the calling worker has to leave.

    Parameters
    ----------
    stop
        The file by which the driver says so.
    """
    closes = _dask_worker_closes()
    return lambda: _leaving.is_set() or stop.exists() or closes()


def _dask_worker_closes() -> Callable[[], bool]:
    """Return a function that says whether Dask closes the calling worker, if it is one."""
    if "distributed" not in sys.modules:
        return lambda: False
    from distributed import Status, get_worker

    try:
        worker = get_worker()
    except ValueError:  # this process has none
        return lambda: False
    return lambda: worker.status != Status.running


def begin_process(n_cores: int, level: int) -> None:
    """Let a process of a pool leave in good order: on SIGTERM, and when its driver has ended.

    Signals of the terminal, which reach all its processes, are left to the driver.

    Parameters
    ----------
    n_cores
        How many this process may use; 0 counts as one.
    level
        Of the package's logger.
    """
    os.environ[THREADS] = str(max(1, n_cores))
    logging.basicConfig(format="%(message)s")
    logging.getLogger("sim").setLevel(level)
    for signum in OF_TERMINAL:
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _write_page)
    threading.Thread(target=_follow_driver, daemon=True).start()


def at_work(
    take: Callable[[Path, int, str], Report], path: Path, task: int, session: str
) -> Report:
    """Take a task in a process of a pool, which ends afterwards if it has to leave."""
    _at_work.set()
    try:
        return take(path, task, session)
    finally:
        _at_work.clear()
        if _leaving.is_set():  # a pool's process would wait for its next task
            os._exit(128 + signal.SIGTERM)


def _write_page(signum: int, _: FrameType | None) -> None:
    _leaving.set()
    if not _at_work.is_set():
        os._exit(128 + signum)


def _follow_driver() -> None:
    """Make this process leave when its parent has ended."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
