"""Engines run the rules of a step for all chats and users.

`CompiledEngine` runs the rules over ranges of rows on several threads. `MesaEngine`
(sim/model/mesa_engine.py) calls one Mesa agent after another. The rules are the same, and so are
the bits of the results, whatever the number of threads.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from sim.engine.accumulators import Accumulators, Sums, block_sums, flush, observe
from sim.engine.state import State
from sim.engine.threads import BLOCK, COARSE, Threads, chunks, n_blocks
from sim.kernel.arrays import F32, I64, U64, Int
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.vec16 import align_stack
from sim.rules.candidates import CandidateBuffer, candidate_buffer
from sim.rules.choice_memory import working_memory
from sim.rules.groups import move
from sim.rules.networks import Chats, Ties
from sim.rules.pairing import apply_agreements
from sim.rules.records import (
    Agreements,
    Environment,
    Layout,
    PublicState,
    Record,
    Records,
    records,
)
from sim.rules.registered import OwnRuleOfRun
from sim.rules.step import after_choice, choose, publish, select, update
from sim.rules.value_queries import ValueQueries, value_queries


class Engine(Protocol):
    """Runs the rules for all chats and users; it changes `state` and `accumulators`."""

    def move(self, state: State, env: Environment, keys: U64) -> None:
        """Run the rule by which chats move, for all chats."""

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Run the rules of all users in the order of sim/rules/step.py, and observe users."""

    def act(self, state: State, env: Environment, own: OwnRuleOfRun, keys: U64) -> None:
        """Run a registered rule for all users."""

    def recording(self) -> Recording:
        """Return such an engine that keeps what all users did; the results are the same."""


class Recording(Engine, Protocol):
    """An engine that keeps what all users did in the last step.

    Attributes
    ----------
    users : USER (n,)
        As they were observed: before the step changed them.
    step_records : STEP_RECORD (n,)
        What they did.
    """

    users: Records
    step_records: Records


class CompiledEngine:
    """Runs compiled loops over the rows of chats and users on several threads."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._idle: list[Work] = []  # one a thread; it fits into the caches of a core
        self._agreed: dict[int, Agreements] = {}  # by the first chunk of a task

    def move(self, state: State, env: Environment, keys: U64) -> None:
        """Run the rule by which chats move, for all chats."""
        self._threads.run(
            move_rows, len(state.chats.platform), state.users, state.chats, env, state.params,
            keys, grain=COARSE,
        )  # fmt: skip

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Run the rules of all users and observe them; then install what pairs agreed on."""
        tasks = self._threads.tasks(state.n_users)
        if self._agreed.keys() != {task.number for task in tasks}:
            self._agreed = {task.number: agreements(task.rows[1] - task.rows[0]) for task in tasks}
            self._idle = make_work(self._threads.n_threads, accumulators, state.layout)

        def loop(number: int, cuts: I64) -> None:
            work = self._idle.pop()
            step_rows(
                number, cuts, state.users, state.public, state.ties, state.chats, state.abuse,
                env, state.params, keys, accumulators, self._agreed[number], *work,
            )  # fmt: skip
            self._idle.append(work)

        self._threads.run_chunks(loop, state.n_users)
        for agreed in self.agreed():
            apply_agreements(state.users, state.public, agreed, env, state.params, keys)

    def act(self, state: State, env: Environment, own: OwnRuleOfRun, keys: U64) -> None:
        """Run a registered rule for all users."""
        self._threads.run(
            own.loop, state.n_users, state.users, state.own[own.name], own.params, env,
            state.params, keys, state.public,
        )  # fmt: skip

    def agreed(self) -> list[Agreements]:
        """Return what pairs agreed on in this step."""
        return list(self._agreed.values())

    def recording(self) -> Recording:
        """Return such an engine that keeps what all users did; the results are the same."""
        return RecordingEngine(self._threads)


class RecordingEngine(CompiledEngine):
    """The compiled engine with the step records of all users, in one thread; see `Recording`."""

    users: Records
    step_records: Records

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Let every user look at its contacts, be observed, and change."""
        n = state.n_users
        self.users = state.users.copy()
        step_records = records(state.layout.step_record, BLOCK * n_blocks(n))
        agreed = agreements(n)
        work = make_work(1, accumulators, state.layout)[0]
        for k, (first, last) in enumerate(chunks(n)):
            for base in range(first, last, BLOCK):  # each has its own talks
                step_rows(
                    k, np.array([base, min(base + BLOCK, last)]), state.users, state.public,
                    state.ties, state.chats, state.abuse, env, state.params, keys, accumulators,
                    agreed, step_records[base : base + BLOCK], *work[1:],
                )  # fmt: skip
        apply_agreements(state.users, state.public, agreed, env, state.params, keys)
        self.step_records = step_records[:n]

    def recording(self) -> Recording:
        """Return itself."""
        return self


class Work(NamedTuple):
    """Working memory of a thread for a block of users."""

    step_records: Records  # STEP_RECORD (BLOCK,)
    queries: ValueQueries
    memory: F32
    sums: Sums
    buffer: CandidateBuffer


def make_work(n: int, accumulators: Accumulators, layout: Layout) -> list[Work]:
    """Return the working memory of `n` threads."""
    return [
        Work(
            records(layout.step_record, BLOCK),
            value_queries(BLOCK, layout.tiles),
            working_memory(layout.tiles),
            block_sums(accumulators),
            candidate_buffer(BLOCK, layout.tiles),
        )
        for _ in range(n)
    ]


def agreements(n_users: int) -> Agreements:
    """Return an empty list for what `n_users` agree on; pages never touched take no memory."""
    n = 2 * n_users
    return Agreements(np.zeros(1, np.int64), np.empty(n, np.uint32), np.empty(n, np.uint8))


@rule_loop
def move_rows(
    first: int, last: int, users: Records, chats: Chats, env: Environment, params: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Run `move` for a range of chats."""
    for g in range(first, last):
        move(g, users, chats, env, params, keys)


@rule
def block(begin: Int, last: Int) -> tuple[np.uint32, np.uint32]:
    """Return the first user of a block and the last + 1, as unsigned numbers.

    With signed numbers numba would check at each access whether an index is negative, which took
    a tenth of the time of a loop.
    """
    return np.uint32(begin), np.uint32(min(begin + BLOCK, last))


@rule_loop
def step_rows(
    number: int, cuts: I64, users: Records, public: PublicState, ties: Ties, chats: Chats,
    abuse: Records, env: Environment, params: Record, keys: U64, accumulators: Accumulators,
    agreed: Agreements, step_records: Records, queries: ValueQueries, memory: F32, sums: Sums,
    buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Run the step of the users of a task, block after block; chunk k is cuts[k] to cuts[k + 1].

    The phases are those of sim/rules/step.py.
    """
    align_stack()
    for k in range(len(cuts) - 1):
        chunk, last = number + k, cuts[k + 1]
        for begin in range(cuts[k], last, BLOCK):
            base, end = block(begin, last)
            select(
                base, end, users, step_records, public.choice_state, chats, env, params, keys,
                queries, buffer,
            )  # fmt: skip
            choose(
                base, end, users, step_records, public.choice_state, ties, env, params, keys,
                queries, memory,
            )  # fmt: skip
            after_choice(
                base, end, users, step_records, public.belief_state, ties, env, params, keys,
                agreed, buffer,
            )  # fmt: skip
            for i in range(base, end):
                observe(
                    i, chunk, users[i], step_records[i - base], env, params, accumulators, sums
                )
            flush(sums, chunk, accumulators)
            update(base, end, users, step_records, abuse, env, params, keys, queries, buffer)
            publish(base, end, users, public, params, buffer)
