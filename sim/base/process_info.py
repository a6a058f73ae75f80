"""Host, process and Slurm job of a run; whether that process may still be running."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import Self

import psutil

SAME = 1.0  # two processes with the same pid start at least this far apart [s]


@dataclass(frozen=True)
class ProcessInfo:
    """A process, as recorded in a manifest."""

    host: str
    pid: int
    born: float  # start time [s since 1970], as pids are reused
    slurm_job: str | None  # as squeue shows it: 12, or 12_3 in an array

    @classmethod
    def here(cls) -> Self:
        """Describe this process."""
        me = psutil.Process()
        return cls(socket.gethostname(), me.pid, me.create_time(), _slurm_job())

    def may_be_running(self) -> bool:
        """Return whether the process may be running; True also if that is unknown.

        A process of this host is looked up, one of another host by its job in Slurm's queue.
        """
        if self.host == socket.gethostname():
            return self._is_running()
        queue = None if self.slurm_job is None else slurm_queue()
        return queue is None or self.slurm_job in queue

    def is_taken_over(self) -> bool:
        """Return whether it is this process, or Slurm has restarted its job as this process."""
        here = ProcessInfo.here()
        return here == self or (here.slurm_job is not None and here.slurm_job == self.slurm_job)

    def _is_running(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            is_other: bool = abs(process.create_time() - self.born) >= SAME
            has_ended: bool = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        return not is_other and not has_ended


def slurm_queue() -> frozenset[str] | None:
    """Return this user's running and pending Slurm jobs; None without Slurm."""
    squeue = shutil.which("squeue")
    if squeue is None:
        return None
    command = [squeue, "--me", "--noheader", "--array", "--format=%i"]
    try:
        done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return frozenset(done.stdout.split())


def _slurm_job() -> str | None:
    array, task = (os.environ.get(f"SLURM_ARRAY_{name}_ID") for name in ("JOB", "TASK"))
    return f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID")
