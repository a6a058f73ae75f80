"""The engine that takes one Mesa agent after another through a step."""

from __future__ import annotations

from collections.abc import Iterable

from sim.engine.accumulators import Accumulators, block_sums, flush, observe
from sim.engine.state import State
from sim.engine.threads import BLOCK, chunks
from sim.kernel.arrays import U64
from sim.model.agents import User
from sim.rules import groups
from sim.rules.pairing import apply_agreements
from sim.rules.records import Environment, Records
from sim.rules.registered import OwnRuleOfRun


class MesaEngine:
    """One agent after another."""

    def __init__(self, users: Iterable[User]) -> None:
        self._users = list(users)
        ranges = chunks(len(self._users))
        self._chunks = [k for k, (first, last) in enumerate(ranges) for _ in range(first, last)]

    def move(self, state: State, env: Environment, keys: U64) -> None:
        """Let one chat after another perhaps move."""
        for g in range(len(state.chats.platform)):
            groups.move(g, state.users, state.chats, env, state.params, keys)

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Let every user look at its contacts, be observed, and change."""
        for user in self._users:
            user.step()
        self._observe(state, env, accumulators)
        for user in self._users:
            user.advance()
            user.publish()
        agreed = self._users[0].model.agreed
        apply_agreements(state.users, state.public, agreed, env, state.params, keys)

    def act(self, state: State, env: Environment, own: OwnRuleOfRun, keys: U64) -> None:
        """Let a registered rule act on one user after another."""
        for user in self._users:
            kept = state.own[own.name][user.row]
            own.act(user.row, user.record, kept, own.params, env, state.params, keys)
            user.publish()

    def _observe(self, state: State, env: Environment, accumulators: Accumulators) -> None:
        """Add up the users block by block, as the compiled engine does."""
        sums = block_sums(accumulators)
        for first in range(0, len(self._users), BLOCK):
            chunk = self._chunks[first]
            for user in self._users[first : first + BLOCK]:
                observe(
                    user.row, chunk, user.record, user.step_record, env, state.params,
                    accumulators, sums,
                )  # fmt: skip
            flush(sums, chunk, accumulators)

    def recording(self) -> RecordingMesaEngine:
        """Return such an engine that keeps what all users did; the results are the same."""
        return RecordingMesaEngine(self._users)


class RecordingMesaEngine(MesaEngine):
    """One agent after another; what they did is kept, see `engines.Recording`."""

    users: Records
    step_records: Records

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Let every user look at its contacts, be observed, and change."""
        self.users = state.users.copy()
        super().step(state, env, keys, accumulators)
        self.step_records = self._users[0].model.step_records

    def recording(self) -> RecordingMesaEngine:
        """Return itself."""
        return self
