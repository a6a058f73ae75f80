"""Run a scenario, or a scenario and its counterfactuals, in all replications."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from sim.config.draws import drawn
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine, Engine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.ranges import Ranges, RangesEngine, RangeThreads
from sim.engine.ranks import Ranks
from sim.engine.start import prepare
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.kernel.parallel_map import available_cores
from sim.measures.series import Observations
from sim.measures.strata import Strata
from sim.model.mpi_watch import Accord
from sim.model.simulation import Simulation
from sim.model.watch import OnStep, Watch
from sim.rules.registered import refuse_registered_rules
from sim.runs.results import Tables, assemble

_log = logging.getLogger(__name__)
SMALL = 50_000  # users; smaller runs are faster in one thread
ROUNDS = 4  # runs a thread; from here on idle threads at the end matter little
MOST_AT_ONCE = 4_000_000  # users in all runs that threads take at once


def run(config: SimConfig, on_step: OnStep = lambda: None) -> Tables:
    """Run the scenario of `config` in all its replications, without counterfactuals.

    ``compare_to`` is empty in the configuration of the result.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`.
    on_step : callable
        Called after every step of every run (`n_steps_in_all` of them), from any thread.
    """
    alone = config.model_copy(update={"compare_to": (), "counterfactuals": {}})
    return _run([alone], Watch(), on_step)


def compare(config: SimConfig, on_step: OnStep = lambda: None) -> Tables:
    """Run the scenario and its counterfactuals (``config.compare_to``) with equal random numbers.

    All scenarios share one society and its start (with ``parameters=posterior`` one a
    replication), and runs of the same replication use the same random numbers, so
    `Tables.effects` holds paired differences. Parameters are those of `run`.
    """
    return compare_watched(config, Watch(), on_step)


def compare_watched(config: SimConfig, watch: Watch, on_step: OnStep) -> Tables:
    """Do as `compare` does, with a `watch` that is called at the begin and end of runs as well."""
    return _run([config, *map(config.counterfactual, config.counterfactuals)], watch, on_step)


def n_runs(config: SimConfig) -> int:
    """Return the number of runs of `compare`."""
    return config.replications * (1 + len(config.counterfactuals))


def n_steps_in_all(config: SimConfig) -> int:
    """Return the number of steps of all runs of `compare`."""
    return config.n_steps * n_runs(config)


def side_by_side(config: SimConfig) -> bool:
    """Return whether each thread takes a whole run; otherwise threads share one run.

    Threads that share a run wait for each other at the end of every step.
    """
    n_users, n_threads = config.population.n_users, config.engine.threads or available_cores()
    many = n_runs(config) >= ROUNDS * n_threads and n_users * n_threads <= MOST_AT_ONCE
    return config.engine.name == "compiled" and (n_users < SMALL or many)


def _run(configs: list[SimConfig], watch: Watch, on_step: OnStep) -> Tables:
    main = configs[0]
    threads = Threads(main.engine.threads)
    if main.engine.name == "mpi":
        refuse_registered_rules("engine=mpi", "engine=compiled or engine=mesa")
        ranks = Ranks.here()
        watch, threads = Accord(watch, ranks), Threads(main.engine.threads or ranks.cores())
    _log.info("start: %s users are brought to the observed shares", f"{main.population.n_users:,}")
    starts = _starts(main, threads)
    _log.info(
        "runs: %d replications of %s, %d steps each",
        main.replications, ", ".join(config.scenario for config in configs), main.n_steps,
    )  # fmt: skip
    schedule = [_schedule(config) for config in configs]
    tasks = [(of[r], r, starts[r]) for r in range(main.replications) for of in schedule]
    with watch.over(starts):
        if side_by_side(main):
            observations = _pooled(tasks, threads.n_threads, watch, on_step)
        elif len(tasks) == 1:  # the start is not needed afterwards, so it is not copied
            observations = [take_run(*tasks[0], threads, watch, on_step)]
        else:
            observations = [take_run(c, r, s.copy(), threads, watch, on_step) for c, r, s in tasks]
    by_scenario = {
        config.scenario: observations[k :: len(configs)] for k, config in enumerate(configs)
    }
    return assemble(main, by_scenario, _strata(main, starts))


def _starts(config: SimConfig, threads: Threads) -> list[State]:
    """Return the start of each replication; without draws they share one."""
    if config.parameters == "defaults":
        return [prepare(config, threads)] * config.replications
    return [prepare(drawn(config, r), threads) for r in range(config.replications)]


def _strata(config: SimConfig, starts: list[State]) -> list[Strata]:
    """Return the groups of the users of each replication; without draws they share one society."""
    if config.parameters == "defaults":
        return [Strata(config, starts[0].users)] * config.replications
    return [Strata(config, start.users) for start in starts]


def _schedule(config: SimConfig) -> list[PolicySchedule]:
    """Return the policy schedule of each replication; without draws they share one."""
    if config.parameters == "defaults":
        return [PolicySchedule(config)] * config.replications
    return [PolicySchedule(drawn(config, r)) for r in range(config.replications)]


def _pooled(
    tasks: list[tuple[PolicySchedule, int, State]], n_threads: int, watch: Watch, on_step: OnStep,
) -> list[Observations]:  # fmt: skip
    """Take runs side by side, each in one thread."""
    one_thread = Threads(1)

    def take(schedule: PolicySchedule, replication: int, start: State) -> Observations:
        return take_run(schedule, replication, start.copy(), one_thread, watch, on_step)

    with ThreadPoolExecutor(n_threads) as pool:
        futures = [pool.submit(take, *task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def take_run(
    schedule: PolicySchedule, replication: int, start: State, threads: Threads, watch: Watch,
    on_step: OnStep,
) -> Observations:  # fmt: skip
    """Take one run from its present state to its end; return its observations.

    `start` is changed.
    """
    known = watch.observed(schedule.config.scenario, replication)
    if known is not None:
        return known
    simulation = ENGINES[schedule.config.engine.name](schedule, replication, start, threads)
    watch.begin(simulation)
    while simulation.n_done < schedule.config.n_steps:
        simulation.step()
        on_step()
        watch.stepped(simulation)
    watch.finished(simulation)
    return simulation.recorder.observations


def _compiled(
    schedule: PolicySchedule, replication: int, start: State, threads: Threads
) -> Simulation:
    engine: Engine = CompiledEngine(threads)
    return Simulation(schedule, start, replication, engine, threads)


def _by_ranks(
    schedule: PolicySchedule, replication: int, start: State, threads: Threads
) -> Simulation:
    ranges = Ranges(Ranks.here(), start.n_users)
    engine = RangesEngine(ranges, threads, start.chats)
    own = RangeThreads(ranges, threads)
    return Simulation(schedule, start, replication, engine, own)


def _with_agents(
    schedule: PolicySchedule, replication: int, start: State, _: Threads
) -> Simulation:
    from sim.model.model import (
        MigrationModel,
    )  # mesa takes half a second to import, and most runs do not need it

    return MigrationModel(schedule.config, replication, start=start).simulation


ENGINES = {"compiled": _compiled, "mpi": _by_ranks, "mesa": _with_agents}
