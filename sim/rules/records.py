"""The records that rules read and write.

A user is one row of a structured array, so a rule takes one pointer instead of forty arrays. Rows
hold whole tiles of messengers (tiles.py), so that one compilation serves all cases of as many
tiles. "Set" in a comment is a set of small numbers, kept as bits (sim/kernel/bits.py); messengers
are numbered in the order of the case.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sim.kernel.arrays import F32, I32, I64, U8, U32, U64
from sim.kernel.vec8 import USED
from sim.rules.declare import DERIVED, MESSENGERS, SET, TILES, declared

Record = Any  # one row of one of the structured arrays below
Records = Any  # a structured array (a numpy.recarray)

MAX = USED  # messengers in one tile: a choice state (packed_state.py) has no room for more
CELLULAR = MAX  # column of cellular beside the messengers of one tile; of several: the last
N_BANDS = 7  # age bands
MESSAGE, CALL = 0, 1  # channels
ORDINARY, SENSITIVE = 0, 1  # topics of messages


class Layout(NamedTuple):
    """The records of a run of some tiles."""

    tiles: int
    user: np.dtype[Any]
    step_record: np.dtype[Any]
    params: np.dtype[Any]
    effects: np.dtype[Any]
    abuse: np.dtype[Any]

    @property
    def messengers(self) -> int:
        """Return the messengers that rows have room for; the next column is that of cellular."""
        return MAX * self.tiles


@cache
def layout(tiles: int) -> Layout:
    """Return the records of a run of `tiles`."""
    return Layout(
        tiles, _user(tiles), _step_record(tiles), _params(tiles), _effects(tiles),
        _abuse(tiles),
    )  # fmt: skip


def set_type(tiles: int) -> str:
    """Return the type of a set in runs of `tiles`."""
    return "u1" if tiles == 1 else "u4"


def declared_fields(kind: str, tiles: int = 1) -> list[tuple[Any, ...]]:
    """Return the fields that rules declare, ``STATE`` or ``STEP``, as numpy takes them."""
    shapes = {"": (), MESSENGERS: (MAX * tiles,), TILES: (tiles,)}
    types = {SET: set_type(tiles)}
    return [
        (field.name, types.get(field.storage, field.storage), shapes[field.shape])
        for field in declared(kind)
    ]


def record_of(fields: list[tuple[Any, ...]]) -> np.dtype[Any]:
    """Return a record of some fields, the largest numbers first, so that none is padded."""
    return np.dtype(sorted(fields, key=lambda f: -np.dtype(f[1]).itemsize), align=True)


def _user(tiles: int) -> np.dtype[Any]:
    """Return the record of who a user is, and what it has. Rules declare the rest (declare.py)."""
    members = set_type(tiles)
    return record_of(
        [
            ("band", "u1"),  # age band
            ("segments", members),  # set of segments that the user belongs to
            ("type", "i1"),  # -1 state-averse, 0 indifferent, +1 foreign-averse
            ("online", "u1"),  # 1: can install an app
            ("place", "u1"),  # 2 region + VPN, see place.py
            ("abroad", "u1"),  # 1: has a contact abroad
            ("installed", members),  # set of messengers on the phone
            ("account", members),  # set of messengers with an account
            ("aware", members),  # set of messengers that the user is aware of
            ("call_share", "f4"),  # d_i, share of calls in what the user says
            # fixed-point numbers, read and written by fixed_point.py
            ("intensity", "u2"),  # D_i, communication relative to the average [1/2048]
            ("concern", "u2"),  # kappa_i, how much being read matters [1/1024]
            ("taste", "i1", (MAX * tiles,)),  # standard normal [1/32]
            *declared_fields("STATE", tiles),
        ]
    )


def _step_record(tiles: int) -> np.dtype[Any]:
    """Return the record of what a user does in one step. Rules declare the rest."""
    return record_of(
        [
            ("use", "f4", (2, MAX * tiles + 1)),  # share of communication, cellular last
            ("welfare", "f4"),  # logsum over ties [utils]
            ("helpers", "f4"),  # share of weighted ties to users with a VPN
            ("reachable", "f4", (2,)),  # by channel: sum of w_ij times best q_i q_j of a messenger
            ("secure", "f4", (2,)),  # the same, only by messengers that the state cannot read
            ("abroad", "f4", (2,)),  # by channel: best q_i q_j of a messenger to the one abroad
            ("partner", "u4"),  # the contact of this step; a user without ties is its own
            *declared_fields("STEP", tiles),
        ]
    )


def _params(tiles: int) -> np.dtype[Any]:
    """Return the record of behaviour (explained where rules declare it) and of the messengers."""
    messengers = (MAX * tiles,)
    return np.dtype(
        [
            ("n_messengers", "i8"),
            ("topic_share", "f8", (2,)),  # 1 - y, y
            ("outside", "f8", (2,)),  # exp(a_0c) of cellular
            ("outside_abroad", "f8", (2,)),  # the same to a contact abroad
            ("abroad_low", "i8", (tiles,)),  # halves of the choice states of contacts abroad
            ("abroad_high", "i8", (tiles,)),
            ("habit_level", "u1", (256,)),  # by first eight bits of a habit, see packed_state.py
            ("half_fear", "f4"),  # lambda / 2 [utils]
            ("fear_steps", "f4"),  # levels in one unit of exp(-lambda f / 2)
            ("habit_pull", "f8"),  # exp(eta / 2) - 1
            ("fear_pull", "f8"),  # 1 - exp(-lambda MAX_FEAR / 2)
            ("standalone", "f4", (N_BANDS, *messengers)),  # B_p [utils]
            ("prior", "f4", (3, *messengers)),  # L0 by type (-1, 0, 1) [log-odds]
            ("pair_appeal", "f8", messengers),  # -inf: no pair moves there [utils]
            ("base_openings", "f4", messengers),  # k_p, appeal of content
            ("habit_openings", "f4", messengers),  # [1/day]
            ("mandate_openings", "f4", messengers),  # [1/day]
            ("abroad_weight", "f8"),  # of the contact abroad among ties
            *((p.name, p.storage) for p in declared("PARAMETERS") if p.storage != DERIVED),
        ],
        align=True,
    )


def _effects(tiles: int) -> np.dtype[Any]:
    """Return the record of what policies do to all users alike during one step."""
    messengers, carriers = (MAX * tiles,), (MAX * tiles + 1,)
    return np.dtype(
        [
            ("days", "f4"),  # length of the step
            ("passing", "f8", messengers),  # share of registrations that succeed
            ("trend", "f4", messengers),  # of the logarithm of the appeal of content
            ("trend_openings", "f4", messengers),  # exp(trend), factor of that appeal
            ("daily_price", "f4", messengers),  # subtracted from the stand-alone value [utils]
            ("awareness", "f4", messengers),  # hazard of becoming aware, integrated over the step
            ("trial", "f4", messengers),  # hazard of trying a messenger, integrated over the step
            ("preinstall", "f4", messengers),  # hazard of buying a phone with it, integrated
            ("onboarding", "f4", messengers),  # help with installing it [utils]
            ("access", "f4", carriers),  # share of communication that the state can read
            ("unreadable", "i8"),  # set of messengers of which the state reads less than half
            ("ordered", "i8"),  # set of messengers that orders to chats name
            ("lapsing", "i8"),  # set of messengers of which a demand has ended
            ("varied", "i8"),  # set of messengers whose availability differs by place
            ("regional", "i8"),  # 1: places differ by more than a VPN
            ("vpn_cost", "f8"),  # fines minus help, on top of the ordinary cost [utils]
            ("detection", "f8", carriers),  # share of attempts that moderation stops
            ("loss", "f8"),  # share of payments by victims that is lost
            ("going_online", "f8", (N_BANDS,)),  # hazard by age band, integrated over the step
            ("price", "f8", (2, *carriers)),  # of a message and of a call [utils]
            ("outside", "f8", (2,)),  # exp(-price) by phone, factor of exp(a_0c)
        ],
        align=True,
    )


def _abuse(tiles: int) -> np.dtype[Any]:
    """Return the record of one kind of abuse in one run."""
    carriers = (MAX * tiles + 1,)
    return np.dtype(
        [
            ("channel", "i8"),
            ("rate", "f8"),  # rho_F, adaptation [1/day]
            ("response", "f8"),  # eps
            ("elasticity", "f8"),  # xi
            ("conversion", "f8", carriers),  # conv_k, success of an attempt that arrives, scaled
            ("share", "f8", carriers),  # x_k, shares of attempts by platform
            ("total", "f8"),  # A, attempts in total relative to the start
            ("arriving", "f8"),  # share of attempts that arrived at the start, unit of attempts
            ("incident_rate", "f8"),  # incidents per person at the start [1/day]
            ("vulnerability", "f8", (N_BANDS,)),  # by age band, population mean 1
            ("max_rate", "f8"),  # bound of the expected incidents of any user in a step [1/day]
        ],
        align=True,
    )


# The records of most runs, which have one tile
_, USER, STEP_RECORD, PARAMS, EFFECTS, ABUSE = layout(1)

MANDATE = np.dtype(
    [
        ("platform", "i8"),
        ("segment", "u4"),  # set with the one segment
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


class PublicState(NamedTuple):
    """What users publish: now, and from the next step on (packed_state.py).

    Of B tiles, the states of tile 0 come first, then those of tile 1, ... (`of_tile`). The
    last of n + 1 choice states belongs to no user.
    """

    choice_state: U64  # (B (n + 1),)
    belief_state: U64  # (B n,)
    next_choice_state: U64
    next_belief_state: U64


class Agreements(NamedTuple):
    """What pairs agreed on in this step: both ends of each pair install the messenger."""

    n: I64  # (1,) number of entries
    who: U32  # the user
    platform: U8  # the messenger to install


class Environment(NamedTuple):
    """What is in force during one step; C is the number of places (region x VPN, and abroad)."""

    effects: Record  # EFFECTS
    availability: F32  # (C, 2, P) q_ipc; P = 6 B messengers
    surprise: F32  # (C, 2, P) F_ipc, failure that people are not used to
    expected: F32  # (C, 2, P) q + F, availability that people are used to, or the higher q
    place_class: I32  # (256,) class of each place; K classes, of equal availability within
    attraction: F32  # (K, K, 2, P) exp(a_pc - gamma_c (1 - q_i q_j)) by class
    quality: F32  # (K, K, 2, P) q_i q_j by class, 0 where the messenger lacks the channel
    pairs: F32  # attraction and quality, flat (P, 2, 2, S) by pair: K own class + other class
    n_pairs: int  # S
    mandates: Records  # MANDATE (m,), to users
    mandate_bounds: F32  # (B, 256, P) bounds of their hazards by eight segments at a time
    orders: Records  # MANDATE (m,), to chats
    news: Records  # NEWS (m,)


# Purposes of random numbers, in the order of the keys of a step.
PURPOSES: tuple[str, ...] = declared("DRAWS")


def purposes(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the positions of purposes among the keys of a step."""
    return tuple(PURPOSES.index(name) for name in names)


def records(dtype: np.dtype[Any], size: int | tuple[int, int]) -> Records:
    """Return records of `dtype`, all fields 0; `size` is their number or shape."""
    return np.zeros(size, dtype).view(np.recarray)
