"""Two ways to let all users take a half of their step; the rules are the same functions.

`CompiledEngine` runs the rules over blocks of rows on all threads; `sim.agents.MesaEngine` asks
one mesa agent after another. Both give the same bits.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sim.compiled import jit_parallel, prange
from sim.rules.records import U64, Now, Rules, Scratch, State, Ties, Traits
from sim.rules.step import act, look

BLOCK = 512  # users a thread takes at a time; results do not depend on it


class Engine(Protocol):
    """What lets all users take the two halves of a step."""

    def look(self, now: Now, keys: U64) -> None:
        """Let every user look at its contacts and communicate."""

    def act(self, now: Now, keys: U64) -> None:
        """Let every user change."""


class CompiledEngine:
    """All rows in parallel."""

    def __init__(self, traits: Traits, ties: Ties, state: State, rules: Rules) -> None:
        self._traits, self._ties, self._state, self._rules = traits, ties, state, rules

    def look(self, now: Now, keys: U64) -> None:
        """Let every user look at its contacts and communicate."""
        look_all(self._traits, self._ties, self._state, now, self._rules, keys)

    def act(self, now: Now, keys: U64) -> None:
        """Let every user change."""
        act_all(self._traits, self._state, now, self._rules, keys)


@jit_parallel
def look_all(traits: Traits, ties: Ties, state: State, now: Now, rules: Rules, keys: U64) -> None:
    """Run `look` for every user."""
    n, p = state.value.shape
    for block in prange((n + BLOCK - 1) // BLOCK):
        s = Scratch(np.empty(p), np.empty(p), np.empty((2, p + 1)), np.empty(p))
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            look(i, traits, ties, state, now, rules, keys, s)


@jit_parallel
def act_all(traits: Traits, state: State, now: Now, rules: Rules, keys: U64) -> None:
    """Run `act` for every user."""
    n = state.value.shape[0]
    for block in prange((n + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            act(i, traits, state, now, rules, keys)
