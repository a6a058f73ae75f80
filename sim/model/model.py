"""The mesa model: inspect, subclass, visualise any user and collect data, with either engine."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import mesa
import numpy as np

from sim.config.draws import drawn
from sim.config.sim_config import AGENT_LIMIT, SimConfig
from sim.config.validation import validate
from sim.engine.engines import CompiledEngine, agreements
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.state import State, n_places, seats
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key
from sim.model.agents import User
from sim.model.mesa_engine import MesaEngine
from sim.model.simulation import Simulation
from sim.model.user_view import UserModel
from sim.rules import choice_memory, value_queries
from sim.rules.packed_state import place
from sim.rules.records import records


class SeedKeywords(TypedDict, total=False):
    """Keywords by which Mesa seeds a model; at most one of them."""

    rng: int | np.integer[Any] | np.random.SeedSequence | np.random.Generator | None
    seed: float | None  # deprecated by Mesa


class MigrationModel(UserModel):
    """One run of a scenario as a mesa model.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`; ``config.engine.name`` decides how users take their steps.
    replication : int
        Number of the replication, from 0.
    user_class : type of User
        The class of the agents; rules that it overrides act with ``engine=mesa`` only.
    start : State, optional
        A start prepared before, to be shared by several models of one world.
    collectors : dict
        Arguments of `mesa.DataCollector`, which then collects at every step.
    **seeds
        `rng`, as Mesa has it (`seed` is its older name): replaces ``config.seed``, the seed of
        the society and of all random numbers. A whole number is the seed itself, None asks for
        another seed each time. ``model.config.seed`` tells which it is.

    Raises
    ------
    ConfigError
        If `rng` is a whole number that is no seed.
    TypeError
        If a keyword is unknown.
    ValueError
        If the population is larger than ``AGENT_LIMIT``, `start` is of a world of other sizes, or
        a compiled engine is asked to run rules that only Python knows.
    """

    running: bool  # mesa's: whether there are steps to take

    def __init__(
        self,
        config: SimConfig,
        replication: int = 0,
        user_class: type[User] = User,
        start: State | None = None,
        collectors: dict[str, Any] | None = None,
        **seeds: Unpack[SeedKeywords],
    ) -> None:
        if seeds:
            config = _seeded(config, seeds)
        super().__init__(rng=int(purpose_key(config.seed, replication, "mesa")))
        n = config.population.n_users
        if n > AGENT_LIMIT:
            raise ValueError(f"population.n_users={n}: mesa agents are made up to {AGENT_LIMIT}")
        if user_class is not User and config.engine.name != "mesa":
            raise ValueError(f"{user_class.__name__} needs engine=mesa, not {config.engine.name}")
        if start is not None:
            _refuse_other_world(start, config)
        config = drawn(config, replication)
        self.config = config
        threads = Threads(config.engine.threads)
        start = prepare(config, threads) if start is None else start.copy()
        schedule, compiled = PolicySchedule(config), CompiledEngine(threads)
        self.simulation = Simulation(schedule, start, replication, compiled, threads)
        self.seats = seats(start.ties)
        tiles = config.tiles
        self.memory = choice_memory.working_memory(tiles)
        self.queries = value_queries.value_queries(1, tiles)
        self.agreed = agreements(n)
        self.step_records = records(start.layout.step_record, n)
        self.users = [user_class(self, row) for row in range(n)]  # they may look at themselves
        if config.engine.name == "mesa":
            self.simulation.engine = MesaEngine(self.users)
        self.datacollector = mesa.DataCollector(**(collectors or {}))

    def step(self) -> None:
        """Advance one step of `step_days` days; the phases stand in `Simulation.step`.

        Raises
        ------
        ValueError
            At the end of the run: no policy is meant for later days.
        """
        config, done = self.config, self.simulation.n_done
        if done >= config.n_steps:
            raise ValueError(
                f"step {done + 1}: the run (dur_days={config.dur_days:g}) ends after {done} "
                "steps; allowed: a model made anew, or a larger dur_days"
            )
        self.simulation.step()
        self.running = done + 1 < config.n_steps
        self.datacollector.collect(self)


def _seeded(config: SimConfig, seeds: SeedKeywords) -> SimConfig:
    """Return the configuration with the seed that Mesa makes of its keywords."""
    known = SeedKeywords.__annotations__
    for name in seeds:
        if name not in known:
            raise TypeError(f"MigrationModel: {name}=: unknown; allowed: {', '.join(known)}")
    seed = mesa.Model(**seeds).scenario.rng
    seed = int(seed) if seed == int(seed) else seed
    return validate(config.model_dump(mode="json") | {"seed": seed})


def _refuse_other_world(start: State, config: SimConfig) -> None:
    """Refuse a start of other sizes: compiled rules would read beyond the ends of arrays."""
    sizes = {
        "users": (start.n_users, config.population.n_users),
        "messengers": (int(start.params.n_messengers), len(config.messengers)),
        "places": (place(start.params.abroad_low[0]) + 1, n_places(config)),
        "tiles": (start.layout.tiles, config.tiles),
        "kinds of abuse": (len(start.abuse), len(config.abuse)),
    }
    for what, (has, queries) in sizes.items():
        if has != queries:
            raise ValueError(f"start has {has} {what}; allowed: {queries}, as config has")
