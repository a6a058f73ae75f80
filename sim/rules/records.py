"""The records that rules read and write.

A user is one row of a structured array, so a rule takes one pointer and not forty arrays. Rows
hold space for ``MAX`` messengers whatever the case, so that one compilation serves every case.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Int as Int  # bits, positions
from sim.kernel.vec8 import USED

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

MAX = USED  # messengers at most: their habits share a 64-bit word with bits and place
CELLULAR = MAX  # column of cellular where messengers and cellular stand side by side
N_BANDS = 7
MESSAGE, CALL = 0, 1
ORDINARY, SENSITIVE = 0, 1  # topics of messages: what one would not say where the state reads
WINDOW = 2048  # users whose lanes and chats are counted together

# Who a user is, and what it has. Bits are messengers, in the order of the case.
USER = np.dtype(
    [
        ("band", "u1"),  # age band
        ("segments", "u1"),  # bits: segments that institutions can address
        ("type", "i1"),  # -1 state-averse, 0 indifferent, +1 foreign-averse
        ("online", "u1"),  # 1: can install an app
        ("place", "u1"),  # region * 2 + VPN: what decides which restrictions apply
        ("abroad", "u1"),  # 1: somebody close lives abroad
        ("installed", "u1"),  # bits: on the phone
        ("second", "u1"),  # bits: on a second phone, kept for an institution alone
        ("account", "u1"),  # bits: registered
        ("aware", "u1"),  # bits: heard of
        ("mandated", "u1"),  # bits: demanded by an institution
        ("revising", "u1"),  # bits: reconsidered in this step
        ("news", "u1"),  # bits: stories heard of
        ("alert", "u1"),  # bits: to reconsider because of a story heard
        ("victim", "u1"),  # bits: kinds of abuse it has fallen for
        # rules/fixed_point.py reads and writes what is kept in steps
        ("intensity", "u2"),  # D_i, communication relative to the average [1/2048]
        ("concern", "u2"),  # kappa_i, how much being read matters [1/1024]
        ("skill", "i2"),  # s_i, ease of a VPN, net of its ordinary cost [utils / 1024]
        ("habit", "u2", (MAX,)),  # in [0, 1] [1/65535]
        ("belief", "i2", (MAX,)),  # L_ip, that the state reads it [log-odds / 2048]
        ("taste", "i1", (MAX,)),  # standard normal [1/32]
    ],
    align=True,
)

# What a user does in one step, written by its look at the contacts.
STEP_RECORD = np.dtype(
    [
        ("use", "f4", (2, MAX + 1)),  # share of a channel's communication, cellular last
        ("welfare", "f4"),  # logsum over ties [utils]
        ("helpers", "f4"),  # share of weighted ties to users of a VPN
        ("reachable", "f4", (2,)),  # by messenger: weighted ties times the best q_i q_j shared
        ("secure", "f4", (2,)),  # the same, a messenger that the state cannot read
        ("abroad", "f4", (2,)),  # how well somebody abroad can be reached by messenger
        ("partner", "u4"),  # the contact talked with in this step; who has none, oneself
        ("value", "f4", (MAX,)),  # marginal value of a messenger reconsidered [logsum]
        ("rest", "f4", (MAX,)),  # its utility but for that value [utils]
        ("noise", "f4", (MAX,)),  # and what the whole has to exceed [utils]
        ("openings", "f4", (MAX,)),  # [1/day]
        ("vpn_gain", "f4"),  # what a VPN would open up; NaN: not reconsidered [logsum]
        ("content", "f4"),  # openings for content that a VPN would let through [1/day]
        ("ordered", "u1"),  # bits: a chat was ordered there in this step
        ("chats", "u8"),  # group chats on a messenger, a byte each
        ("peer", "u8"),  # mind of the contact talked with in this step
    ],
    align=True,
)

# What of the start is compared with later, as `STEP_RECORD` has it [1/65535].
AT_START = np.dtype([("reachable", "u2", (2,)), ("secure", "u2", (2,))], align=True)

# The parameters of behaviour (sim/config/parameters.py explains them) and of the messengers.
PARAMS = np.dtype(
    [
        ("n_messengers", "i8"),
        ("channel_share", "f4", (2,)),  # d_c
        ("topic_share", "f8", (2,)),  # 1 - y, y
        ("outside", "f8", (2,)),  # exp(a_0c) of cellular
        ("outside_abroad", "f8", (2,)),  # the same to a contact abroad
        ("abroad_low", "i8"),  # halves of the word that contacts abroad show
        ("abroad_high", "i8"),
        ("habit_level", "u1", (256,)),  # of habits by their first eight bits, see packed_state.py
        ("half_fear", "f4"),  # lambda / 2 [utils]
        ("fear_steps", "f4"),  # levels that a unit of exp(-lambda f / 2) has
        ("habit_pull", "f8"),  # exp(eta / 2) - 1
        ("fear_pull", "f8"),  # 1 - exp(-lambda MAX_FEAR / 2)
        ("standalone", "f4", (N_BANDS, MAX)),  # B_p [utils]
        ("prior", "f4", (3, MAX)),  # L0 by type (-1, 0, 1) [log-odds]
        ("pair_appeal", "f8", (MAX,)),  # -inf: a pair never goes there [utils]
        ("base_openings", "f4", (MAX,)),  # [1/day]
        ("habit_openings", "f4", (MAX,)),  # [1/day]
        ("mandate_openings", "f4", (MAX,)),  # [1/day]
        *(
            (name, "f4")  # of octets
            for name in (
                "network_value", "network_shape", "keep_value",
                "taste_sd", "mandate_value", "preinstall_value", "chat_value", "risk_value",
                "install_rate", "drop_rate", "failure_exit", "traffic_openings", "call_openings",
                "word_of_mouth",
            )
        ),
        *(
            (name, "f8")
            for name in (
                "habit_rate", "pair_rate", "peer_rate", "forget_rate", "attention", "vpn_rate",
                "vpn_value", "vpn_help", "content_value", "chat_rate", "chat_choice",
                "chat_quorum", "second_phone", "abroad_weight",
            )
        ),
    ],
    align=True,
)  # fmt: skip

# What is in force for everybody during one step.
EFFECTS = np.dtype(
    [
        ("days", "f4"),  # length of the step
        ("passing", "f8", (MAX,)),  # share of registrations that succeed
        ("trend", "f4", (MAX,)),  # of stand-alone value [utils]
        ("trend_openings", "f4", (MAX,)),  # exp(trend): what draws people in draws them back
        ("awareness", "f4", (MAX,)),  # hazards, integrated over the step
        ("trial", "f4", (MAX,)),
        ("preinstall", "f4", (MAX,)),
        ("onboarding", "f4", (MAX,)),  # help with taking it up [utils]
        ("access", "f4", (MAX + 1,)),  # share of communication that the state can read
        ("unreadable", "i8"),  # bits: messengers of which it reads less than half
        ("varied", "i8"),  # bits: messengers that do not work alike everywhere
        ("regional", "i8"),  # 1: places differ by more than a VPN
        ("vpn_cost", "f8"),  # fines less help, on top of the ordinary cost [utils]
        ("detection", "f8", (MAX + 1,)),  # share of abuse that is stopped
        ("loss", "f8"),  # share of what victims send that is lost
    ],
    align=True,
)

MANDATE = np.dtype(
    [
        ("platform", "i8"),
        ("segment", "u1"),  # one bit
        ("kind", "i8"),  # the segment's place among those with chats, for moves of chats
        ("outcome", "u1"),  # what happens to a chat: INVITED or ORDERED
        ("hazard", "f8"),  # integrated over the step
        ("ceiling", "f8"),  # share of the segment that can be made to
        ("reached", "f8"),  # share of those that the roll-out has reached
        ("key", "u8"),  # who is how far down the roll-out: the same in every step
    ],
    align=True,
)


# A story about a messenger that spreads during one step.
NEWS = np.dtype(
    [
        ("platform", "i8"),
        ("bit", "i8"),
        ("shock", "f8", (3,)),  # log-likelihood ratio by type [log-odds]
        ("media", "f8"),  # hazard of hearing it from media, integrated over the step
        ("contact", "f8"),  # the same from a contact who has heard it
        ("lasting", "f8"),  # 1: a fact, which forgetting does not undo; 0: an impression
        ("audience", "i8"),  # bits: media reach users of these messengers; 0: everybody
        ("salt", "u8"),  # its own random numbers, whatever other stories there are
    ],
    align=True,
)

# One kind of abuse in one run: where it is tried, and what comes of it.
ABUSE = np.dtype(
    [
        ("channel", "i8"),
        ("rate", "f8"),  # rho_F, adaptation [1/day]
        ("response", "f8"),  # eps
        ("elasticity", "f8"),  # xi
        ("conversion", "f8", (MAX + 1,)),  # success of an attempt that arrives, scaled
        ("share", "f8", (MAX + 1,)),  # x_k, of attempts
        ("total", "f8"),  # attempts, 1 at the start
        ("arriving", "f8"),  # attempts that arrived at the start, by which they are scaled
        ("incident_rate", "f8"),  # incidents a person at the start [1/day]
        ("vulnerability", "f8", (N_BANDS,)),  # relative, population mean 1
        ("max_rate", "f8"),  # incidents that anybody can expect in this step, a bound [1/day]
    ],
    align=True,
)


class PublicState(NamedTuple):
    """What users show each other: now, and from the next step on (rules/packed_state.py).

    The last of n + 1 words is that of nobody.
    """

    choice_state: U64  # (n + 1,)
    belief_state: U64  # (n,)
    next_choice_state: U64
    next_belief_state: U64


class Agreements(NamedTuple):
    """Pairs who agreed in this step to move their calls: either end installs the messenger."""

    n: I64  # (1,)
    who: U32
    platform: U8


class Ties(NamedTuple):
    """Whom the users talk to, sixteen users of about equal degree side by side (world/rows.py).

    The tie at rank r of k weighs r**-0.9, normalised over the row.
    """

    order: U32  # (16 n_slices,) users slice by slice, n where a lane is empty
    slice_start: I64  # (n_slices + 1,) where a slice begins in `indices`
    indices: U32  # contacts, rank by rank: all first ones of the 16 users, all second ones, ...
    seat: U16  # (n,) lane of a user, counted from the first of its window; see contact.tie_at
    degree: U16  # (n,)
    rank_weight: F32  # (max degree,) r**-0.9 for r = 1, 2, ...
    rank_total: F32  # (max degree + 1,) sum of the first k weights


class Chats(NamedTuple):
    """Group chats of one run: G chats of K kinds; each user is in at most one of a kind."""

    platform: U8  # (G,) messenger, NOWHERE if on none
    moved: U8  # (G,) STAYED, INVITED or ORDERED in this step
    bound: U8  # (G,) 1: moved by order, stays
    kind: U8  # (G,)
    indptr: I64  # (G + 1,)
    members: U32  # (n_seats,) users, chat by chat
    window: U32  # (n_windows,) where the chats of users 0, 2048, 4096, ... begin in `of_user`
    begin: U16  # (n + 1,) where a user's chats begin, counted from those of its window
    of_user: U32  # (n_seats,) chats user by user


class Environment(NamedTuple):
    """What is in force during one step; C is the number of places (region x VPN, and abroad)."""

    effects: Record  # EFFECTS
    availability: F32  # (C, 2, MAX) q_ipc
    place_class: I32  # (256,) class of each place: in one class all messengers work alike
    attraction: F32  # (K, K, 2, MAX) exp(a_pc - gamma_c (1 - q_i q_j)) by class
    quality: F32  # (K, K, 2, MAX) q_i q_j by class, 0 where the messenger lacks the channel
    pairs: F32  # both again, flat (MAX, 2, 2, S) by pair: class of one's own place K + the other's
    n_pairs: int  # S
    mandates: Records  # MANDATE (m,)
    mandate_bounds: F32  # (256, MAX) their hazards by bits of segments, wherever roll-outs stand
    orders: Records  # MANDATE (m,) to chats
    news: Records  # NEWS (m,)


NOWHERE = 255
STAYED, INVITED, ORDERED = range(3)

# Purposes of random numbers; their order is the order of the keys of a step.
PURPOSES = (
    "mandate", "aware", "trial", "preinstall", "revise", "accept", "register",
    "pair", "pair_contact", "pair_platform", "second", "converse", "news", "vpn", "vpn_accept",
    "chat", "chat_platform", "chat_accept", "chat_order", "abuse", "attention",
)  # fmt: skip
(
    MANDATED, AWARE, TRIAL, PREINSTALL, REVISE, ACCEPT, REGISTER,
    PAIR, PAIR_CONTACT, PAIR_PLATFORM, SECOND, CONVERSE, HEARD, VPN, VPN_ACCEPT,
    CHAT, CHAT_PLATFORM, CHAT_ACCEPT, CHAT_ORDER, VICTIMISED, ATTENTION,
) = range(len(PURPOSES))  # fmt: skip


def records(dtype: np.dtype[Any], size: int | tuple[int, int]) -> Records:
    """Return `size` zeroed records of `dtype`."""
    return np.zeros(size, dtype).view(np.recarray)
