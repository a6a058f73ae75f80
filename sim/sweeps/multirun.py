"""The folder of a multirun: which jobs it has, and what became of each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from omegaconf import OmegaConf

from sim.base.errors import ConfigError
from sim.base.place import Place, slurm_queue
from sim.config.jobs import expand
from sim.runs.manifest import MULTIRUN, read_manifest

SUBDIR = "${hydra.job.num}"
SLURM = ".submitit"  # where submitit has a folder for each job of Slurm

# Of a job; running: or waiting in Slurm's queue, or in a place that cannot be looked at from here.
Status = Literal["done", "failed", "interrupted", "running", "missing"]


@dataclass(frozen=True)
class Job:
    """One job of a multirun."""

    number: int
    overrides: tuple[str, ...]
    folder: Path
    status: Status


@dataclass(frozen=True)
class Multirun:
    """A multirun, as far as its jobs have come."""

    folder: Path
    jobs: tuple[Job, ...]

    @classmethod
    def of(cls, folder: Path | str) -> Self:
        """Return the multirun in `folder`: its jobs are those that ``multirun.yaml`` asks for.

        Raises
        ------
        ConfigError
            If there is none, or one whose jobs' folders have other names than numbers.
        """
        folder = Path(folder)
        hydra = _read(folder)
        asked = expand(_overrides(hydra))
        in_slurm = hydra["launcher"]["_target_"].endswith("SlurmLauncher")
        queued = _queued(folder, len(asked)) if in_slurm else set()
        return cls(
            folder,
            tuple(
                Job(k, overrides, folder / str(k), _status(folder / str(k), k in queued))
                for k, overrides in enumerate(asked)
            ),
        )

    def __str__(self) -> str:
        counts = Counter(job.status for job in self.jobs)
        told = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
        return f"{self.folder}: {len(self.jobs)} jobs, {told}"


def _read(folder: Path) -> dict[str, Any]:
    """Return Hydra's own part of what was asked for."""
    path = folder / MULTIRUN
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; allowed: a folder of python -m sim -m")
    tree: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    hydra: dict[str, Any] = tree["hydra"]
    subdir = hydra["sweep"]["subdir"]
    if subdir != SUBDIR:
        raise ConfigError(f"{path}: hydra.sweep.subdir={subdir}; allowed: {SUBDIR}")
    return hydra


def _overrides(hydra: dict[str, Any]) -> list[str]:
    """Return what was asked for in the order in which Hydra's sweeper reads it."""
    params = hydra["sweeper"]["params"] or {}
    return [*(f"{key}={value}" for key, value in params.items()), *hydra["overrides"]["task"]]


def _status(folder: Path, is_queued: bool) -> Status:
    entry = read_manifest(folder)
    status: Status = entry.get("status", "missing")
    if status == "done":
        return status
    if is_queued:
        return "running"
    if status == "running" and not Place(**entry["place"]).may_be_alive():
        return "interrupted"
    return status


def _queued(folder: Path, n_jobs: int) -> set[int]:
    """Return the numbers of jobs that Slurm runs or will run.

    submitit makes a folder for each of them, in the order of the jobs: 12_0, 12_1, ...; 12 for
    the whole array. Sent once more to the same folder, the jobs come again.
    """
    names = [
        p.name for p in (folder / SLURM).glob("*") if re.fullmatch(r"[0-9]+(_[0-9]+)?", p.name)
    ]
    arrays = {name.split("_")[0] for name in names if "_" in name}
    ids = sorted((name for name in names if name not in arrays), key=_numbers)
    queue = (slurm_queue() or frozenset()) if ids else frozenset()
    return {k % n_jobs for k, name in enumerate(ids) if name in queue}


def _numbers(name: str) -> list[int]:
    return [int(number) for number in name.split("_")]
