"""One run: a scenario in one replication, step by step."""

from __future__ import annotations

import numpy as np

from sim.conditions import Conditions
from sim.config import SimConfig
from sim.engines import Engine, Threads
from sim.measures import Recorder
from sim.rng import purpose_key, step_key
from sim.rules.records import PURPOSES, U64, Now
from sim.state import State


class Simulation:
    """A scenario in one replication.

    Parameters
    ----------
    conditions : Conditions
        The scenario's policies, asked step by step; runs of one scenario may share it.
    start : State
        Where the run starts (see sim/start.py); it is not changed.
    replication : int
        Which luck: runs with the same seed and replication see the same random numbers.
    """

    def __init__(
        self, conditions: Conditions, start: State, replication: int, engine: Engine,
        threads: Threads,
    ) -> None:  # fmt: skip
        self.config: SimConfig = conditions.config
        self.conditions = conditions
        self.engine = engine
        self.state = start.copy()
        self.recorder = Recorder(self.config, threads, self.state)
        self.n_done = 0  # steps
        self.now: Now = conditions.at(0)
        seed = self.config.seed
        self._bases = [purpose_key(seed, replication, purpose) for purpose in PURPOSES]
        self.keys: U64 = np.zeros(len(PURPOSES), np.uint64)

    def step(self) -> None:
        """Advance one step.

        1. conditions: what policies put in force during the step
        2. look: every user reads its contacts, chooses on every tie, opens its apps
        3. observe: measures of the step
        4. act: every user revises its messengers, forms habits, obeys, tries, answers
        """
        self.now = self.conditions.at(self.n_done)
        self.keys = np.array([step_key(base, self.n_done) for base in self._bases], np.uint64)
        self.engine.look(self.state, self.now, self.keys)
        self.recorder.observe(self.n_done)
        self.engine.act(self.state, self.now, self.keys)
        self.n_done += 1
