"""Habit: the share of communication over a messenger, remembered (docs/model.md, 2.6)."""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, read
from sim.rules.fixed_point import habits, set_habits
from sim.rules.records import CALL, MESSAGE, Record


@rule
def relax(habit: Vec8, share: Vec8, memory: np.float32) -> Vec8:
    """Return h exp(-rho dt) + (1 - exp(-rho dt)) share, with `memory` = exp(-rho dt)."""
    return memory * habit + (1.0 - memory) * share


@rule
def communication_shares(step_record: Record, params: Record) -> Vec8:
    """Return the shares of the user's communication that go over the messengers."""
    messages = params.channel_share[MESSAGE] * read(step_record.use[MESSAGE])
    return messages + params.channel_share[CALL] * read(step_record.use[CALL])


@rule
def remember(user: Record, step_record: Record, params: Record, memory: np.float32) -> None:
    """Move the habits of `user` towards its present use; `memory` is what a habit keeps."""
    set_habits(user, relax(habits(user), communication_shares(step_record, params), memory))
