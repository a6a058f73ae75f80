"""All that a contact must see of a user, in one 64-bit word: one memory touch a tie.

bits 0-5     messengers the user can be reached on (on the first phone, with an account)
bits 6-13    place (region and VPN): which restrictions apply
bits 14-31   the fear of being read by messenger, 3 bits each
bits 32-61   the habit by messenger, 5 bits each
bit 62       whether somebody close lives abroad

Levels are equally spaced in what multiplies exp(v) on a tie, so a tie needs no exponential:

    exp(eta h / 2)    = 1 + (exp(eta / 2) - 1) level / 31
    exp(-lambda f / 2) = 1 - (1 - exp(-lambda MOST_FEAR / 2)) level / 7

with the fear f = kappa b of the belief that contacts hear (`heard`). A habit or fear takes the
level nearest to it; `levels` gives the habits and fears at which the next level begins.

Both ends of a tie use the quantised values, so the choice on a tie is the same from either end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.compiled import rule
from sim.lanes import WIDTH, Floats, Ints, count, decode, fma, load, splat
from sim.octets import Octet, bytes_of, look_up, where, word_of
from sim.rules.fixed import SHARE_STEPS, beliefs, concern
from sim.rules.records import F32, F64, MAX, U16, Int, Record

USABLE = (1 << 6) - 1
PLACE_BIT = 6  # the lowest bit of the place says whether there is a VPN
VPN_BIT = 1 << PLACE_BIT
FEAR_BIT, FEAR_WIDTH = 14, 3
HABIT_BIT, HABIT_WIDTH = 32, 5
ABROAD_BIT = 1 << 30  # of the high half
HABIT_STEPS, FEAR_STEPS = (1 << HABIT_WIDTH) - 1, (1 << FEAR_WIDTH) - 1
MOST_FEAR = 4.0  # of kappa b
MOST_SURE, SURE_STEPS = 8.0, 16.0  # of log-odds that contacts hear


class Levels(NamedTuple):
    """At which habits and fears levels begin."""

    habit_threshold: F32  # (32,) least habit of level 1, 2, ... [1/65535]; the last: none has it
    fear_threshold: F64  # (7,)
    chance: F64  # (256,) probability b of a belief as heard


def levels(habit_value: float, chilling_value: float) -> Levels:
    """Return the tables for eta and lambda [utils]; where one is 0, no level but 0 is reached."""
    with np.errstate(divide="ignore"):
        steps = (np.arange(HABIT_STEPS) + 0.5) / HABIT_STEPS
        habits = np.log1p(np.expm1(habit_value / 2.0) * steps) / (habit_value / 2.0 or np.nan)
        steps = (np.arange(FEAR_STEPS) + 0.5) / FEAR_STEPS
        most = -np.expm1(-chilling_value / 2.0 * MOST_FEAR)
        fears = -np.log1p(-most * steps) / (chilling_value / 2.0 or np.nan)
    habits, fears = (np.where(np.isnan(t), np.inf, t) for t in (habits, fears))
    least = np.ceil(np.append(habits, np.inf) * SHARE_STEPS).astype(np.float32)
    log_odds = np.arange(256) / SURE_STEPS - MOST_SURE
    return Levels(least, fears, 1.0 / (1.0 + np.exp(-log_odds)))


@rule
def usable(word: np.uint64) -> np.int64:
    """Return the bits of the messengers the user can be reached on."""
    return np.int64(word) & USABLE


@rule
def place(word: np.uint64) -> np.int64:
    """Return the user's place."""
    return (np.int64(word) >> PLACE_BIT) & 0xFF


@rule
def habit_level(word: np.uint64, platform: Int) -> np.int64:
    """Return the level of habit, 0 to 31."""
    return (np.int64(word) >> (HABIT_BIT + HABIT_WIDTH * platform)) & HABIT_STEPS


@rule
def fear_level(word: np.uint64, platform: Int) -> np.int64:
    """Return the level of fear, 0 to 7."""
    return (np.int64(word) >> (FEAR_BIT + FEAR_WIDTH * platform)) & FEAR_STEPS


@rule
def in_use(user: Record) -> np.int64:
    """Return the bits of the messengers on the first phone that have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@rule
def of_the_case(width: int, rules: Record) -> np.int64:
    """Return the bits that the messengers of the case take, `width` bits each."""
    return np.int64((1 << width * rules.n_messengers) - 1)


@rule
def habit_levels(habits: U16, rules: Record) -> np.int64:
    """Return the levels nearest to habits as kept, side by side as in a word."""
    low, high = load(rules.habit_threshold, 0), load(rules.habit_threshold, WIDTH)
    levels = np.int64(0)
    for p in range(MAX):
        habit = splat(np.float32(habits[p]))
        levels |= (count(habit >= low) + count(habit >= high)) << HABIT_WIDTH * p
    return levels & of_the_case(HABIT_WIDTH, rules)


@rule
def fear_levels(fears: Octet, rules: Record) -> np.int64:
    """Return the levels nearest to fears from 0, side by side as in a word."""
    level = where(fears >= rules.fear_threshold[0], 1.0, 0.0)
    for k in range(1, FEAR_STEPS):
        level = level + where(fears >= rules.fear_threshold[k], 1.0, 0.0)
    return word_of(level, FEAR_WIDTH) & of_the_case(FEAR_WIDTH, rules)


@rule
def heard(beliefs: Octet) -> Octet:
    """Return beliefs as contacts hear them: the number of log-odds' steps of 1/16, from -8 on.

    Numbers are to be rounded down.
    """
    steps = (beliefs + MOST_SURE) * SURE_STEPS + 0.5
    steps = where(steps > 0.0, steps, 0.0)
    return where(steps < 255.0, steps, 255.0)


@rule
def pack(user: Record, rules: Record) -> np.uint64:
    """Return the word of `user`."""
    word = in_use(user) | np.int64(user.place) << PLACE_BIT | np.int64(user.abroad) << 62
    word |= habit_levels(user.habit, rules) << HABIT_BIT
    if user.type < 0 and concern(user) >= rules.fear_threshold[0]:
        fears = concern(user) * look_up(rules.chance, heard(beliefs(user)))
        word |= fear_levels(fears, rules) << FEAR_BIT
    return np.uint64(word)


@rule
def pack_mind(user: Record) -> np.uint64:
    """Return what a contact hears from `user`: of what it is aware, stories, beliefs.

    bits 0-7     messengers it is aware of
    bits 8-15    stories it has heard of
    bits 16-63   its belief by messenger, see `heard`
    """
    mind = np.int64(user.aware) | np.int64(user.news) << 8
    return np.uint64(mind | word_of(heard(beliefs(user)), 8) << 16)


@rule
def aware_of(mind: np.uint64) -> np.int64:
    """Return the bits of the messengers somebody is aware of."""
    return np.int64(mind) & 0xFF


@rule
def stories_of(mind: np.uint64) -> np.int64:
    """Return the bits of the stories somebody has heard of."""
    return (np.int64(mind) >> 8) & 0xFF


@rule
def beliefs_of(mind: np.uint64) -> Octet:
    """Return somebody's beliefs that the state reads the messengers [log-odds]."""
    return bytes_of(np.uint64(mind) >> np.uint64(16)) * (1.0 / SURE_STEPS) - MOST_SURE


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
        exp(-lambda MOST_FEAR / 2), in single precision.
    """
    step = (np.float32(1.0) - least) * np.float32((FEAR_STEPS + 1.0) / FEAR_STEPS)
    most = np.float32(2.0 - 1.0 / (FEAR_STEPS + 1.0))
    return fma(most - decode(low, FEAR_BIT + FEAR_WIDTH * p, FEAR_WIDTH), step, least)
