"""Habit: it relaxes towards the share of communication over a messenger (docs/model.md, 2.6).

h' = h exp(-rho dt) + (1 - exp(-rho dt)) share

A story about the messenger that repels by d leaves h exp(-a_h d) of a habit. What one is used to
holds as long as nothing questions it; then values decide anew (habit discontinuity: Verplanken
et al. 2008, doi:10.1016/j.jenvp.2007.10.005). The habit comes back with use.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, read_tile
from sim.rules.channels import channel_shares
from sim.rules.declare import MESSENGERS, Field, Parameter
from sim.rules.fixed_point import habit, habits, set_habit, set_habits
from sim.rules.records import CALL, MESSAGE, Record
from sim.rules.tiles import tiles

PARAMETERS = (
    Parameter(
        "habit_rate", 0.01223, 0.0001, 1, "1/day", "rho_h", "speed of habit",
        "fit S3; Lally et al. 2010: .012-.17",
    ),
    Parameter(
        "habit_break", 4.0, 0, 100, "1", "a_h",
        "loss of habit by how much a story about the messenger repels",
        "tuned by hand: January 2021, Turkey lost 5 % of WhatsApp's daily users, Brazil 1 % of "
        "those who had it",
    ),
)  # fmt: skip
STATE = (Field("habit", "u2", "in [0, 1] [1/65535]", MESSENGERS, "choice_state"),)


@rule
def relax(habit: Vec8, share: Vec8, memory: np.float32) -> Vec8:
    """Return h exp(-rho dt) + (1 - exp(-rho dt)) share, with `memory` = exp(-rho dt)."""
    return memory * habit + (1.0 - memory) * share


@rule
def communication_shares(user: Record, step_record: Record, o: Int = 0) -> Vec8:
    """Return the share of the communication of `user` by messenger of tile `o`, in [0, 1]."""
    messages, calls = channel_shares(user)
    said = messages * read_tile(step_record.use[MESSAGE], o)
    return said + calls * read_tile(step_record.use[CALL], o)


@rule
def remember(user: Record, step_record: Record, params: Record, memory: np.float32) -> None:
    """Move the habits of `user` towards its present use.

    Parameters
    ----------
    memory : float
        exp(-rho dt), the share that a habit keeps in a step.
    """
    for o in range(tiles(params)):
        shares = communication_shares(user, step_record, o)
        set_habits(user, relax(habits(user, o), shares, memory), o)


@rule
def break_habit(user: Record, p: Int, dislike: float, params: Record) -> None:
    """Let `user` lose habit in messenger `p`, of which a story repels it by `dislike` >= 0."""
    set_habit(user, p, habit(user, p) * np.exp(-params.habit_break * dislike))
