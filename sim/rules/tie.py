"""What the two ends of a tie contribute to its choice (docs/model.md, 2.3).

exp(v) is a product of a number by classes of places (`pair_terms`) and of one factor of either end
by habit and fear (`tie_factors`), so a tie costs no exponential. Sixteen users, one a lane, take
their ties rank by rank. choice.py computes their choice, marginal_value.py the welfare that they
would have with another choice state.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import F32, Int
from sim.kernel.bits import contains
from sim.kernel.compiled import rule, rule_apart
from sim.kernel.vec16 import (
    SPAN,
    WIDTH,
    Floats,
    Ints,
    Mask,
    fma,
    ln,
    load,
    look_up,
    pick,
    splat,
    unlikely,
    where,
    zeros,
)
from sim.rules.choice_memory import (
    CALL_SHARE,
    FEAR_ROW,
    FEAR_TABLE,
    HABIT_ROW,
    HABIT_TABLE,
    block_of,
)
from sim.rules.packed_lanes import (
    fear_level_bits,
    habit_level_bits,
)
from sim.rules.packed_state import place
from sim.rules.records import CALL, MESSAGE, ORDINARY, SENSITIVE, Environment, Record
from sim.rules.tiles import tiles

_TABLES = 4  # by pairs of classes, of a messenger: see `PairTerms`


class Terms(NamedTuple):
    """What the choice needs of parameters and environment, as numbers: they stay in registers."""

    n_messengers: Int
    n_places: Int
    n_classes: Int  # of places
    n_pairs: Int  # of classes, rounded up to whole tables
    varied: Int  # set of messengers whose availability differs by place
    unreadable: Int  # set of messengers that the state cannot read
    regional: Int  # 1: places differ by more than a VPN
    vpn_class: Int  # class of the first region's place with a VPN
    habit: np.float32  # exp(eta / 2) - 1
    fear: np.float32  # exp(-lambda MAX_FEAR / 2)
    ordinary: np.float32  # 1 - y
    sensitive: np.float32  # y
    out_message: np.float32  # exp(a_0c), in the country
    out_call: np.float32
    abroad_message: np.float32  # the same to a contact abroad
    abroad_call: np.float32
    abroad_low: Int  # halves of the choice state of contacts abroad, of the first tile
    abroad_high: Int
    abroad_class: Int  # class of their place
    abroad_weight: np.float32  # of a contact abroad among a user's ties
    n_tiles: Int


@rule
def terms(env: Environment, params: Record) -> Terms:
    """Return what the choice needs of parameters and environment."""
    cheaper = env.effects.outside
    return Terms(
        np.int64(params.n_messengers), len(env.availability), len(env.attraction), env.n_pairs,
        np.int64(env.effects.varied), np.int64(env.effects.unreadable),
        np.int64(env.effects.regional), np.int64(env.place_class[1]),
        np.float32(params.habit_pull), np.float32(1.0 - params.fear_pull),
        np.float32(params.topic_share[ORDINARY]), np.float32(params.topic_share[SENSITIVE]),
        np.float32(params.outside[MESSAGE] * cheaper[MESSAGE]),
        np.float32(params.outside[CALL] * cheaper[CALL]),
        np.float32(params.outside_abroad[MESSAGE] * cheaper[MESSAGE]),
        np.float32(params.outside_abroad[CALL] * cheaper[CALL]),
        np.int64(params.abroad_low[0]), np.int64(params.abroad_high[0]),
        np.int64(env.place_class[place(np.uint64(params.abroad_low[0]))]),
        np.float32(params.abroad_weight), tiles(params),
    )  # fmt: skip


class Contacts(NamedTuple):
    """One contact of each of sixteen users."""

    low: Ints  # halves of their choice states, of one tile
    high: Ints
    pair: Ints  # K times the class of one's own place, plus that of the contact's
    weight: Floats
    out_message: Floats  # exp(a_0c): cellular to them
    out_call: Floats


class PairTerms(NamedTuple):
    """What the places of two users contribute to exp(v_p), and the quality between them."""

    message: Floats  # exp(a_pc - gamma_c (1 - q_i q_j))
    call: Floats
    message_quality: Floats  # q_i q_j
    call_quality: Floats


@rule
def pair_terms(p: Int, has: Mask, pair: Ints, pairs: F32, t: Terms) -> PairTerms:
    """Return the terms of messenger `p` by pairs of classes; all 0 unless both ends have it.

    The last pair of the tables is of no classes and holds 0.
    """
    pair = where(has, pair, t.n_pairs - 1)
    if unlikely(t.n_pairs != WIDTH):
        return pair_terms_of_many(p, t.n_pairs, t.varied, pair, pairs)
    at = p * _TABLES * WIDTH
    return PairTerms(
        look_up(pairs, at, pair), look_up(pairs, at + WIDTH, pair),
        look_up(pairs, at + 2 * WIDTH, pair), look_up(pairs, at + 3 * WIDTH, pair),
    )  # fmt: skip


@rule_apart
def pair_terms_of_many(p: Int, many: Int, varied: Int, pair: Ints, pairs: F32) -> PairTerms:
    """Return `pair_terms` where there are more pairs than a register holds."""
    at, none = p * _TABLES * many, zeros()
    if not contains(varied, p):
        lacks = pair == many - 1
        return PairTerms(
            where(lacks, 0.0, splat(pairs[at])), where(lacks, 0.0, splat(pairs[at + many])),
            where(lacks, 0.0, splat(pairs[at + 2 * many])),
            where(lacks, 0.0, splat(pairs[at + 3 * many])),
        )  # fmt: skip
    result = PairTerms(none, none, none, none)
    for first in range(0, many, SPAN):
        here, begin = (pair >> 5) == first // SPAN, at + first
        result = PairTerms(
            where(here, pick(pairs, begin, pair), result.message),
            where(here, pick(pairs, begin + many, pair), result.call),
            where(here, pick(pairs, begin + 2 * many, pair), result.message_quality),
            where(here, pick(pairs, begin + 3 * many, pair), result.call_quality),
        )
    return result


@rule
def tie_factors(
    p: Int, by_place: PairTerms, contacts: Contacts, memory: F32, o: Int = 0
) -> tuple[Floats, Floats, Floats]:
    """Return exp(v_p) of messages, sensitive messages and calls; 0 unless both ends have `p`.

    `p` is a number within tile `o`. The factors of the two ends are multiplied first: then
    exp(v_p) is the same from either end.
    """
    block = block_of(p, o)
    of_contact = pick(memory, HABIT_TABLE, habit_level_bits(contacts.high, p))
    habits = load(memory, block + HABIT_ROW) * of_contact
    message = habits * by_place.message
    of_contact = look_up(memory, FEAR_TABLE, fear_level_bits(contacts.low, p))
    fears = load(memory, block + FEAR_ROW) * of_contact
    return message, message * fears, habits * by_place.call


@rule
def logsum(
    z_message: Floats, z_sensitive: Floats, z_call: Floats, t: Terms, memory: F32
) -> Floats:
    """Return sum_c d_ic ln Z_c, the welfare of a tie of weight 1 [utils]."""
    calls = load(memory, CALL_SHARE * WIDTH)
    messages = 1.0 - calls
    others = fma(ln(z_sensitive), messages * t.sensitive, ln(z_call) * calls)
    return fma(ln(z_message), messages * t.ordinary, others)
