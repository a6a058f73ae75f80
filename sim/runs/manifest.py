"""The manifest of a run folder: written first, it always holds the status of the run."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted
from sim.base.machine import peak
from sim.base.process_info import ProcessInfo
from sim.base.timestamps import utc_now
from sim.base.versions import made_by
from sim.config.sim_config import SimConfig
from sim.engine.ranks import Ranks
from sim.measures.registry import described_measures
from sim.rules.registered import described_rules
from sim.runs.hashes import FILES, hashes, sealed, sha256
from sim.runs.memory import GB, Estimate

NAME = "manifest.json"
MULTIRUN = "multirun.yaml"  # in the folder of a multirun: the overrides of each job
OVERRIDES = ".hydra/overrides.yaml"  # of the command line; Hydra writes those of a sweep's jobs


@contextmanager
def manifest(
    folder: Path, config: SimConfig, estimate: Estimate, n_done: int = 0
) -> Iterator[dict[str, float]]:
    """Keep ``manifest.json`` in `folder` up to date during a run.

    Its status is running, then done, interrupted (there may be a checkpoint) or failed. When it is
    done, it holds a hash of each file of results (sim/runs/hashes.py).

    Parameters
    ----------
    estimate : Estimate
        Of the memory of the run.
    n_done : int
        Steps done by an earlier process that this one resumes.

    Yields
    ------
    dict
        Timings [s] by phase, to be filled in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    timings: dict[str, float] = {}
    entry = _entry(config, estimate)
    if n_done:
        _note_resumption(entry, read_manifest(folder), n_done)
    write_json(folder / NAME, entry)
    try:
        yield timings
        entry["status"], entry[FILES] = "done", hashes(folder)
    except Interrupted as stop:
        entry["status"], entry["error"] = "interrupted", str(stop)
        raise
    except BaseException as error:
        entry["status"] = "failed"
        entry["error"] = f"{type(error).__name__}: {error}"
        entry["traceback"] = traceback.format_exc()
        raise
    finally:
        entry["timings_s"] = {name: round(s, 3) for name, s in timings.items()}
        entry["memory_gb"]["peak"] = round(peak() / GB, 3)
        entry["duration_s"] = round(time.perf_counter() - began, 3)
        write_json(folder / NAME, sealed(entry))


def _entry(config: SimConfig, estimate: Estimate) -> dict[str, Any]:
    """Return the manifest of a run before it begins."""
    entry: dict[str, Any] = {
        "status": "running",
        "scenario": config.scenario,
        "compare_to": list(config.compare_to),
        "case": config.case.name,
        "engine": config.engine.name,
        "parameters": config.parameters,  # posterior: replication r has draw r
        "seed": config.seed,
        "replications": config.replications,
        "n_users": config.population.n_users,
        "started": utc_now(),
        "process": asdict(ProcessInfo.here()),
        **made_by(),
        **({"registered_measures": own} if (own := described_measures()) else {}),
        "memory_gb": {"estimate": round(estimate.total / GB, 3)},
    }
    if rules := described_rules():
        entry["registered_rules"] = rules
    return entry if config.engine.name != "mpi" else entry | {"ranks": Ranks.here().size}


def _note_resumption(entry: dict[str, Any], before: dict[str, Any], n_done: int) -> None:
    """Add to `entry` when the runs began, and when they were resumed."""
    entry["started"] = before.get("started", entry["started"])
    entry["resumed"] = [*before.get("resumed", []), {"at": utc_now(), "from_step": n_done}]


def write_overrides(overrides: Sequence[str], folder: Path) -> None:
    """Write the overrides of the command line to the file that Hydra uses."""
    path = folder / OVERRIDES
    path.parent.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(list(overrides)), path)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder; empty if there is none."""
    try:
        entry: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry


def note_file(path: Path) -> None:
    """Note in the manifest that a file of a finished run was written anew."""
    entry = read_manifest(path.parent)
    if FILES in entry:
        entry[FILES][path.name] = sha256(path)
        write_json(path.parent / NAME, sealed(entry))


def process_of(entry: dict[str, Any]) -> ProcessInfo:
    """Return the process that wrote a manifest."""
    return ProcessInfo(**entry["process" if "process" in entry else "place"])  # place: in 0.2.0


def refuse_concurrent_run(folder: Path) -> None:
    """Refuse to run in a folder in which another process is or may be running.

    Raises
    ------
    ConfigError
        Which names the process. One that Slurm has queued again is no other.
    """
    entry = read_manifest(folder)
    process = process_of(entry) if entry.get("status") == "running" else None
    if process and process.may_be_running() and not process.is_taken_over():
        raise ConfigError(
            f"{folder}: runs are under way here, in process {process.pid} of {process.host}; "
            f"if that is gone for good, delete {folder / NAME}"
        )


def write_json(path: Path, tree: Any) -> None:
    """Write `tree` as JSON, atomically even if the machine crashes."""
    with atomic_write(path) as draft, draft.open("w") as file:
        file.write(json.dumps(tree, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())  # otherwise the name could reach the disk before the content
