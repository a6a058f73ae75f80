"""The folder of ``python -m sim -m``: its jobs, each in a folder of its own, and their status.

multirun.yaml    the overrides of each job, in their order
manifest.json    when and by which version it was begun and gone on with, and how that ended
0/, 1/, ...      the folder of a job, as of a single run
leases/*.json    which job a worker is at; the worker holds a lock on it while it lives
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from omegaconf import OmegaConf

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.runs.manifest import MULTIRUN, NAME, process_of, read_manifest, write_json
from sim.sweeps.batch import Batch, Report

# Of a job; running: also if its process is in a place that cannot be looked at from here.
Status = Literal["done", "failed", "interrupted", "running", "missing"]


@dataclass(frozen=True)
class Job:
    """One job of a multirun.

    Attributes
    ----------
    number : int
        From 0, in the order of the jobs; the name of the folder.
    overrides : tuple of str
        As of ``python -m sim``.
    folder : Path
        Of the run.
    """

    number: int
    overrides: tuple[str, ...]
    folder: Path

    @property
    def status(self) -> Status:
        """Return the status of the job, from its manifest and its process."""
        entry = read_manifest(self.folder)
        status: Status = entry.get("status", "missing")
        if status == "running" and not process_of(entry).may_be_running():
            return "interrupted"
        return status


class Multirun(Batch):
    """A multirun on disk, with the state of its jobs.

    Attributes
    ----------
    path : Path
        The folder.
    jobs : tuple of Job
        All jobs, done or not.

    Raises
    ------
    ConfigError
        If `path` holds no multirun, or one of an older version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.jobs = _jobs(self.path, _read(self.path / MULTIRUN))

    @staticmethod
    def is_multirun(path: Path) -> bool:
        """Say whether a folder holds a multirun."""
        return (path / MULTIRUN).is_file()

    @classmethod
    def begin(cls, path: Path, jobs: Sequence[tuple[str, ...]]) -> Self:
        """Create the folder of a multirun, or open one that has the same jobs.

        Raises
        ------
        ConfigError
            If there is something else in the folder.
        """
        if cls.is_multirun(path):
            found = cls(path)
            if [job.overrides for job in found.jobs] != list(jobs):
                raise ConfigError(f"{path}: holds other jobs; allowed: a folder that is new")
            return found
        if path.is_dir() and any(path.iterdir()):
            raise ConfigError(f"{path}: not empty; allowed: a folder that is new")
        (path / "leases").mkdir(parents=True)
        write_json(path / NAME, {"n_runs": len(jobs), "sessions": []})
        with atomic_write(path / MULTIRUN) as draft:
            OmegaConf.save(OmegaConf.create({"jobs": [list(job) for job in jobs]}), draft)
        return cls(path)

    @property
    def n_runs(self) -> int:
        """Return how many jobs there are."""
        return len(self.jobs)

    def tasks(self, session: str) -> list[int]:
        """Return the numbers of jobs that are neither done nor failed in `session`."""
        return [job.number for job in self.jobs if not _is_settled(job, session)]

    def counts(self, session: str) -> Report:
        """Return how many jobs are done, and how many have failed in `session`."""
        settled = (_entry(job).get("status") for job in self.jobs if _is_settled(job, session))
        counts = Counter(settled)
        return Report(counts["done"], counts["failed"])

    def claim(self, number: int) -> Path:
        """Return the file on which the worker at a job holds a lock."""
        return self.path / "leases" / f"{number:05}.json"


def _entry(job: Job) -> dict[str, Any]:
    return read_manifest(job.folder)


def _is_settled(job: Job, session: str) -> bool:
    entry = _entry(job)
    status = entry.get("status")
    return status == "done" or (status == "failed" and entry.get("session") == session)


def _read(path: Path) -> list[list[str]]:
    """Return the overrides of each job."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; allowed: a folder of python -m sim -m")
    tree: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    if "jobs" not in tree:
        raise ConfigError(f"{path}: of an older version, which has to be checked out to read it")
    jobs: list[list[str]] = tree["jobs"]
    return jobs


def _jobs(path: Path, jobs: Sequence[Sequence[str]]) -> tuple[Job, ...]:
    return tuple(Job(k, tuple(job), path / str(k)) for k, job in enumerate(jobs))
