"""``python -m sim -m``: every combination of values is a job in its own folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.jobs import configurations, expand
from sim.config.launchers import split
from sim.observation.observed import check_observed
from sim.runs.kept import check_fields
from sim.sweeps.multirun import Multirun
from sim.sweeps.request import ExecutionOptions
from sim.sweeps.session import run_session


def launch(overrides: Sequence[str]) -> int:
    """Check all values, then run all jobs; return the exit status: 0 if all are done.

    Raises
    ------
    ConfigError
        If a value cannot be run, a run does not fit in memory, or the folder is in use.
    """
    asked = split(overrides)
    handling = job_handling(asked.executor)
    configs = list(configurations(asked.jobs))
    if any(config.engine.name == "mpi" for config in configs):
        raise ConfigError("engine=mpi: for one run; jobs of a sweep share the cores: compiled")
    check_observed(configs[0])  # jobs differ in their values, not in their data
    for config in configs:
        check_fields(config)
    handling.executor.check(configs)
    return run_session(Multirun.begin(asked.folder or _by_time(), expand(asked.jobs)), handling)


def job_handling(overrides: Sequence[str]) -> ExecutionOptions:
    """Return how jobs are run: one after another, unless an executor is named.

    Raises
    ------
    ConfigError
        If a name, key or value is not allowed.
    """
    named = any(override.lstrip("+").startswith("executor=") for override in overrides)
    return ExecutionOptions.of([*([] if named else ["executor=serial"]), *overrides])


def _by_time() -> Path:
    return Path(f"multirun/{dt.datetime.now().astimezone():%Y-%m-%d_%H-%M-%S_%f}")
