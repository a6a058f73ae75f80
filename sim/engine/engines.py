"""Two ways to let all chats and users take their parts of a step; the rules are the same.

`CompiledEngine` runs the rules over ranges of rows on several threads. `MesaEngine`
(sim/model/agents.py) asks one Mesa agent after another. Both give the same bits, whatever the
number of threads.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from sim.engine.state import State
from sim.engine.tally import Sums, Tally, block_sums, carry, observe
from sim.engine.threads import BLOCK, COARSE, Threads
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.lanes import WIDTH, align_stack
from sim.rules.choice import communicate
from sim.rules.groups import move
from sim.rules.pairing import keep_agreements
from sim.rules.records import (
    CONVERSE,
    F32,
    I64,
    TALK,
    U64,
    Agreements,
    Chats,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
    records,
)
from sim.rules.sieve import Sieve, sieve
from sim.rules.step import act, follow_up, show, wonder
from sim.rules.tie import working_memory
from sim.rules.whatif import Questions, answer, questions


class Engine(Protocol):
    """What lets all chats move, and all users take a step."""

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""


class CompiledEngine:
    """All rows, compiled."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._idle: list[Work] = []  # one a thread: it stays in the caches of a core
        self._agreed: dict[int, Agreements] = {}  # by the first chunk of a task

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""
        self._threads.run(
            move_rows, len(state.chats.platform), state.users, state.chats, now, state.rules, keys,
            grain=COARSE,
        )  # fmt: skip

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""
        tasks = self._threads.tasks(state.n_users)
        if self._agreed.keys() != {task.number for task in tasks}:
            self._agreed = {task.number: agreements(task.rows[1] - task.rows[0]) for task in tasks}
            self._idle = make_work(self._threads.n_threads, tally)

        def loop(number: int, cuts: I64) -> None:
            work = self._idle.pop()
            step_rows(
                number, cuts, state.users, state.shown, state.ties, state.chats, state.abuse,
                now, state.rules, keys, tally, self._agreed[number], *work,
            )  # fmt: skip
            self._idle.append(work)

        self._threads.run_chunks(loop, state.n_users)
        for agreed in self.agreed():
            keep_agreements(state.users, state.shown, agreed, now, state.rules, keys)

    def agreed(self) -> list[Agreements]:
        """Return what was agreed on in this step."""
        return list(self._agreed.values())


class Work(NamedTuple):
    """Working memory of a thread, for the users of a block."""

    talks: Records  # TALK (BLOCK,)
    asked: Questions
    memory: F32
    sums: Sums
    room: Sieve


def make_work(n: int, tally: Tally) -> list[Work]:
    """Return the working memory of `n` threads."""
    return [
        Work(
            records(TALK, BLOCK), questions(BLOCK), working_memory(), block_sums(tally),
            sieve(BLOCK),
        )
        for _ in range(n)
    ]  # fmt: skip


def agreements(n_users: int) -> Agreements:
    """Return room for what `n_users` agree on; pages that stay unused take no memory."""
    n = 2 * n_users
    return Agreements(np.zeros(1, np.int64), np.empty(n, np.uint32), np.empty(n, np.uint8))


@rule_loop
def move_rows(
    first: int, last: int, users: Records, chats: Chats, now: Now, rules: Record, keys: U64
) -> None:
    """Run `move` for a range of chats."""
    for g in range(first, last):
        move(g, users, chats, now, rules, keys)


@rule
def block(begin: Int, last: Int) -> tuple[np.uint32, np.uint32]:
    """Return where a block begins and ends, by numbers of a type that is never negative.

    Else each look at a user would ask whether it is counted from the end: a tenth of a loop.
    """
    return np.uint32(begin), np.uint32(min(begin + BLOCK, last))


@rule_loop
def step_rows(
    number: int, cuts: I64, users: Records, shown: Shown, ties: Ties, chats: Chats,
    abuse: Records, now: Now, rules: Record, keys: U64, tally: Tally,
    agreed: Agreements, talks: Records, asked: Questions, memory: F32, sums: Sums, room: Sieve,
) -> None:  # fmt: skip
    """Let the users of a task's chunks take a step, block after block."""
    align_stack()
    for k in range(len(cuts) - 1):
        chunk, last = number + k, cuts[k + 1]
        for begin in range(cuts[k], last, BLOCK):
            base, end = block(begin, last)
            wonder(base, end, users, talks, shown.words, chats, now, rules, keys, asked, room)
            for at in range(base, end, WIDTH):
                communicate(
                    at, 0, WIDTH, talks, base, shown.words, ties, now, rules, keys[CONVERSE],
                    memory,
                )  # fmt: skip
            answer(talks, base, shown.words, ties, now, rules, asked, memory)
            follow_up(base, end, users, talks, shown.minds, ties, now, rules, keys, agreed, room)
            for i in range(base, end):
                observe(i, chunk, users[i], talks[i - base], now, rules, tally, sums)
            carry(sums, chunk, tally)
            act(base, end, users, talks, abuse, now, rules, keys, asked, room)
            show(base, end, users, shown, rules, room)
