"""The records that rules read and write.

A user is one row of a structured array, so a rule takes one pointer instead of forty arrays. Rows
hold ``MAX`` messengers in every case, so that one compilation serves all cases. "Set" in a comment
is a set of small numbers, kept as bits (sim/kernel/bits.py); messengers are numbered in the order
of the case.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Int as Int  # sets, positions
from sim.kernel.vec8 import USED
from sim.rules.declare import DERIVED, MESSENGERS, declared

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]
Record = Any  # one row of one of the structured arrays below
Records = Any  # a structured array (a numpy.recarray)

MAX = USED  # largest number of messengers: a choice state (packed_state.py) has no room for more
CELLULAR = MAX  # column of cellular in arrays of platforms, after the messengers
N_BANDS = 7  # age bands
MESSAGE, CALL = 0, 1  # channels
ORDINARY, SENSITIVE = 0, 1  # topics of messages
WINDOW = 2048  # users in a window: positions of lanes and chats are counted from its first user


def declared_fields(kind: str) -> list[tuple[Any, ...]]:
    """Return the fields that rules declare, ``STATE`` or ``STEP``, as numpy takes them."""
    return [
        (field.name, field.storage, (MAX,) if field.shape == MESSENGERS else ())
        for field in declared(kind)
    ]


def record_of(fields: list[tuple[Any, ...]]) -> np.dtype[Any]:
    """Return a record of some fields, the largest numbers first, so that none is padded."""
    return np.dtype(sorted(fields, key=lambda f: -np.dtype(f[1]).itemsize), align=True)


# Who a user is, and what it has. Rules declare the rest (declare.py).
USER = record_of(
    [
        ("band", "u1"),  # age band
        ("segments", "u1"),  # set of segments that the user belongs to
        ("type", "i1"),  # -1 state-averse, 0 indifferent, +1 foreign-averse
        ("online", "u1"),  # 1: can install an app
        ("place", "u1"),  # 2 region + VPN, see place.py
        ("abroad", "u1"),  # 1: has a contact abroad
        ("installed", "u1"),  # set of messengers on the phone
        ("account", "u1"),  # set of messengers with an account
        ("aware", "u1"),  # set of messengers that the user is aware of
        # fixed-point numbers, read and written by fixed_point.py
        ("intensity", "u2"),  # D_i, communication relative to the average [1/2048]
        ("concern", "u2"),  # kappa_i, how much being read matters [1/1024]
        ("taste", "i1", (MAX,)),  # standard normal [1/32]
        *declared_fields("STATE"),
    ]
)

# What a user does in one step. Rules declare the rest.
STEP_RECORD = record_of(
    [
        ("use", "f4", (2, MAX + 1)),  # share of a channel's communication, cellular last
        ("welfare", "f4"),  # logsum over ties [utils]
        ("helpers", "f4"),  # share of weighted ties to users with a VPN
        ("reachable", "f4", (2,)),  # by channel: sum of w_ij times the best q_i q_j of a messenger
        ("secure", "f4", (2,)),  # the same, only by messengers that the state cannot read
        ("abroad", "f4", (2,)),  # by channel: best q_i q_j of a messenger to the contact abroad
        ("partner", "u4"),  # the contact of this step; a user without ties is its own
        *declared_fields("STEP"),
    ]
)

# What is compared with the start later: fields of `STEP_RECORD` then [1/65535].
AT_START = np.dtype([("reachable", "u2", (2,)), ("secure", "u2", (2,))], align=True)

# The parameters of behaviour (explained where rules declare them) and of the messengers.
PARAMS = np.dtype(
    [
        ("n_messengers", "i8"),
        ("channel_share", "f4", (2,)),  # d_c
        ("topic_share", "f8", (2,)),  # 1 - y, y
        ("outside", "f8", (2,)),  # exp(a_0c) of cellular
        ("outside_abroad", "f8", (2,)),  # the same to a contact abroad
        ("abroad_low", "i8"),  # halves of the choice state of contacts abroad
        ("abroad_high", "i8"),
        ("habit_level", "u1", (256,)),  # by the first eight bits of a habit, see packed_state.py
        ("half_fear", "f4"),  # lambda / 2 [utils]
        ("fear_steps", "f4"),  # levels in one unit of exp(-lambda f / 2)
        ("habit_pull", "f8"),  # exp(eta / 2) - 1
        ("fear_pull", "f8"),  # 1 - exp(-lambda MAX_FEAR / 2)
        ("standalone", "f4", (N_BANDS, MAX)),  # B_p [utils]
        ("prior", "f4", (3, MAX)),  # L0 by type (-1, 0, 1) [log-odds]
        ("pair_appeal", "f8", (MAX,)),  # -inf: no pair moves there [utils]
        ("base_openings", "f4", (MAX,)),  # [1/day]
        ("habit_openings", "f4", (MAX,)),  # [1/day]
        ("mandate_openings", "f4", (MAX,)),  # [1/day]
        ("abroad_weight", "f8"),  # of the contact abroad among ties
        *((p.name, p.storage) for p in declared("PARAMETERS") if p.storage != DERIVED),
    ],
    align=True,
)

# What policies do to all users alike during one step.
EFFECTS = np.dtype(
    [
        ("days", "f4"),  # length of the step
        ("passing", "f8", (MAX,)),  # share of registrations that succeed
        ("trend", "f4", (MAX,)),  # added to the stand-alone value [utils]
        ("trend_openings", "f4", (MAX,)),  # exp(trend), factor of openings for content
        ("awareness", "f4", (MAX,)),  # hazard of becoming aware, integrated over the step
        ("trial", "f4", (MAX,)),  # hazard of trying a messenger, integrated over the step
        ("preinstall", "f4", (MAX,)),  # hazard of buying a phone with it, integrated
        ("onboarding", "f4", (MAX,)),  # help with installing it [utils]
        ("access", "f4", (MAX + 1,)),  # share of communication that the state can read
        ("unreadable", "i8"),  # set of messengers of which the state reads less than half
        ("varied", "i8"),  # set of messengers whose availability differs by place
        ("regional", "i8"),  # 1: places differ by more than a VPN
        ("vpn_cost", "f8"),  # fines minus help, on top of the ordinary cost [utils]
        ("detection", "f8", (MAX + 1,)),  # share of attempts that moderation stops
        ("loss", "f8"),  # share of payments by victims that is lost
        ("going_online", "f8", (N_BANDS,)),  # hazard by age band, integrated over the step
        ("price", "f8", (2, MAX + 1)),  # of a message and of a call [utils]
        ("outside", "f8", (2,)),  # exp(-price) by phone, factor of exp(a_0c)
    ],
    align=True,
)

MANDATE = np.dtype(
    [
        ("platform", "i8"),
        ("segment", "u1"),  # set with the one segment
        ("kind", "i8"),  # number of the segment; for chats, among the segments with chats
        ("outcome", "u1"),  # of a chat that moves: INVITED or ORDERED
        ("hazard", "f8"),  # integrated over the step
        ("ceiling", "f8"),  # share of the segment that the mandate reaches in the end
        ("reached", "f8"),  # share of those that the roll-out has reached by now
        ("key", "u8"),  # of positions in the roll-out, the same in every step
    ],
    align=True,
)


# A story about a messenger that spreads in this step.
NEWS = np.dtype(
    [
        ("platform", "i8"),
        ("bit", "i8"),  # number of the story
        ("shock", "f8", (3,)),  # log-likelihood ratio by type [log-odds]
        ("media", "f8"),  # hazard of hearing it from media, integrated over the step
        ("contact", "f8"),  # hazard of hearing it from a contact who has heard it
        ("lasting", "f8"),  # 1: a fact, which forgetting does not undo; 0: an impression
        ("audience", "i8"),  # set of messengers whose users media reach; 0: all users
        ("salt", "u8"),  # changes keys, so that each story has random numbers of its own
    ],
    align=True,
)

# One kind of abuse in one run.
ABUSE = np.dtype(
    [
        ("channel", "i8"),
        ("rate", "f8"),  # rho_F, adaptation [1/day]
        ("response", "f8"),  # eps
        ("elasticity", "f8"),  # xi
        ("conversion", "f8", (MAX + 1,)),  # conv_k, success of an attempt that arrives, scaled
        ("share", "f8", (MAX + 1,)),  # x_k, shares of attempts by platform
        ("total", "f8"),  # A, attempts in total relative to the start
        ("arriving", "f8"),  # share of attempts that arrived at the start, the unit of attempts
        ("incident_rate", "f8"),  # incidents per person at the start [1/day]
        ("vulnerability", "f8", (N_BANDS,)),  # by age band, population mean 1
        ("max_rate", "f8"),  # bound of the expected incidents of any user in this step [1/day]
    ],
    align=True,
)


class PublicState(NamedTuple):
    """What users publish: now, and from the next step on (packed_state.py).

    The last of n + 1 choice states belongs to no user.
    """

    choice_state: U64  # (n + 1,)
    belief_state: U64  # (n,)
    next_choice_state: U64
    next_belief_state: U64


class Agreements(NamedTuple):
    """What pairs agreed on in this step: both ends of each pair install the messenger."""

    n: I64  # (1,) number of entries
    who: U32  # the user
    platform: U8  # the messenger to install


class Ties(NamedTuple):
    """The ties, in slices of sixteen users of similar degree (sim/population/rows.py).

    The weight of the tie at rank r (from 1) is r**-0.9, normalised over the ties of the user.
    """

    order: U32  # (16 n_slices,) users slice by slice, n where a lane is empty
    slice_start: I64  # (n_slices + 1,) where a slice begins in `indices`
    indices: U32  # contacts rank by rank: the first contacts of 16 users, the second contacts, ...
    seat: U16  # (n,) lane of a user, counted from the first lane of its window (contact.tie_at)
    degree: U16  # (n,) number of ties
    rank_weight: F32  # (max degree,) r**-0.9 for r = 1, 2, ...
    rank_total: F32  # (max degree + 1,) sums of the first k weights, k = 0, 1, ...


class Chats(NamedTuple):
    """Group chats of one run: G chats of K kinds; a user is in at most one chat of each kind."""

    platform: U8  # (G,) messenger, NOWHERE if on none
    moved: U8  # (G,) STAYED, INVITED or ORDERED in this step
    bound: U8  # (G,) 1: moved by order, moves no more
    kind: U8  # (G,) number of its segment
    indptr: I64  # (G + 1,) where the members of a chat begin in `members`
    members: U32  # (n_seats,) users, chat by chat
    window: U32  # (n_windows,) where the chats of users 0, 2048, 4096, ... begin in `of_user`
    begin: U16  # (n + 1,) where a user's chats begin, counted from its window
    of_user: U32  # (n_seats,) chats, user by user


class Environment(NamedTuple):
    """What is in force during one step; C is the number of places (region x VPN, and abroad)."""

    effects: Record  # EFFECTS
    availability: F32  # (C, 2, MAX) q_ipc
    place_class: I32  # (256,) class of each place; K classes, of equal availability within
    attraction: F32  # (K, K, 2, MAX) exp(a_pc - gamma_c (1 - q_i q_j)) by class
    quality: F32  # (K, K, 2, MAX) q_i q_j by class, 0 where the messenger lacks the channel
    pairs: F32  # attraction and quality, flat (MAX, 2, 2, S) by pair: K own class + other class
    n_pairs: int  # S
    mandates: Records  # MANDATE (m,), to users
    mandate_bounds: F32  # (256, MAX) bounds of their hazards by set of segments
    orders: Records  # MANDATE (m,), to chats
    news: Records  # NEWS (m,)


NOWHERE = 255  # platform of a chat that is on no messenger
STAYED, INVITED, ORDERED = range(3)  # what happened to a chat in a step

# Purposes of random numbers, in the order of the keys of a step.
PURPOSES: tuple[str, ...] = declared("DRAWS")


def purposes(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the positions of purposes among the keys of a step."""
    return tuple(PURPOSES.index(name) for name in names)


def records(dtype: np.dtype[Any], size: int | tuple[int, int]) -> Records:
    """Return records of `dtype`, all fields 0; `size` is their number or shape."""
    return np.zeros(size, dtype).view(np.recarray)
