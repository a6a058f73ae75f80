"""Where runs take place: host, process, job of Slurm; and whether they still can be there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import Self

import psutil

SAME = 1.0  # two processes of one number are born at least this far apart [s]


@dataclass(frozen=True)
class ProcessInfo:
    """A process, as a manifest tells of it."""

    host: str
    pid: int
    born: float  # when the process began [s since 1970]: numbers of processes are used again
    slurm_job: str | None  # as squeue shows it: 12, or 12_3 in an array

    @classmethod
    def here(cls) -> Self:
        """Return the place of this process."""
        me = psutil.Process()
        return cls(socket.gethostname(), me.pid, me.create_time(), _slurm_job())

    def may_be_running(self) -> bool:
        """Say whether the process lasts; True as well if that cannot be told from here.

        A process of this host is looked up, one of another host by its job in Slurm's queue.
        """
        if self.host == socket.gethostname():
            return self._lasts()
        queue = None if self.slurm_job is None else slurm_queue()
        return queue is None or self.slurm_job in queue

    def is_taken_over(self) -> bool:
        """Say whether this process is in the same place or Slurm has put it in its stead."""
        here = ProcessInfo.here()
        return here == self or (here.slurm_job is not None and here.slurm_job == self.slurm_job)

    def _lasts(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            is_other: bool = abs(process.create_time() - self.born) >= SAME
            has_ended: bool = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        return not is_other and not has_ended


def slurm_queue() -> frozenset[str] | None:
    """Return our jobs that Slurm runs or will run; None if there is no Slurm to ask."""
    squeue = shutil.which("squeue")
    if squeue is None:
        return None
    asked = [squeue, "--me", "--noheader", "--array", "--format=%i"]
    try:
        told = subprocess.run(asked, capture_output=True, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return frozenset(told.stdout.split())


def _slurm_job() -> str | None:
    array, task = (os.environ.get(f"SLURM_ARRAY_{name}_ID") for name in ("JOB", "TASK"))
    return f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID")
