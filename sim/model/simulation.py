"""One run: a scenario in one replication, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sim.config.sim_config import SimConfig
from sim.engine.engines import Engine
from sim.engine.offenders import follow
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.kernel.arrays import U64
from sim.kernel.rng import purpose_key, step_key
from sim.measures.series import Recorder
from sim.rules.records import PURPOSES, Environment
from sim.rules.registered import OwnRuleOfRun, registered_rules

# attributes of a recorder that a new one has as well, or makes anew in each step
NOT_KEPT = {
    "config",
    "n_users",
    "strata",
    "_accumulators",
    "by_user",
    "_slots",
    "engine",
}


class Simulation:
    """A scenario in one replication.

    Parameters
    ----------
    schedule : PolicySchedule
        The policies of the scenario; runs of one scenario may share it.
    start : State
        The state before the first step (see sim/engine/start.py). The run changes it: pass a copy
        if it is needed again.
    replication : int
        Runs with the same seed and replication use the same random numbers.
    engine : Engine
        Runs the rules for all chats and users.
    threads : Threads
        For everything else that is computed in parallel.
    """

    def __init__(
        self, schedule: PolicySchedule, start: State, replication: int, engine: Engine,
        threads: Threads,
    ) -> None:  # fmt: skip
        self.config: SimConfig = schedule.config
        self.schedule = schedule
        self.replication = replication
        self.engine = engine
        seed = self.config.seed
        self._own = [OwnRuleOfRun(own, seed, replication) for own in registered_rules()]
        own_state = {own.name: own.own_state(start.n_users) for own in self._own}
        self.state = replace(start, own=own_state)
        self.recorder = Recorder(self.config, self.state)
        self.n_done = 0  # steps
        self.onsets: dict[str, float] = {}  # day on which conditional compliance began, by policy
        self.env: Environment = schedule.at(0)
        self._threads = threads
        self._bases = [purpose_key(seed, replication, purpose) for purpose in PURPOSES]
        self.keys: U64 = np.zeros(len(PURPOSES), np.uint64)

    def step(self) -> None:
        """Advance one step.

        1. environment: what policies put in force during the step
        2. chats move, by order or by agreement of their members
        3. offenders adapt: attempts move to platforms where they pay
        4. users take the step (order of their rules: sim/rules/step.py), and are observed; then
           pairs install what they agreed on, and registered rules act
        5. the measures of the step are recorded
        6. platforms decide on compliance, by the users they have lost
        7. what users have published becomes visible
        """
        self.env = self.schedule.at(self.n_done, self.onsets)
        self.keys = np.array([step_key(base, self.n_done) for base in self._bases], np.uint64)
        self.engine.move(self.state, self.env, self.keys)
        follow(self.state, self.env, self._threads)
        if self.recorder.by_user:
            self.engine = self.recorder.engine = self.engine.recording()
        accumulators = self.recorder.accumulators(self.n_done)
        self.engine.step(self.state, self.env, self.keys, accumulators)
        for own in self._own:
            self.engine.act(self.state, self.env, own, own.keys(self.n_done))
        self.recorder.record(self.n_done, self.env, self.state.abuse, accumulators)
        self._comply()
        self.state = self.state.swap_buffers()
        self.n_done += 1

    def memory(self) -> dict[str, Any]:
        """Return what a resumed run needs besides the state, to be passed to `remember`."""
        self.recorder.work_out()
        kept = {name: value for name, value in vars(self.recorder).items() if name not in NOT_KEPT}
        return {"n_done": self.n_done, "onsets": self.onsets, "recorder": kept}

    def remember(self, memory: dict[str, Any]) -> None:
        """Continue where another simulation of the same run was when it returned its `memory`."""
        self.n_done, self.onsets = memory["n_done"], memory["onsets"]
        vars(self.recorder).update(memory["recorder"])

    def _comply(self) -> None:
        """Record which platforms begin to comply because they have lost enough daily users."""
        day = (self.n_done + 1) * self.config.step_days
        for name, policy in self.config.policies.items():
            awaited = policy.waits_for()
            if awaited is None or name in self.onsets:
                continue
            has_begun = (policy.start - self.config.start).days < day
            if has_begun and self.recorder.lost_users(awaited[0]) >= awaited[1]:
                self.onsets[name] = day
