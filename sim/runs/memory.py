"""Estimate of the memory of a run before it starts, and a check that it is available.

Bytes a user are measured: a small world of the same configuration is built in the same way, and
the bytes of its arrays are summed. Constants cover what is not in arrays: the process itself, rows
of results while tables are assembled, objects of libraries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.base.errors import ConfigError
from sim.base.machine import available, used
from sim.config.settings import ErdosRenyiNetwork, FileNetwork
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.ranks import Ranks
from sim.engine.sample import MOST_BLOCKS
from sim.engine.state import State, make_state, tree_leaves
from sim.engine.threads import BLOCK, Threads
from sim.kernel.parallel_map import available_cores
from sim.measures.series import month_series, step_series
from sim.measures.strata import groups
from sim.model.simulation import Simulation
from sim.population.build import draw_users
from sim.population.chats import seat
from sim.population.null_networks import build_rows
from sim.runs.run import n_runs, side_by_side

GB = 1e9
SAMPLE = 5_000  # users of the small world
LATER = 0.08e9  # loaded after the estimate; compiling takes 0.2 GB more [bytes]
ROW = 65  # of results: observed, stacked, laid out, joined [bytes]
NX_TIE = 240  # a tie of a networkx graph, from which null networks are built [bytes]
SNAPSHOTS = 3  # of the primary messenger: at the start, last month, now [bytes]
AGENT = 700  # a mesa agent [bytes]
NETWORKX = ("watts_strogatz", "barabasi_albert", "erdos_renyi")
MONTH = 30.0  # days
EXPOSED = 1 / 8  # whether a user is, at the end of each month [bytes]
BENEFIT = 2  # of a user at the end of each month, in a run that is compared [bytes]


@dataclass(frozen=True)
class Estimate:
    """Memory at the peak of a run."""

    n_users: int
    per_user: float  # [bytes]
    rest: float  # the process, results, and temporary arrays [bytes]

    @property
    def total(self) -> float:
        """Return the peak [bytes]."""
        return self.n_users * self.per_user + self.rest


def check_memory(config: SimConfig) -> Estimate:
    """Return the estimate for `config`, if so much memory is available.

    Raises
    ------
    ConfigError
        If the machine does not have so much; the message says what would fit.
    """
    estimate, n = estimate_memory(config), _n_processes(config)
    needed, there = n * estimate.total, used() + available()
    if needed > there:
        most = (there / n - estimate.rest) / estimate.per_user
        reason = f" as each of {n} ranks holds all of them" if n > 1 else ""
        fits = f"about {_rounded(most)} users" if most >= 10 else "fewer replications"
        raise ConfigError(
            f"population.n_users={config.population.n_users}: needs about "
            f"{_gigabytes(needed)} of memory{reason}, {_gigabytes(there)} are available; "
            f"{fits} would fit"
        )
    return estimate


def _n_processes(config: SimConfig) -> int:
    """Return the number of processes on this machine that hold the whole world."""
    return Ranks.here().n_here if config.engine.name == "mpi" else 1


def estimate_memory(config: SimConfig) -> Estimate:
    """Measure a small world of `config` and scale it up."""
    n_tasks = n_runs(config)
    start, threads = _small_start(config), Threads(1)
    alone = n_tasks == 1 and config.engine.name != "mesa" and not side_by_side(config)
    own_start = start if alone else start.copy()
    run = Simulation(PolicySchedule(config), own_start, 0, CompiledEngine(threads), threads)
    whole, n = _weight(start), start.n_users
    own = _weight(start, run.state, *vars(run.recorder).values()) - whole + SNAPSHOTS * n
    n_threads = config.engine.threads or available_cores()
    at_once = min(n_threads, n_tasks) if side_by_side(config) else 1
    a_month = EXPOSED + (BENEFIT if config.compare_to else 0)
    kept = n_tasks * (config.dur_days / MONTH + 1) * a_month
    per_user = (whole + at_once * own) / n + kept
    users = config.population.n_users
    step_record = start.layout.step_record.itemsize
    sample = step_record * min(users, MOST_BLOCKS * BLOCK)  # while the start is solved
    rest = used() + LATER + ROW * _n_rows(config) + max(0.0, sample - at_once * own / n * users)
    if config.engine.name == "mesa":
        per_user += AGENT + step_record
    if config.network.kind in NETWORKX:  # the graph is gone before runs begin
        per_user = max(per_user, whole / n + NX_TIE * len(start.ties.indices) / n / 2)
    return Estimate(users, per_user, rest)


def _small_start(config: SimConfig) -> State:
    """Return a state with the arrays of a start, of few users."""
    network = config.network
    if isinstance(
        network, FileNetwork
    ):  # a file cannot be scaled down: use a random graph of the same mean degree
        digits = len(str(config.population.n_users))
        n_ties = Path(network.path).stat().st_size / (2 * digits + 2)
        degree = min(max(2 * n_ties / config.population.n_users, 0.1), 1000.0)
        degree = min(
            degree, config.population.n_users - 1.0
        )  # files of GraphML are larger than assumed
        network = ErdosRenyiNetwork(mean_degree=degree)
    n = min(config.population.n_users, max(SAMPLE, 2 * int(getattr(network, "mean_degree", 0))))
    people = config.population.model_copy(update={"n_users": n})
    users = draw_users(config.model_copy(update={"population": people}))
    rows = build_rows(users, network, config.seed)
    return make_state(config, users, rows, seat(users, people))


def _n_rows(config: SimConfig) -> float:
    """Return the rows of the time series and of the effects."""
    n_others, n_tasks = len(config.counterfactuals), n_runs(config)
    n_series = config.n_steps * len(step_series(config))
    n_series += int(config.dur_days / MONTH) * len(month_series(config))
    return float((n_tasks + n_others) * n_series * len(groups(config)))


def _weight(*trees: Any) -> int:
    """Return the bytes of all arrays in some trees, each counted once."""
    arrays = (leaf for tree in trees for leaf in tree_leaves(tree) if isinstance(leaf, np.ndarray))
    return sum({id(array): array.nbytes for array in arrays}.values())


def _gigabytes(size: float) -> str:
    return f"{size / GB:.0f} GB" if size >= 10 * GB else f"{size / GB:.1f} GB"


def _rounded(number: float) -> str:
    """Return a number of users with two digits, rounded down."""
    size = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return f"{int(number // size * size)}"
