"""What the two ends of a tie bring to it (docs/model.md, 2.3).

These are factors of exp(v), tables by places, and weights.
exp(v) factorises into a table by classes of places and a factor of either end, so a tie costs no
exponential. Sixteen users stand side by side, one a lane, and take their ties rank by rank; what
they can say on them is in choice.py, what they could with another word in marginal_value.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import aligned
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
    pick_of,
    rotate,
    splat,
    store,
    unlikely,
    where,
    zeros,
)
from sim.rules.packed_state import (
    ABROAD_BIT,
    FEAR_BIT,
    FEAR_WIDTH,
    HABIT_WIDTH,
    PLACE_BIT,
    fear_factor,
    habit_factor,
)
from sim.rules.records import (
    CALL,
    F32,
    I32,
    MAX,
    MESSAGE,
    ORDINARY,
    SENSITIVE,
    U32,
    Environment,
    Int,
    Record,
    Ties,
)

# Working memory is rows of sixteen numbers. The first twice sixteen are what is told of users:
# sums of use by channel and messenger (`use_row`), of welfare and helpers; then by channel whom
# they reach, and with whom they talk. Turned, each row is that of a user. The later ones are what
# each lane has on its ties, and a block of rows a messenger.
N_RESULT_ROWS = 2 * MAX + 4
WELFARE, HELPERS, REACH, SECURE, ABROAD, PARTNER, _SCALE, ABROAD_WEIGHT, _DEGREE, TOTAL = (
    14, 15, 16, 18, 20, 22, 23, 24, 25, 26,
)  # fmt: skip
_HABITS, _FEARS, _BLOCKS, _BLOCK_SIZE = 27 * WIDTH, 29 * WIDTH, 30 * WIDTH, 5 * WIDTH
# rows of a block
_HABIT, _FEAR, MESSAGE_ROW, SENSITIVE_ROW, CALL_ROW = (k * WIDTH for k in range(5))
_LEVELS = np.arange(SPAN, dtype=np.int32)  # of habit; of fear there are fewer
_TABLES = 4  # by pairs of classes, of a messenger


class Terms(NamedTuple):
    """What the choice needs of rules and conditions, as plain numbers: they stay in registers."""

    n_messengers: Int
    n_places: Int
    n_classes: Int  # of places
    n_pairs: Int  # of classes, rounded up to whole tables
    varied: Int
    unreadable: Int
    regional: Int
    vpn_class: Int  # class of a place like the first, with a VPN
    habit: np.float32  # exp(eta / 2) - 1
    fear: np.float32  # exp(-lambda MAX_FEAR / 2)
    ordinary: np.float32  # 1 - y
    sensitive: np.float32  # y
    d_message: np.float32
    d_call: np.float32
    out_message: np.float32  # exp(a_0c), in the country
    out_call: np.float32
    abroad_message: np.float32  # the same to a contact abroad
    abroad_call: np.float32
    abroad_low: Int  # halves of the word that contacts abroad show, and the class of their place
    abroad_high: Int
    abroad_class: Int
    abroad_weight: np.float32  # of a contact abroad among a user's ties


@rule
def terms(env: Environment, params: Record) -> Terms:
    """Return what the choice needs of rules and conditions."""
    abroad = (np.int64(params.abroad_low) >> PLACE_BIT) & 0xFF
    return Terms(
        np.int64(params.n_messengers), len(env.availability), len(env.attraction), env.n_pairs,
        np.int64(env.effects.varied), np.int64(env.effects.unreadable),
        np.int64(env.effects.regional), np.int64(env.place_class[1]),
        np.float32(params.habit_pull), np.float32(1.0 - params.fear_pull),
        np.float32(params.topic_share[ORDINARY]), np.float32(params.topic_share[SENSITIVE]),
        np.float32(params.channel_share[MESSAGE]), np.float32(params.channel_share[CALL]),
        np.float32(params.outside[MESSAGE]), np.float32(params.outside[CALL]),
        np.float32(params.outside_abroad[MESSAGE]), np.float32(params.outside_abroad[CALL]),
        np.int64(params.abroad_low), np.int64(params.abroad_high),
        np.int64(env.place_class[abroad]), np.float32(params.abroad_weight),
    )  # fmt: skip


class Contacts(NamedTuple):
    """One contact of each of sixteen users."""

    low: Ints  # halves of their words
    high: Ints
    pair: Ints  # K times the class of one's own place, plus that of the contact's
    weight: Floats
    out_message: Floats  # exp(a_0c): cellular to them
    out_call: Floats


def working_memory() -> F32:
    """Return what a thread needs to compute sixteen users, flat."""
    return aligned.zeros(_BLOCKS + MAX * _BLOCK_SIZE, np.float32)


@rule
def block_of(p: Int) -> Int:
    """Return where the rows of messenger `p` begin."""
    return _BLOCKS + p * _BLOCK_SIZE


@rule
def use_row(c: Int, p: Int) -> Int:
    """Return where the use of messenger `p`, or of cellular, on channel `c` is added up."""
    return (c * (MAX + 1) + p) * WIDTH


@rule
def load_lanes(who: U32, at: Int, high: Ints, ties: Ties, t: Terms, s: F32) -> Int:
    """Put the users who[at:] in the lanes; return how many looks at contacts they take.

    A look is a rank of ties, and one more where anybody has a contact abroad. A lane without a
    user has no ties.
    """
    longest = np.int64(0)
    for lane in range(WIDTH):
        degree, i = np.int64(0), np.int64(who[at + lane])
        if i < ties.degree.shape[0]:
            degree = np.int64(ties.degree[i])
        s[_DEGREE * WIDTH + lane] = degree
        s[TOTAL * WIDTH + lane] = ties.rank_total[degree]
        longest = max(longest, degree)
    has_abroad = (high & ABROAD_BIT) != 0
    has_ties = load(s, _DEGREE * WIDTH) > 0
    share = where(has_abroad, 1.0 - t.abroad_weight, splat(np.float32(1.0)))
    total = where(has_ties, load(s, TOTAL * WIDTH), 1.0)
    store(s, _SCALE * WIDTH, where(has_ties, share / total, 0.0))
    store(s, ABROAD_WEIGHT * WIDTH, where(has_abroad, splat(t.abroad_weight), 0.0))
    return longest


@rule
def classes_of(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return the classes of the places that words show."""
    if unlikely(t.regional != 0):
        return regional_classes(low, place_class, t.n_places)
    return (low >> PLACE_BIT) & t.vpn_class  # a VPN or not


@rule_apart
def regional_classes(low: Ints, place_class: I32, n_places: Int) -> Ints:
    """Return the same where regions differ."""
    return pick_of(place_class, 0, (low >> PLACE_BIT) & 0xFF, n_places)


@rule
def own_pairs(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return K times the classes of one's own places."""
    found, mine = low & 0, classes_of(low, place_class, t)
    for _ in range(t.n_classes):
        found = found + mine
    return found


@rule
def load_factors(low: Ints, high: Ints, offered: int, t: Terms, s: F32) -> None:
    """Write what users bring to all their ties over the messengers `offered`.

    And what any contact could: its factors by level, to be looked up.
    """
    store(s, _HABITS, habit_factor(load(_LEVELS, 0), 0, t.habit))
    store(s, _HABITS + WIDTH, habit_factor(load(_LEVELS, WIDTH), 0, t.habit))
    store(s, _FEARS, fear_factor(rotate(load(_LEVELS, 0), FEAR_BIT), 0, t.fear))
    for p in range(MAX):
        if offered >> p & 1:
            block = block_of(p)
            store(s, block + _HABIT, habit_factor(high, p, t.habit))
            store(s, block + _FEAR, fear_factor(low, p, t.fear))


@rule
def weights(r: int, s: F32, ties: Ties) -> Floats:
    """Return the weights of the ties at rank `r`, 0 where a row is over."""
    is_tie = load(s, _DEGREE * WIDTH) > r
    return where(is_tie, load(s, _SCALE * WIDTH) * ties.rank_weight[r], 0.0)


@rule
def abroad(low: Ints, mine: Ints, t: Terms, s: F32) -> Contacts:
    """Return somebody close who lives abroad, of weight 0 where nobody does."""
    nothing = low & 0
    return Contacts(
        nothing | t.abroad_low, nothing | t.abroad_high, mine + t.abroad_class,
        load(s, ABROAD_WEIGHT * WIDTH), splat(t.abroad_message), splat(t.abroad_call),
    )  # fmt: skip


class PairTerms(NamedTuple):
    """What the places of two users make of a messenger."""

    message: Floats  # exp(a_pc - gamma_c (1 - q_i q_j))
    call: Floats
    message_quality: Floats  # q_i q_j
    call_quality: Floats


@rule
def pair_terms(p: Int, has: Mask, pair: Ints, pairs: F32, t: Terms) -> PairTerms:
    """Return it for messenger `p` and pairs of classes; all 0 unless both ends have it.

    The last pair of the tables is nobody's: there they hold 0.
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
    """Return it where there are more pairs than a register holds."""
    at, none = p * _TABLES * many, zeros()
    if not varied >> p & 1:
        lacks = pair == many - 1
        return PairTerms(
            where(lacks, 0.0, splat(pairs[at])), where(lacks, 0.0, splat(pairs[at + many])),
            where(lacks, 0.0, splat(pairs[at + 2 * many])),
            where(lacks, 0.0, splat(pairs[at + 3 * many])),
        )  # fmt: skip
    found = PairTerms(none, none, none, none)
    for first in range(0, many, SPAN):
        here, begin = (pair >> 5) == first // SPAN, at + first
        found = PairTerms(
            where(here, pick(pairs, begin, pair), found.message),
            where(here, pick(pairs, begin + many, pair), found.call),
            where(here, pick(pairs, begin + 2 * many, pair), found.message_quality),
            where(here, pick(pairs, begin + 3 * many, pair), found.call_quality),
        )
    return found


@rule
def tie_factors(
    p: Int, by: PairTerms, contacts: Contacts, s: F32
) -> tuple[Floats, Floats, Floats]:
    """Return exp(v_p) of messages, of sensitive ones and of calls; 0 unless both ends have `p`."""
    block, level = block_of(p), contacts.high >> HABIT_WIDTH * p
    pull = load(s, block + _HABIT) * pick(s, _HABITS, level)  # the same from either end
    message = pull * by.message
    level = contacts.low >> FEAR_BIT + FEAR_WIDTH * p
    fears = load(s, block + _FEAR) * look_up(s, _FEARS, level)
    return message, message * fears, pull * by.call


@rule
def logsum(z_message: Floats, z_sensitive: Floats, z_call: Floats, t: Terms) -> Floats:
    """Return sum_c d_c ln Z_c, what can be said on a tie of weight 1 [utils]."""
    said = fma(ln(z_sensitive), t.d_message * t.sensitive, ln(z_call) * t.d_call)
    return fma(ln(z_message), t.d_message * t.ordinary, said)
