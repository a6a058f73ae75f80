"""Two ways to let all chats and users take their parts of a step; the rules are the same.

`CompiledEngine` runs the rules over ranges of rows on several threads; `sim.agents.MesaEngine`
asks one mesa agent after another. Both give the same bits, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from sim.compiled import rule, rule_loop
from sim.lanes import WIDTH
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


def n_blocks(n_rows: int) -> int:
    """Return the number of blocks that hold `n_rows` rows."""
    return -(-n_rows // BLOCK)


class Engine(Protocol):
    """What lets all chats move, and all users take a step."""

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""


class Threads:
    """A pool that runs a compiled loop over ranges of rows."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or available_cores()
        self._pool = ThreadPoolExecutor(self.n_threads)

    def run(self, loop: Callable[..., None], n_rows: int, *arrays: object) -> None:
        """Call ``loop(first, last, *arrays)`` on ranges of whole blocks that cover `n_rows`."""
        self.run_chunks(_without_number(loop), n_rows, *arrays)

    def run_chunks(self, loop: Callable[..., None], n_rows: int, *arrays: object) -> None:
        """Call ``loop(number, first, last, *arrays)`` on the `n_chunks` ranges of rows.

        They are the same for any number of threads, so sums by chunk are as well.
        """
        tasks = self.tasks(n_rows)
        if min(self.n_threads, len(tasks)) == 1:
            for k, (first, last) in tasks:
                loop(k, first, last, *arrays)
        else:
            list(self._pool.map(lambda task: loop(task[0], *task[1], *arrays), tasks))

    def run_parts(self, work: Callable[..., None], n_rows: int, *given: object) -> None:
        """Call ``work(first, last, *given)`` on parts of rows that fit numpy's memory."""
        each(lambda part: work(*part, *given), parts(n_rows), self.n_threads)

    def tasks(self, n_rows: int) -> list[tuple[int, tuple[int, int]]]:
        """Return the chunks to run, with their numbers."""
        return list(enumerate(chunks(n_rows)))

    def total(self, by_chunk: I64) -> I64:
        """Return the sum of what was counted by chunk, shape (n_chunks, ...), of all chunks."""
        return np.asarray(by_chunk.sum(axis=0))


def _without_number(loop: Callable[..., None]) -> Callable[..., None]:
    return lambda _, first, last, *arrays: loop(first, last, *arrays)


@cache
def chunks(n_rows: int) -> tuple[tuple[int, int], ...]:
    """Cut rows into at most ``MOST_CHUNKS`` ranges of whole blocks."""
    blocks = n_blocks(n_rows)
    cuts = np.linspace(0, blocks, min(MOST_CHUNKS, blocks) + 1).astype(int) * BLOCK
    return tuple((int(a), min(int(b), n_rows)) for a, b in pairwise(cuts))


class CompiledEngine:
    """All rows, compiled."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._idle: list[Work] = []  # one a thread: it stays in the caches of a core
        self._agreed: list[Agreements] = []  # by chunk

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""
        self._threads.run(
            move_rows, len(state.chats.platform), state.users, state.chats, now, state.rules, keys
        )

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""
        ranges = chunks(state.n_users)
        if len(self._agreed) != len(ranges):
            self._agreed = [agreements(last - first) for first, last in ranges]
            self._idle = make_work(self._threads.n_threads, tally)

        def loop(k: int, first: int, last: int) -> None:
            work = self._idle.pop()
            step_rows(
                k, first, last, state.users, state.shown, state.ties, state.chats, state.abuse,
                now, state.rules, keys, tally, self._agreed[k], *work,
            )  # fmt: skip
            self._idle.append(work)

        self._threads.run_chunks(loop, state.n_users)
        for agreed in self.agreed():
            keep_agreements(state.users, state.shown, agreed, now, state.rules, keys)

    def agreed(self) -> list[Agreements]:
        """Return what was agreed on in this step."""
        return self._agreed


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
    chunk: int, first: int, last: int, users: Records, shown: Shown, ties: Ties, chats: Chats,
    abuse: Records, now: Now, rules: Record, keys: U64, tally: Tally,
    agreed: Agreements, talks: Records, asked: Questions, memory: F32, sums: Sums, room: Sieve,
) -> None:  # fmt: skip
    """Let the users of whole blocks take a step."""
    for begin in range(first, last, BLOCK):
        base, end = block(begin, last)
        wonder(base, end, users, talks, shown.words, chats, now, rules, keys, asked, room)
        for at in range(base, end, WIDTH):
            communicate(
                at, 0, WIDTH, talks, base, shown.words, ties, now, rules, keys[CONVERSE], memory
            )
        answer(talks, base, shown.words, ties, now, rules, asked, memory)
        follow_up(base, end, users, talks, shown.minds, ties, now, rules, keys, agreed, room)
        for i in range(base, end):
            observe(i, chunk, users[i], talks[i - base], now, rules, tally, sums)
        carry(sums, chunk, tally)
        act(base, end, users, talks, abuse, now, rules, keys, asked, room)
        show(base, end, users, shown, rules, room)
