"""Run a scenario, or a scenario and its counterfactuals, in all replications."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sim.cells import Cells
from sim.conditions import Conditions
from sim.config import SimConfig
from sim.engines import CompiledEngine, Engine, Threads
from sim.measures import Observations
from sim.results import Result, assemble
from sim.simulation import Simulation
from sim.start import prepare
from sim.state import State

SMALL = 50_000  # users: below, threads run replications side by side; above, parts of one run

OnStep = Callable[[], None]


def run(config: SimConfig, on_step: OnStep = lambda: None) -> Result:
    """Run the scenario of `config` in all its replications.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`.
    on_step : callable
        Called after every step of every run (`n_steps_in_all` of them), from any thread.
    """
    return _run([config], on_step)


def compare(config: SimConfig, on_step: OnStep = lambda: None) -> Result:
    """Run the scenario and its counterfactuals (``config.compare_to``) with the same luck.

    All scenarios share one world and one start, and runs of the same replication see the same
    random numbers: `Result.effects` holds paired differences.
    """
    return _run([config, *map(config.counterfactual, config.counterfactuals)], on_step)


def n_steps_in_all(config: SimConfig) -> int:
    """Return how many steps `compare` takes."""
    return config.n_steps * config.replications * (1 + len(config.counterfactuals))


def _run(configs: list[SimConfig], on_step: OnStep) -> Result:
    main = configs[0]
    threads = Threads(main.engine.threads)
    start = prepare(main, threads)
    conditions = [Conditions(config) for config in configs]
    tasks = [(c, r) for r in range(main.replications) for c in conditions]
    if main.population.n_users >= SMALL or main.engine.name == "mesa":
        observations = [_one(c, r, start, threads, on_step) for c, r in tasks]
    else:
        one_thread = Threads(1)
        with ThreadPoolExecutor(threads.n_threads) as pool:
            futures = [pool.submit(_one, c, r, start, one_thread, on_step) for c, r in tasks]
            try:
                observations = [future.result() for future in futures]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    by_scenario = {
        config.scenario: observations[k :: len(configs)] for k, config in enumerate(configs)
    }
    return assemble(main, by_scenario, Cells(main, start.users))


def _one(
    conditions: Conditions, replication: int, start: State, threads: Threads, on_step: OnStep
) -> Observations:
    """Take one run from start to end."""
    simulation = (
        _with_agents(conditions.config, replication, start)
        if conditions.config.engine.name == "mesa"
        else _compiled(conditions, replication, start, threads)
    )
    for _ in range(conditions.config.n_steps):
        simulation.step()
        on_step()
    return simulation.recorder.observations


def _compiled(
    conditions: Conditions, replication: int, start: State, threads: Threads
) -> Simulation:
    engine: Engine = CompiledEngine(threads)
    return Simulation(conditions, start, replication, engine, threads)


def _with_agents(config: SimConfig, replication: int, start: State) -> Simulation:
    from sim.model import MigrationModel  # mesa takes half a second that most runs can spare

    return MigrationModel(config, replication, start=start).simulation
