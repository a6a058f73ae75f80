"""One run: a scenario in one replication, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.config.policies import Compliance
from sim.config.sim_config import SimConfig
from sim.engine.engines import Engine
from sim.engine.offenders import follow
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, step_key
from sim.measures.series import Recorder
from sim.rules.records import PURPOSES, U64, Environment

# what a recorder is made with, and keeps
GIVEN = {"config", "n_users", "_at_start", "strata", "_accumulators"}


class Simulation:
    """A scenario in one replication.

    Parameters
    ----------
    schedule : Conditions
        The scenario's policies, asked step by step; runs of one scenario may share it.
    start : State
        Where the run starts (see sim/engine/start.py). The run changes it: a copy, if
        others need it.
    replication : int
        Which luck: runs with the same seed and replication see the same random numbers.
    """

    def __init__(
        self, schedule: PolicySchedule, start: State, replication: int, engine: Engine,
        threads: Threads,
    ) -> None:  # fmt: skip
        self.config: SimConfig = schedule.config
        self.schedule = schedule
        self.replication = replication
        self.engine = engine
        self.state = start
        self.recorder = Recorder(self.config, self.state)
        self.n_done = 0  # steps
        self.onsets: dict[str, float] = {}  # when platforms complied that waited for losses
        self.env: Environment = schedule.at(0)
        self._threads = threads
        seed = self.config.seed
        self._bases = [purpose_key(seed, replication, purpose) for purpose in PURPOSES]
        self.keys: U64 = np.zeros(len(PURPOSES), np.uint64)

    def step(self) -> None:
        """Advance one step.

        1. conditions: what policies put in force during the step
        2. move: group chats are ordered or agree to another messenger
        3. follow: offenders move to where attempts pay
        4. look: every user reads its contacts, chooses on every tie, opens its apps
        5. observe: measures of the step
        6. act: every user revises its messengers, forms habits, obeys, tries, learns, switches its
           VPN, and may fall for abuse; then pairs install what they agreed on
        7. platforms see how many users they lost; all see what has changed
        """
        self.env = self.schedule.at(self.n_done, self.onsets)
        self.keys = np.array([step_key(base, self.n_done) for base in self._bases], np.uint64)
        self.engine.move(self.state, self.env, self.keys)
        follow(self.state, self.env, self._threads)
        accumulators = self.recorder.accumulators(self.n_done)
        self.engine.step(self.state, self.env, self.keys, accumulators)
        self.recorder.record(self.n_done, self.env, self.state.abuse, accumulators)
        self._comply()
        self.state = self.state.swap_buffers()
        self.n_done += 1

    def memory(self) -> dict[str, Any]:
        """Return what makes the next steps and results, the state apart."""
        self.recorder.work_out()
        seen = {name: value for name, value in vars(self.recorder).items() if name not in GIVEN}
        return {"n_done": self.n_done, "onsets": self.onsets, "recorder": seen}

    def remember(self, memory: dict[str, Any]) -> None:
        """Stand where another simulation of the same run stood when it gave its `memory`."""
        self.n_done, self.onsets = memory["n_done"], memory["onsets"]
        vars(self.recorder).update(memory["recorder"])

    def _comply(self) -> None:
        """Note which platforms give in because they have lost enough daily users."""
        day = (self.n_done + 1) * self.config.step_days
        for name, policy in self.config.policies.items():
            if not isinstance(policy, Compliance) or policy.lost_users is None:
                continue
            waits = name not in self.onsets and (policy.start - self.config.start).days < day
            if waits and self.recorder.lost_users(policy.platform) >= policy.lost_users:
                self.onsets[name] = day
