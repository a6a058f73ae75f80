"""An engine that keeps the step records of all users, where others keep sums alone."""

from __future__ import annotations

import numpy as np

from sim.engine.accumulators import Accumulators
from sim.engine.engines import CompiledEngine, agreements, make_work, step_rows
from sim.engine.state import State
from sim.engine.threads import BLOCK, chunks, n_blocks
from sim.rules.pairing import apply_agreements
from sim.rules.records import STEP_RECORD, U64, Environment, Records, records


class RecordingEngine(CompiledEngine):
    """The compiled engine with the step records of all users; the results are the same.

    Attributes
    ----------
    users : USER (n,)
        As they were observed in the last step: before it changed them.
    step_records : STEP_RECORD (n,)
        What they did in it.
    """

    users: Records
    step_records: Records

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Let every user look at its contacts, be observed, and change."""
        n = state.n_users
        self.users = state.users.copy()
        step_records = records(STEP_RECORD, BLOCK * n_blocks(n))
        agreed = agreements(n)
        work = make_work(1, accumulators)[0]
        for k, (first, last) in enumerate(chunks(n)):
            for base in range(first, last, BLOCK):  # each has its own talks
                step_rows(
                    k, np.array([base, min(base + BLOCK, last)]), state.users, state.public,
                    state.ties, state.chats, state.abuse, env, state.params, keys, accumulators,
                    agreed, step_records[base : base + BLOCK], *work[1:],
                )  # fmt: skip
        apply_agreements(state.users, state.public, agreed, env, state.params, keys)
        self.step_records = step_records[:n]
