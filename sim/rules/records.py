"""The records that rules read and write.

A user is one row of a structured array, so a rule takes one pointer and not forty arrays. Rows
hold space for ``MAX`` messengers whatever the case, so that one compilation serves every case.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
Int = int | np.int64  # bits, positions
Record = Any  # one row of one of the structured arrays below
Records = Any  # a structured array (a numpy.recarray)

MAX = 6  # messengers at most: their habits share a 64-bit word with bits and place
CELLULAR = MAX  # column of cellular where messengers and cellular stand side by side
N_BANDS = 7
MESSAGE, CALL = 0, 1

# Who a user is, and what it has. Bits are messengers, in the order of the case.
USER = np.dtype(
    [
        ("band", "u1"),  # age band
        ("segments", "u1"),  # bits: segments that institutions can address
        ("type", "i1"),  # -1 state-averse, 0 indifferent, +1 foreign-averse
        ("online", "u1"),  # 1: can install an app
        ("place", "u1"),  # region * 2 + VPN: what decides which restrictions apply
        ("installed", "u1"),  # bits: on the phone
        ("account", "u1"),  # bits: registered
        ("aware", "u1"),  # bits: heard of
        ("mandated", "u1"),  # bits: demanded by an institution
        ("revising", "u1"),  # bits: reconsidered in this step
        ("asked", "u1", (MAX,)),  # 1: a contact asked to move calls here
        ("intensity", "f4"),  # D_i, communication relative to the average
        ("taste", "f4", (MAX,)),  # standard normal
        ("habit", "f4", (MAX,)),  # in [0, 1]
    ],
    align=True,
)

# What a user does in one step, written by its look at the contacts.
TALK = np.dtype(
    [
        ("use", "f4", (2, MAX + 1)),  # share of a channel's communication, cellular last
        ("value", "f4", (MAX,)),  # marginal value of a messenger reconsidered [logsum]
        ("openings", "f4", (MAX,)),  # [1/day]
        ("reachable", "f4", (2,)),  # share of weighted ties on which a messenger works
        ("welfare", "f4"),  # logsum over ties [utils]
    ],
    align=True,
)

# Working memory of a user's look at its ties: sums are taken in double precision.
SCRATCH = np.dtype(
    [
        ("x", "f8", (2, MAX)),  # exp(v) on the present tie
        ("use", "f8", (2, MAX + 1)),
        ("value", "f8", (MAX,)),
    ],
    align=True,
)

# The parameters of behaviour (sim/parameters.py explains them) and of the messengers.
RULES = np.dtype(
    [
        ("n_messengers", "i8"),
        ("channel_share", "f8", (2,)),  # d_c
        ("outside", "f8", (2,)),  # exp(a_0c) of cellular
        ("pull", "f8", (256,)),  # exp(eta/2 h) by quantised habit
        ("standalone", "f8", (MAX, N_BANDS)),  # B_p [utils]
        ("type_taste", "f8", (MAX,)),  # tau_p [utils]
        ("state_access", "f8", (MAX,)),  # share that the state can read
        ("pair_appeal", "f8", (MAX,)),  # -inf: a pair never goes there [utils]
        ("base_openings", "f8", (MAX,)),  # [1/day]
        ("habit_openings", "f8", (MAX,)),  # [1/day]
        ("mandate_openings", "f8", (MAX,)),  # [1/day]
        *(
            (name, "f8")
            for name in (
                "network_value", "keep_value", "taste_sd", "mandate_value", "preinstall_value",
                "install_rate", "drop_rate", "failure_exit", "habit_rate", "traffic_openings",
                "call_openings", "pair_rate", "pair_type", "trial_type",
            )
        ),
    ],
    align=True,
)  # fmt: skip

# What is in force for everybody during one step.
FORCE = np.dtype(
    [
        ("days", "f8"),  # length of the step
        ("passing", "f8", (MAX,)),  # share of registrations that succeed
        ("trend", "f8", (MAX,)),  # of stand-alone value [utils]
        ("trend_openings", "f8", (MAX,)),  # exp(trend): what draws people in draws them back
        ("awareness", "f8", (MAX,)),  # hazards, integrated over the step
        ("trial", "f8", (MAX,)),
        ("preinstall", "f8", (MAX,)),
    ],
    align=True,
)

MANDATE = np.dtype(
    [
        ("platform", "i8"),
        ("segment", "u1"),  # one bit
        ("hazard", "f8"),  # integrated over the step
        ("ceiling", "f8"),  # share of the segment that can be made to
        ("reached", "f8"),  # share of those that the roll-out has reached
        ("key", "u8"),  # who is how far down the roll-out: the same in every step
    ],
    align=True,
)


class Ties(NamedTuple):
    """Whom the users talk to. The tie at rank r of k weighs r**-0.9, normalised over the row."""

    indptr: I64  # (n + 1,)
    indices: U32  # (n_directed,)
    rank_weight: F64  # (max degree,) r**-0.9 for r = 1, 2, ...
    rank_total: F64  # (max degree + 1,) sum of the first k weights


class Now(NamedTuple):
    """What is in force during one step; C is the number of places (region x VPN)."""

    force: Record  # FORCE
    availability: F64  # (C, 2, MAX) q_ipc
    attraction: F64  # (C, C, 2, MAX) exp(a_pc - gamma_c (1 - q_i q_j))
    works: U8  # (C, C, 2) bits: messengers that work between two places
    mandates: Records  # MANDATE (m,)


# Purposes of random numbers; their order is the order of the keys of a step.
PURPOSES = (
    "mandate", "aware", "trial", "preinstall", "revise", "accept", "register",
    "pair", "pair_contact", "pair_platform",
)  # fmt: skip
(
    MANDATED, AWARE, TRIAL, PREINSTALL, REVISE, ACCEPT, REGISTER,
    PAIR, PAIR_CONTACT, PAIR_PLATFORM,
) = range(len(PURPOSES))  # fmt: skip


def records(dtype: np.dtype[Any], size: int) -> Records:
    """Return `size` zeroed records of `dtype`."""
    return np.zeros(size, dtype).view(np.recarray)
