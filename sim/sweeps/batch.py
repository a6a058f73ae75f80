"""Many runs in a folder, as a driver sees them: tasks for workers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

from sim.runs.manifest import read_manifest


class Report(NamedTuple):
    """How many runs are done and how many have failed: in a task, or in a session."""

    n_done: int
    n_failed: int


class Batch(ABC):
    """Runs on disk; several processes may read them and work at them.

    A session is what one command does for the batch: a failure stands for its session, and the
    next one tries again.
    """

    path: Path

    @property
    @abstractmethod
    def n_runs(self) -> int:
        """Return how many runs there are, done or not."""

    @abstractmethod
    def tasks(self, session: str) -> list[int]:
        """Return the numbers of tasks with runs that are neither done nor failed in `session`."""

    @abstractmethod
    def counts(self, session: str) -> Report:
        """Return how many runs are done, and how many have failed in `session`."""

    @property
    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the batch: its sessions."""
        return read_manifest(self.path)

    @property
    def stop(self) -> Path:
        """Return the file whose presence tells workers to leave."""
        return self.path / "stop"
