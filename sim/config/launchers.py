"""Overrides of a multirun: its jobs, executor and folder; errors for Hydra's launchers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sim.base.errors import ConfigError

FOLDER = "hydra.sweep.dir"
LAUNCHERS = {  # former launchers, and the executors that replace them
    "basic": "serial",
    "submitit_slurm": "slurm",
    "slurm": "slurm",
}


class Request(NamedTuple):
    """The overrides after ``python -m sim -m``, by purpose."""

    jobs: list[str]  # overrides of the configuration, swept or not
    executor: list[str]  # executor=NAME, executor.KEY=VALUE
    folder: Path | None  # None: named by the current time


def split(overrides: Iterable[str]) -> Request:
    """Sort the overrides of a multirun.

    Raises
    ------
    ConfigError
        If one sets another key of Hydra.
    """
    jobs, executor, folder = [], [], None
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        if re.match(r"executor\b", key):
            executor.append(override)
        elif key == FOLDER:
            folder = Path(value.strip("'\""))
        elif re.match(r"hydra\b", key):
            allowed = f"{FOLDER}=FOLDER, executor=NAME, executor.KEY=VALUE"
            raise ConfigError(f"{override}: allowed with -m: {allowed}")
        else:
            jobs.append(override)
    return Request(jobs, executor, folder)


def refuse_launchers(overrides: Iterable[str]) -> None:
    """Refuse launchers and sweepers of Hydra.

    Raises
    ------
    ConfigError
        If there is one; the message names its replacement.
    """
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        if key in ("hydra/launcher", "cluster"):
            raise ConfigError(f"{override}: write executor={LAUNCHERS.get(value, 'processes')}")
        if key.startswith("hydra.launcher."):
            raise ConfigError(f"{override}: write executor.KEY=VALUE, as in conf/executor")
        if re.match(r"hydra[./]sweeper\b", key):
            raise ConfigError(
                f"{override}: -m runs every combination of the values; for other designs write "
                "python -m experiments.sweep design=NAME"
            )


def refuse_executor(overrides: Iterable[str]) -> None:
    """Refuse an executor for one run.

    Raises
    ------
    ConfigError
        If an override sets one.
    """
    for override in overrides:
        if re.match(r"\+*executor\b", override):
            raise ConfigError(f"{override}: for the jobs of a sweep; allowed: after -m")
