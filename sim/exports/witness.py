"""An engine that keeps what every user did in a step, where others keep sums alone."""

from __future__ import annotations

import numpy as np

from sim.engine.engines import CompiledEngine, agreements, make_work, step_rows
from sim.engine.state import State
from sim.engine.tally import Tally
from sim.engine.threads import BLOCK, chunks, n_blocks
from sim.rules.pairing import keep_agreements
from sim.rules.records import TALK, U64, Now, Records, records


class Witness(CompiledEngine):
    """The compiled engine with room for the talk of all users; the same bits.

    Attributes
    ----------
    users : USER (n,)
        As they were observed in the last step: before it changed them.
    talks : TALK (n,)
        What they did in it.
    """

    users: Records
    talks: Records

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""
        n = state.n_users
        self.users = state.users.copy()
        talks = records(TALK, BLOCK * n_blocks(n))
        agreed = agreements(n)
        work = make_work(1, tally)[0]
        for k, (first, last) in enumerate(chunks(n)):
            for base in range(first, last, BLOCK):  # each has its own talks
                step_rows(
                    k, np.array([base, min(base + BLOCK, last)]), state.users, state.shown,
                    state.ties, state.chats, state.abuse, now, state.rules, keys, tally, agreed,
                    talks[base : base + BLOCK], *work[1:],
                )  # fmt: skip
        keep_agreements(state.users, state.shown, agreed, now, state.rules, keys)
        self.talks = talks[:n]
