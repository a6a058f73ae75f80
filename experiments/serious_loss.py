"""Print the loss of benefit that as many people have as called the ban of calls a serious loss.

    python -m experiments.serious_loss [OVERRIDE ...]

`behaviour.serious_loss` is this number, and each draw of the posterior has its own. Each
replication of `call_ban` is compared with its first counterfactual, user by user, at the end of
August 2025: FOM asked from 22 to 24 August, and 15 % said so.
"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
from rich.progress import track

from experiments import command
from experiments.case_runs import at_point
from sim import load_config
from sim.config.sim_config import SimConfig
from sim.engine.accumulators import BENEFIT_STEPS
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.kernel.arrays import F64
from sim.kernel.parallel_map import available_cores
from sim.model.simulation import Simulation

SERIOUS = 0.15  # share of adults
MONTH = dt.date(2025, 8, 1)
GIVEN = ("+scenario=call_ban", "population.n_users=30000", "replications=5")
OF_A_DRAW = ("+scenario=call_ban", "population.n_users=3000", "replications=1")


def thresholds(draws: pd.DataFrame) -> F64:
    """Return the threshold with the behaviour of each draw, a row each [utils]."""
    config = load_config(*OF_A_DRAW)
    rows = draws.filter(like="behaviour.").to_dict("records")
    configs = [at_point(config, row, seed) for seed, row in enumerate(rows)]
    with ProcessPoolExecutor(available_cores(), get_context("spawn")) as pool:
        return np.concatenate([*track(pool.map(threshold, configs), "serious losses", len(rows))])


def threshold(config: SimConfig) -> F64:
    """Return the loss that as many exceed as called theirs serious, by replication [utils]."""
    return np.quantile(losses(config), 1.0 - SERIOUS, axis=1)


def losses(config: SimConfig) -> F64:
    """Return what each user loses against the first counterfactual, (replications, n) [utils]."""
    other, threads = config.counterfactual(config.compare_to[0]), Threads(config.engine.threads)
    start = prepare(config, threads)
    pairs = (
        [_benefits(one, start, r, threads) for one in (other, config)]
        for r in range(config.replications)
    )
    return np.array([there - here for there, here in pairs])


def _benefits(config: SimConfig, start: State, replication: int, threads: Threads) -> F64:
    engine = CompiledEngine(threads)
    run = Simulation(PolicySchedule(config), start.copy(), replication, engine, threads)
    seen = run.recorder.observations
    while not seen.months or seen.months[-1][0] < MONTH:
        run.step()
    return seen.benefits[-1] / BENEFIT_STEPS


if __name__ == "__main__":
    given = command.overrides("serious_loss", __doc__)
    loss = threshold(load_config(*GIVEN, *given))
    print(f"{np.median(loss):.3f} utils ({loss.min():.3f} to {loss.max():.3f})")
