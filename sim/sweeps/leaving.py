"""When a worker has to leave: its driver says so, or Dask closes it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def leaves(stop: Path) -> Callable[[], bool]:
    """Return what says at any time, from any thread, whether the worker that calls has to leave.

    Parameters
    ----------
    stop
        The file by which the driver says so.
    """
    if "distributed" not in sys.modules:
        return stop.exists
    from distributed import Status, get_worker

    try:
        worker = get_worker()
    except ValueError:  # this process has none
        return stop.exists
    return lambda: stop.exists() or worker.status != Status.running
