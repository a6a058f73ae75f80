"""The manifest of a run's folder: written first, it says at any time what became of the run."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim import __version__
from sim.config import SimConfig

PACKAGES = ("numpy", "numba", "pandas", "mesa", "networkx", "hydra-core", "pydantic")
NAME = "manifest.json"


@contextmanager
def manifest(folder: Path, config: SimConfig) -> Iterator[dict[str, float]]:
    """Keep ``manifest.json`` in `folder` true while a run lasts: running, then done or failed.

    Yields
    ------
    dict
        Timings [s] by phase, to be filled in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    timings: dict[str, float] = {}
    entry = {
        "status": "running",
        "scenario": config.scenario,
        "compare_to": list(config.compare_to),
        "case": config.case.name,
        "engine": config.engine.name,
        "seed": config.seed,
        "replications": config.replications,
        "n_users": config.population.n_users,
        "started": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "versions": {"sim": __version__, "python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "commit": commit(),
    }
    write_json(folder / NAME, entry)
    try:
        yield timings
        entry["status"] = "done"
    except BaseException as error:
        entry["status"] = "failed"
        entry["error"] = f"{type(error).__name__}: {error}"
        entry["traceback"] = traceback.format_exc()
        raise
    finally:
        entry["timings_s"] = {name: round(s, 3) for name, s in timings.items()}
        entry["duration_s"] = round(time.perf_counter() - began, 3)
        write_json(folder / NAME, entry)


def commit() -> str | None:
    """Return the commit of the sources, ``+dirty`` if sim/ or conf/ differ from it, or None."""
    git = ["git", "-C", str(Path(__file__).parents[1]), "--no-optional-locks"]
    try:
        # S603: the command is fixed
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True)  # noqa: S603
        changed = subprocess.run(  # noqa: S603
            [*git, "status", "--porcelain", "--", "sim", "conf"], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.decode().strip() + ("+dirty" if changed else "")


def write_json(path: Path, tree: Any) -> None:
    """Write `tree` whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(tree, indent=2) + "\n")
    draft.replace(path)
