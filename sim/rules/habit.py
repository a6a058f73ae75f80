"""Habit: the share of communication over a messenger, remembered (docs/model.md, 2.6)."""

from __future__ import annotations

from sim.compiled import rule
from sim.rules.records import CALL, MESSAGE, Int, Record


@rule
def relax(habit: float, share: float, memory: float) -> float:
    """Return h exp(-rho dt) + (1 - exp(-rho dt)) share, with `memory` = exp(-rho dt)."""
    return float(memory * habit + (1.0 - memory) * share)


@rule
def communication_share(talk: Record, p: Int, rules: Record) -> float:
    """Return the share of the user's communication that goes over messenger `p`."""
    share = rules.channel_share[MESSAGE] * talk.use[MESSAGE, p]
    share += rules.channel_share[CALL] * talk.use[CALL, p]
    return float(share)


@rule
def remember(user: Record, talk: Record, rules: Record, memory: float) -> None:
    """Move the habits of `user` towards its present use; `memory` is what a habit keeps."""
    for p in range(rules.n_messengers):
        user.habit[p] = relax(user.habit[p], communication_share(talk, p, rules), memory)
