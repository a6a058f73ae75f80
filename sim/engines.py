"""Two ways to let all chats and users take their parts of a step; the rules are the same.

`CompiledEngine` runs the rules over ranges of rows on several threads; `sim.agents.MesaEngine`
asks one mesa agent after another. Both give the same bits, whatever the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Protocol

import numpy as np

from sim.compiled import jit_loop
from sim.lanes import WIDTH
from sim.rules.choice import working_memory
from sim.rules.groups import move
from sim.rules.records import U64, Chats, Now, Record, Records, Ties
from sim.rules.step import act, look
from sim.rules.whatif import answer, questions
from sim.state import State
from sim.world.rows import WINDOW

BLOCK = WINDOW  # rows summed together: sums are taken block by block, whatever the threads


def n_blocks(n_rows: int) -> int:
    """Return the number of blocks that hold `n_rows` rows."""
    return -(-n_rows // BLOCK)


def available_cores() -> int:
    """Return how many cores this process may use (macOS does not tell: all of them)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Engine(Protocol):
    """What lets all chats move, and all users take the two halves of a step."""

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""

    def look(self, state: State, now: Now, keys: U64) -> None:
        """Let every user look at its contacts and communicate."""

    def act(self, state: State, now: Now, keys: U64) -> None:
        """Let every user change."""


class Threads:
    """A pool that runs a compiled loop over ranges of rows."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or available_cores()
        self._pool = ThreadPoolExecutor(self.n_threads)

    def run(self, loop: Callable[..., None], n_rows: int, *arrays: object) -> None:
        """Call ``loop(first, last, *arrays)`` on ranges of whole blocks that cover `n_rows`."""
        blocks = n_blocks(n_rows)
        if min(self.n_threads, blocks) == 1:
            loop(0, n_rows, *arrays)
            return
        # four ranges a thread, so that none waits long for another
        cuts = np.linspace(0, blocks, min(4 * self.n_threads, blocks) + 1).astype(int) * BLOCK
        ranges = [(int(a), min(int(b), n_rows)) for a, b in pairwise(cuts)]
        list(self._pool.map(lambda r: loop(*r, *arrays), ranges))


class CompiledEngine:
    """All rows, compiled."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let every chat perhaps move."""
        self._threads.run(
            move_rows, len(state.chats.platform), state.users, state.chats, now, state.rules, keys
        )

    def look(self, state: State, now: Now, keys: U64) -> None:
        """Let every user look at its contacts and communicate."""
        self._threads.run(
            look_rows, state.n_users, state.users, state.talks, state.words, state.ties,
            state.chats, now, state.rules, keys,
        )  # fmt: skip

    def act(self, state: State, now: Now, keys: U64) -> None:
        """Let every user change."""
        self._threads.run(
            act_rows, state.n_users, state.users, state.talks, state.words, state.abuse, now,
            state.rules, keys,
        )  # fmt: skip


@jit_loop
def move_rows(
    first: int, last: int, users: Records, chats: Chats, now: Now, rules: Record, keys: U64
) -> None:
    """Run `move` for a range of chats."""
    for g in range(first, last):
        move(g, users, chats, now, rules, keys)


@jit_loop
def look_rows(
    first: int, last: int, users: Records, talks: Records, words: U64, ties: Ties,
    chats: Chats, now: Now, rules: Record, keys: U64,
) -> None:  # fmt: skip
    """Run `look` for the users of whole blocks."""
    s, asked = working_memory(), questions(BLOCK)
    for block in range(first, last, BLOCK):
        for at in range(block, min(block + BLOCK, last), WIDTH):
            look(at, 0, WIDTH, users, talks, words, ties, chats, now, rules, keys, asked, s)
        answer(users, talks, words, ties, now, rules, asked, s)


@jit_loop
def act_rows(
    first: int, last: int, users: Records, talks: Records, words: U64, abuse: Records, now: Now,
    rules: Record, keys: U64,
) -> None:  # fmt: skip
    """Run `act` for a range of users."""
    for i in range(first, last):
        act(i, users, talks, words, abuse, now, rules, keys)
