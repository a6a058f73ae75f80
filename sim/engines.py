"""Two ways to let all chats and users take their parts of a step; the rules are the same.

`CompiledEngine` runs the rules over ranges of rows on several threads; `sim.agents.MesaEngine`
asks one mesa agent after another. Both give the same bits, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from sim.compiled import rule, rule_loop
from sim.lanes import WIDTH, align_stack
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
from sim.state import State
from sim.tally import Sums, Tally, block_sums, carry, observe
from sim.world.pool import available_cores, each, parts
from sim.world.rows import WINDOW

MOST_CHUNKS = 32
BLOCK = WINDOW  # rows summed together: sums are taken block by block, whatever the threads
GRAIN = BLOCK  # rows for which it pays to wake a thread ...
COARSE = 32 * GRAIN  # ... by a loop that does little with each
AT_ONCE = 8  # grains of a task: of many, others take some if a thread is kept waiting


def n_blocks(n_rows: int) -> int:
    """Return the number of blocks that hold `n_rows` rows."""
    return -(-n_rows // BLOCK)


class Engine(Protocol):
    """What lets all chats move, and all users take a step."""

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""


class Task(NamedTuple):
    """Chunks that a thread takes in one go: a call from Python costs as much as 150 users.

    A chunk's number and rows do not depend on threads, so neither do sums by chunk.
    """

    number: int  # of the first chunk
    cuts: I64  # chunk `number` + k has rows cuts[k] to cuts[k + 1]

    @property
    def rows(self) -> tuple[int, int]:
        """Return the first row, and the last + 1."""
        return int(self.cuts[0]), int(self.cuts[-1])


class Threads:
    """A pool that runs a compiled loop over ranges of rows."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or available_cores()
        self._pool = ThreadPoolExecutor(self.n_threads)

    def run(
        self, loop: Callable[..., None], n_rows: int, *arrays: object, grain: int = GRAIN
    ) -> None:
        """Call ``loop(first, last, *arrays)`` on ranges of whole blocks that cover `n_rows`."""
        self._map(lambda task: loop(*task.rows, *arrays), self.tasks(n_rows, grain))

    def run_chunks(
        self, loop: Callable[..., None], n_rows: int, *arrays: object, grain: int = GRAIN
    ) -> None:
        """Call ``loop(number, cuts, *arrays)`` on tasks that cover `n_rows`."""
        self._map(lambda task: loop(*task, *arrays), self.tasks(n_rows, grain))

    def run_parts(self, work: Callable[..., None], n_rows: int, *given: object) -> None:
        """Call ``work(first, last, *given)`` on parts of rows that fit numpy's memory."""
        each(lambda part: work(*part, *given), parts(n_rows), self.n_threads)

    def tasks(self, n_rows: int, grain: int = GRAIN) -> tuple[Task, ...]:
        """Return the tasks to run: `grain` is the number of rows for which it pays to wake one."""
        return cut(chunks(n_rows), self.n_threads, grain)

    def total(self, by_chunk: I64) -> I64:
        """Return the sum of what was counted by chunk, shape (n_chunks, ...), of all chunks."""
        return np.asarray(by_chunk.sum(axis=0))

    def _map(self, do: Callable[[Task], None], tasks: tuple[Task, ...]) -> None:
        """Let this thread and others of the pool each take the next task, until none is left.

        A result a task to wait for would cost as much as 500 users, as it wakes who waits.
        """
        waiting = iter(tasks)

        def take() -> None:
            for task in waiting:
                do(task)

        others = [self._pool.submit(take) for _ in range(min(self.n_threads, len(tasks)) - 1)]
        try:
            take()
        finally:
            for _ in waiting:  # if this thread was stopped: nothing more is begun
                pass
            wait(others)
        for other in others:
            other.result()


@cache
def chunks(n_rows: int) -> tuple[tuple[int, int], ...]:
    """Cut rows into at most ``MOST_CHUNKS`` ranges of whole blocks."""
    blocks = n_blocks(n_rows)
    cuts = np.linspace(0, blocks, min(MOST_CHUNKS, blocks) + 1).astype(int) * BLOCK
    return tuple((int(a), min(int(b), n_rows)) for a, b in pairwise(cuts))


@cache
def cut(
    ranges: tuple[tuple[int, int], ...], n_threads: int, grain: int, number: int = 0
) -> tuple[Task, ...]:
    """Cut chunks that follow each other, the first of them `number`, into tasks for threads."""
    if not ranges:
        return ()
    cuts = np.array([ranges[0][0], *(last for _, last in ranges)])
    n_rows = int(cuts[-1] - cuts[0])
    of_each = max(1, n_rows // (AT_ONCE * grain * n_threads))
    n_tasks = min(len(ranges), n_threads * of_each if n_rows >= 2 * grain else 1)
    firsts = [len(ranges) * k // n_tasks for k in range(n_tasks + 1)]
    return tuple(Task(number + a, cuts[a : b + 1]) for a, b in pairwise(firsts))


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
