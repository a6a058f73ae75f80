"""``python -m sim -m``: every combination of values is a job in its own folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.jobs import configurations, expand
from sim.config.launchers import split
from sim.config.sim_config import SimConfig
from sim.observation.observed import check_observed
from sim.runs.kept import check_fields
from sim.sweeps.cost import cost_of_jobs, described
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
    _checked(asked.jobs, handling)
    return run_session(Multirun.begin(asked.folder or _by_time(), expand(asked.jobs)), handling)


def rehearse(overrides: Sequence[str]) -> str:
    """Check all values as `launch` does, run nothing, and say what the jobs would cost.

    Raises
    ------
    ConfigError
        If a value cannot be run, or a run does not fit in memory.
    """
    asked = split(overrides)
    handling = job_handling(asked.executor)
    configs = _checked(asked.jobs, handling)
    return described(cost_of_jobs(configs, len(expand(asked.jobs))), handling.executor)


def _checked(jobs: Sequence[str], handling: ExecutionOptions) -> list[SimConfig]:
    configs = list(configurations(jobs))
    if any(config.engine.name == "mpi" for config in configs):
        raise ConfigError("engine=mpi: for one run; jobs of a sweep share the cores: compiled")
    check_observed(configs[0])  # jobs differ in their values, not in their data
    for config in configs:
        check_fields(config)
    handling.executor.check(configs)
    return configs


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
