"""Habit: the share of communication over a messenger, remembered (docs/model.md, 2.6)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.octets import Octet, read
from sim.rules.fixed import habits, keep_habits
from sim.rules.records import CALL, MESSAGE, Record


@rule
def relax(habit: Octet, share: Octet, memory: np.float32) -> Octet:
    """Return h exp(-rho dt) + (1 - exp(-rho dt)) share, with `memory` = exp(-rho dt)."""
    return memory * habit + (1.0 - memory) * share


@rule
def communication_shares(talk: Record, rules: Record) -> Octet:
    """Return the shares of the user's communication that go over the messengers."""
    messages = rules.channel_share[MESSAGE] * read(talk.use[MESSAGE])
    return messages + rules.channel_share[CALL] * read(talk.use[CALL])


@rule
def remember(user: Record, talk: Record, rules: Record, memory: np.float32) -> None:
    """Move the habits of `user` towards its present use; `memory` is what a habit keeps."""
    keep_habits(user, relax(habits(user), communication_shares(talk, rules), memory))
