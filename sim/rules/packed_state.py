"""All that a contact must see of a user, in one 64-bit word (docs/model.md, 2.3).

One word is one memory touch a tie.

bits 0-5     messengers the user can be reached on (on the first phone, with an account)
bits 6-13    place (region and VPN): which restrictions apply
bits 14-31   the fear of being read by messenger, 3 bits each
bits 32-61   the habit by messenger, 5 bits each
bit 62       whether somebody close lives abroad

Levels are equally spaced in what multiplies exp(v) on a tie, so a tie needs no exponential:

    exp(eta h / 2)    = 1 + (exp(eta / 2) - 1) level / 31
    exp(-lambda f / 2) = 1 - (1 - exp(-lambda MAX_FEAR / 2)) level / 7

with the fear f = kappa b of the belief that contacts hear (`quantised`). A habit or fear takes the
level nearest to it, a habit by its first eight bits.

Both ends of a tie use the quantised values, so the choice on a tie is the same from either end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, bytes_of, exp, nearest, sigmoid, where, word_of
from sim.kernel.vec16 import Floats, Ints, decode, fma
from sim.rules.candidates import CandidateBuffer, list_flagged
from sim.rules.fixed_point import beliefs, concern
from sim.rules.records import MAX, U8, U16, Int, PublicState, Record, Records

USABLE = (1 << 6) - 1
PLACE_BIT = 6  # the lowest bit of the place says whether there is a VPN
VPN_BIT = 1 << PLACE_BIT
FEAR_BIT, FEAR_WIDTH = 14, 3
HABIT_BIT, HABIT_WIDTH = 32, 5
ABROAD_BIT = 1 << 30  # of the high half
HABIT_STEPS, FEAR_STEPS = (1 << HABIT_WIDTH) - 1, (1 << FEAR_WIDTH) - 1
FEARS = ((1 << FEAR_WIDTH * MAX) - 1) << FEAR_BIT
MAX_FEAR = 4.0  # of kappa b
MAX_LOG_ODDS, LOG_ODDS_STEPS = 8.0, 16.0  # of log-odds that contacts hear


class LevelParams(NamedTuple):
    """What of the rules (records.py) says how strong habits and fears are."""

    habit_pull: float
    habit_level: U8  # (256,)
    half_fear: float
    fear_pull: float
    fear_steps: float


def level_params(habit_value: float, chilling_value: float) -> LevelParams:
    """Return it for eta and lambda [utils]; where one is 0, there is no level but 0."""
    habits = np.expm1(habit_value / 2.0 * np.arange(256) / 255.0)
    habit_pull, fear_pull = habits[-1], -np.expm1(-chilling_value / 2.0 * MAX_FEAR)
    return LevelParams(
        habit_pull, np.rint(HABIT_STEPS * habits / (habit_pull or 1.0)).astype(np.uint8),
        chilling_value / 2.0, fear_pull, FEAR_STEPS / fear_pull if fear_pull else 0.0,
    )  # fmt: skip


@rule
def usable(packed: np.uint64) -> np.int64:
    """Return the bits of the messengers the user can be reached on."""
    return np.int64(packed) & USABLE


@rule
def place(packed: np.uint64) -> np.int64:
    """Return the user's place."""
    return (np.int64(packed) >> PLACE_BIT) & 0xFF


@rule
def with_place(packed: np.uint64, where: Int) -> np.uint64:
    """Return the word of the same user at another place."""
    return np.uint64((np.int64(packed) & ~(0xFF << PLACE_BIT)) | np.int64(where) << PLACE_BIT)


@rule
def in_use(user: Record) -> np.int64:
    """Return the bits of the messengers on the first phone that have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@rule
def platform_mask(width: int, params: Record) -> np.int64:
    """Return the bits that the messengers of the case take, `width` bits each."""
    return np.int64((1 << width * params.n_messengers) - 1)


@rule
def habit_bits(habits: U16, params: Record) -> np.int64:
    """Return the levels of habits as kept, in their place."""
    level_params = np.int64(0)
    for p in range(MAX):
        level_params |= np.int64(params.habit_level[habits[p] >> 8]) << HABIT_WIDTH * p
    return (level_params & platform_mask(HABIT_WIDTH, params)) << HABIT_BIT


@rule
def fear_bits(user: Record, params: Record) -> np.int64:
    """Return the levels of the fears of `user`, in their place."""
    if user.type >= 0:
        return np.int64(0)
    fears = concern(user) * sigmoid(log_odds(quantised(beliefs(user))))
    level_params = narrow_bytes(word_of(fear_levels(fears, params)), FEAR_WIDTH)
    return (level_params & platform_mask(FEAR_WIDTH, params)) << FEAR_BIT


@rule
def fear_levels(fears: Vec8, params: Record) -> Vec8:
    """Return the levels nearest to fears from 0, the highest one for all beyond."""
    level = params.fear_steps * (1.0 - exp(params.half_fear * (0.0 - fears)))
    return nearest(where(level < FEAR_STEPS, level, FEAR_STEPS))


@rule
def narrow_bytes(packed: Int, width: int) -> np.int64:
    """Return the bytes of a word, below 2^width each, as `width` bits, 4 at most, side by side."""
    two, four = (1 << 2 * width) - 1, (1 << 4 * width) - 1
    packed = (packed | packed >> (8 - width)) & (two * 0x0001000100010001)
    packed = (packed | packed >> 2 * (8 - width)) & (four * 0x0000000100000001)
    return np.int64((packed | packed >> 4 * (8 - width)) & ((1 << 8 * width) - 1))


@rule
def quantised(beliefs: Vec8) -> Vec8:
    """Return beliefs as contacts hear them: the number of log-odds' steps of 1/16, from -8 on."""
    steps = nearest((beliefs + MAX_LOG_ODDS) * LOG_ODDS_STEPS)
    steps = where(steps > 0.0, steps, 0.0)
    return where(steps < 255.0, steps, 255.0)


@rule
def log_odds(quantised: Vec8) -> Vec8:
    """Return the log-odds of beliefs as contacts hear them."""
    return quantised * (1.0 / LOG_ODDS_STEPS) - MAX_LOG_ODDS


@rule
def pack_choice_state(user: Record, params: Record) -> np.uint64:
    """Return the word of `user`."""
    return np.uint64(bits_without_fears(user, params) | fear_bits(user, params))


@rule
def bits_without_fears(user: Record, params: Record) -> np.int64:
    """Return all but the fears of a word."""
    packed = in_use(user) | np.int64(user.place) << PLACE_BIT | np.int64(user.abroad) << 62
    return packed | habit_bits(user.habit, params)


@rule
def pack_keeping_fears(i: Int, user: Record, public: PublicState, params: Record) -> np.uint64:
    """Return the word of user `i` if its fears are what they were; see `changed_fears`."""
    return np.uint64(bits_without_fears(user, params) | np.int64(public.choice_state[i]) & FEARS)


@rule
def changed_fears(
    base: Int, end: Int, users: Records, public: PublicState, buffer: CandidateBuffer
) -> np.int64:
    """List the users whose fears may change: their next beliefs are heard as others than before.

    Fears follow from beliefs as contacts hear them, and are felt by the state-averse alone.
    """
    for i in range(base, end):
        differs = (public.next_belief_state[i] ^ public.belief_state[i]) >> np.uint64(16) != 0
        buffer.flags[i - base] = differs & (users[i].type < 0)
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def pack_new_fears(i: Int, user: Record, public: PublicState, params: Record) -> np.uint64:
    """Return the word that user `i` is to show next with the fears that it has now."""
    return np.uint64(np.int64(public.next_choice_state[i]) & ~FEARS | fear_bits(user, params))


@rule
def pack_belief_state(user: Record) -> np.uint64:
    """Return what a contact hears from `user`: of what it is aware, stories, beliefs.

    bits 0-7     messengers it is aware of
    bits 8-15    stories it has heard of
    bits 16-63   its belief by messenger, see `quantised`
    """
    packed_belief = np.int64(user.aware) | np.int64(user.news) << 8
    return np.uint64(packed_belief | word_of(quantised(beliefs(user))) << 16)


@rule
def aware_of(packed_belief: np.uint64) -> np.int64:
    """Return the bits of the messengers somebody is aware of."""
    return np.int64(packed_belief) & 0xFF


@rule
def stories_of(packed_belief: np.uint64) -> np.int64:
    """Return the bits of the stories somebody has heard of."""
    return (np.int64(packed_belief) >> 8) & 0xFF


@rule
def beliefs_of(packed_belief: np.uint64) -> Vec8:
    """Return somebody's beliefs that the state reads the messengers [log-odds]."""
    return log_odds(bytes_of(np.uint64(packed_belief) >> np.uint64(16)))


@rule
def habit_factor(high: Ints, p: Int, pull: np.float32) -> Floats:
    """Return exp(eta h / 2) for messenger `p` from the high halves of words.

    Parameters
    ----------
    pull : float
        exp(eta / 2) - 1, in single precision.
    """
    step = pull * np.float32((HABIT_STEPS + 1.0) / HABIT_STEPS)
    return fma(decode(high, HABIT_WIDTH * p, HABIT_WIDTH), step, np.float32(1.0) - step)


@rule
def fear_factor(low: Ints, p: Int, least: np.float32) -> Floats:
    """Return exp(-lambda f / 2) for messenger `p` from the low halves of words.

    Counted from the largest fear, so that no digits are lost where the factor is small.

    Parameters
    ----------
    least : float
        exp(-lambda MAX_FEAR / 2), in single precision.
    """
    step = (np.float32(1.0) - least) * np.float32((FEAR_STEPS + 1.0) / FEAR_STEPS)
    most = np.float32(2.0 - 1.0 / (FEAR_STEPS + 1.0))
    return fma(most - decode(low, FEAR_BIT + FEAR_WIDTH * p, FEAR_WIDTH), step, least)
