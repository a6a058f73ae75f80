"""The whole model of this project: time of set-up, time of steps under the ban, memory.

    python -m experiments.bench.full_model N_USERS STEPS [THREADS]

The only file of the bench that knows how a run is put together.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable

from experiments.bench import probe
from sim import __version__, load_config
from sim.base.machine import peak, used
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.simulation import Simulation

SCENARIO = "as_happened"
BAN = dt.date(2025, 8, 13)  # calls are restricted from then on


def main() -> None:
    """Measure steps taken after the ban has come into force."""
    n_users, n_steps = int(sys.argv[1]), int(sys.argv[2])
    threads = Threads(int(sys.argv[3]) if len(sys.argv) > 3 else None)
    configure(100), make_run(configure(100), threads)[0]()  # loads the compiled code
    before = used()
    begin = time.perf_counter()
    config = configure(n_users)
    step, n_visits = make_run(config, threads)
    setup = time.perf_counter() - begin
    n_before = steps_before(config)
    for _ in range(n_before):
        step()
    times = []
    for _ in range(n_steps):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    probe.emit(
        tool="this project, whole model", version=__version__, n_users=n_users,
        n_visits=n_visits, n_threads=threads.n_threads, setup_s=setup, steps_s=times,
        steps_before=n_before, bytes_a_user=(peak() - before) / n_users,
    )  # fmt: skip


def configure(n_users: int) -> SimConfig:
    """Return the scenario with `n_users` users."""
    return load_config(f"+scenario={SCENARIO}", f"population.n_users={n_users}")


def steps_before(config: SimConfig) -> int:
    """Return how many steps pass until one begins with calls restricted."""
    if all(policy.start != BAN for policy in config.policies.values()):
        raise LookupError(f"no policy of {SCENARIO} starts on {BAN}")
    return -(-(BAN - config.start).days // int(config.step_days))


def make_run(config: SimConfig, threads: Threads) -> tuple[Callable[[], None], int]:
    """Return the step of a run from its start, and the number of directed ties."""
    start = prepare(config, threads)
    run = Simulation(PolicySchedule(config), start, 0, CompiledEngine(threads), threads)
    return run.step, len(start.ties.indices)


if __name__ == "__main__":
    main()
