"""What many runs would cost, measured on a small world of theirs: ``--dry-run``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from sim.config.settings import FileNetwork
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.simulation import Simulation
from sim.runs.memory import estimate_memory
from sim.runs.run import n_runs
from sim.sweeps.executors import Executor, Slurm

SAMPLE, STEPS = 10_000, 10  # users of the small world, and steps that it takes
JOB, RUN = 5e6, 7e3  # a job with tables and figures, a run of a design [bytes]


class Cost(NamedTuple):
    """What many runs would take."""

    what: str
    n_tasks: int
    core_seconds: float
    memory: float  # of the largest run [bytes]
    disk: float  # of results [bytes]


class Speed(NamedTuple):
    """How long a run of a configuration takes on one core."""

    start: float  # [s]
    steps: float  # [s]


def speed_of(config: SimConfig) -> Speed:
    """Take a few steps of a small world, and scale what that took by users and steps."""
    n = config.population.n_users
    sample = n if isinstance(config.network, FileNetwork) else min(n, SAMPLE)
    people = config.population.model_copy(update={"n_users": sample})
    small, threads = config.model_copy(update={"population": people}), Threads(1)
    prepare(small, threads)  # which compiles the rules where that was not done yet
    began = time.perf_counter()
    start = prepare(small, threads)
    started = time.perf_counter() - began
    run = Simulation(PolicySchedule(small), start, 0, CompiledEngine(threads), threads)
    run.step()
    steps = min(STEPS, config.n_steps - 1)
    began = time.perf_counter()
    for _ in range(steps):
        run.step()
    taken = (time.perf_counter() - began) / max(steps, 1)
    return Speed(started * n / sample, taken * config.n_steps * n / sample)


def cost_of_jobs(configs: Sequence[SimConfig], n_jobs: int) -> Cost:
    """Return the cost of jobs of ``-m``, each like the largest of `configs`."""
    largest = max(configs, key=lambda config: config.population.n_users * config.n_steps)
    speed, runs = speed_of(largest), n_runs(largest)
    starts = largest.replications if largest.parameters == "posterior" else 1
    users = f"{largest.population.n_users:,} users"
    return Cost(
        f"{n_jobs:,} jobs of {runs:,} runs of up to {users}", n_jobs,
        n_jobs * (starts * speed.start + runs * speed.steps),
        estimate_memory(largest).total, n_jobs * JOB,
    )  # fmt: skip


def cost_of_runs(largest: SimConfig, n_tasks: int, n_starts: int) -> Cost:
    """Return the cost of the runs of a design, each like the `largest`."""
    speed = speed_of(largest)
    return Cost(
        f"{n_tasks:,} runs of up to {largest.population.n_users:,} users", n_tasks,
        n_starts * speed.start + n_tasks * speed.steps,
        estimate_memory(largest).total, n_tasks * RUN,
    )  # fmt: skip


def described(cost: Cost, executor: Executor) -> str:
    """Say what runs would cost, and what is asked of Slurm for them."""
    lines = [
        f"{cost.what}: about {_time(cost.core_seconds)} of one core, {cost.memory / 1e9:.1f} GB "
        f"of memory for each at work, up to {_bytes(cost.disk)} of results."
    ]
    if isinstance(executor, Slurm):
        n = min(executor.workers, cost.n_tasks)
        wall = cost.core_seconds / n / executor.cores
        lines.append(
            f"Slurm: up to {n} workers, each with executor.cores={executor.cores}, "
            f"executor.memory={executor.memory} and executor.walltime={executor.walltime}; "
            f"about {_time(wall)} with all of them."
        )
        if cost.memory > executor.bytes:
            lines.append(f"executor.memory={executor.memory} is too little for a run.")
    return "\n".join([*lines, "Nothing was run."])


def _time(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _bytes(n: float) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 else f"{max(n / 1e6, 1):,.0f} MB"
