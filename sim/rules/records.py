"""The records that rules read and write: named tuples of arrays, which numba understands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]

MESSAGE, CALL = 0, 1


class Traits(NamedTuple):
    """Who the users are; nothing here changes during a run. Shapes: n users, P messengers."""

    band: U8  # (n,) age band
    segments: U8  # (n,) bit mask
    type: NDArray[np.int8]  # (n,) -1 state-averse, 0 indifferent, +1 foreign-averse
    online: NDArray[np.bool_]  # (n,) can install an app
    place: U8  # (n,) region * 2 + VPN: what decides which restrictions apply
    intensity: F32  # (n,) D_i, mean 1
    taste: F32  # (n, P) standard normal


class Ties(NamedTuple):
    """Whom the users talk to. The tie at rank r of k weighs r**-0.9, normalised over the row."""

    indptr: I64  # (n + 1,)
    indices: U32  # (n_directed,)
    rank_weight: F64  # (max degree,) r**-0.9 for r = 1, 2, ...
    rank_total: F64  # (max degree + 1,) sum of the first k weights


class State(NamedTuple):
    """What changes. A user's step reads the words of others and writes rows of its own.

    The one exception is `asked`: a user who moves its calls marks both ends of the tie. Marks
    are only ever set to 1 within a step, so their order cannot matter.
    """

    installed: U8  # (n,) bit mask of messengers on the phone
    account: U8  # (n,) bit mask of accounts
    aware: U8  # (n,) bit mask of messengers heard of
    mandated: U8  # (n,) bit mask of messengers an institution demands
    habit: F32  # (n, P) in [0, 1]
    word: U64  # (n,) what contacts see, see rules/word.py
    revising: U8  # (n,) bit mask of messengers reconsidered in this step
    value: F32  # (n, P) marginal value of a messenger reconsidered [utils of logsum]
    use: F32  # (n, 2, P + 1) share of a channel's communication by messenger and cellular
    sessions: F32  # (n, P) openings a day
    reachable: F32  # (n, 2) share of weighted ties on which some messenger works, by channel
    welfare: F32  # (n,) logsum over ties [utils]
    asked: U8  # (n, P) 1: a contact asked to move calls here


class Rules(NamedTuple):
    """The parameters of behaviour, as the rules use them (sim/parameters.py explains them)."""

    channel_share: F64  # (2,) d_c
    outside: F64  # (2,) exp(a_0c) of cellular
    pull: F64  # (256,) exp(eta/2 * h) by quantised habit h
    standalone: F64  # (P, n_bands) B_p [utils]
    type_taste: F64  # (P,) tau_p [utils]
    pair_appeal: F64  # (P,) -inf where a pair never goes [utils]
    openings: F64  # (P,) [1/day]
    habit_openings: F64  # (P,) [1/day]
    mandate_openings: F64  # (P,) [1/day]
    network_value: float
    keep_value: float
    taste_sd: float
    mandate_value: float
    preinstall_value: float
    install_rate: float
    drop_rate: float
    failure_exit: float
    habit_rate: float
    traffic_openings: float
    call_openings: float
    pair_rate: float
    pair_type: float
    trial_type: float


class Now(NamedTuple):
    """What is in force during one step; C is the number of places (region x VPN)."""

    days: float  # length of the step
    availability: F64  # (C, 2, P) q_ipc
    attraction: F64  # (C, C, 2, P) exp(a_pc - gamma_c (1 - q_i q_j))
    works: U8  # (C, C, 2) bit mask of messengers that work between two places
    passing: F64  # (P,) share of registrations that succeed
    trend: F64  # (P,) [utils]
    awareness: F64  # (P,) integrated hazard over the step [1]
    trial: F64  # (P,) integrated hazard [1]
    preinstall: F64  # (P,) integrated hazard [1]
    mandate_platform: I64  # (m,)
    mandate_segment: U8  # (m,) bit mask
    mandate_hazard: F64  # (m,) integrated over the step [1]
    mandate_ceiling: F64  # (m,)
    mandate_reached: F64  # (m,) share of the segment the roll-out has reached
    mandate_key: U64  # (m,) who is how far down the roll-out; the same in every step


class Scratch(NamedTuple):
    """Working memory of one thread."""

    x: F64  # (P,)
    pull: F64  # (P,)
    use: F64  # (2, P + 1)
    value: F64  # (P,)


# Purposes of random numbers; their order is the order of the keys of a step.
PURPOSES = (
    "mandate", "aware", "trial", "preinstall", "revise", "accept", "register",
    "pair", "pair_contact", "pair_platform",
)  # fmt: skip
(
    MANDATE, AWARE, TRIAL, PREINSTALL, REVISE, ACCEPT, REGISTER, PAIR, PAIR_CONTACT, PAIR_PLATFORM,
) = range(len(PURPOSES))  # fmt: skip
