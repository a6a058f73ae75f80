"""What contacts see of a user, packed into two 64-bit numbers (docs/model.md, 2.3 and 2.8).

Everything that a contact reads is in one or two numbers, so a tie costs one access to memory. With
more than six messengers there are two numbers for each tile of them (tiles.py); each is of its
own messengers and stories, and repeats the place.

The choice state is what the choice on a tie needs of either end:

    bits 0-5     messengers in use (on the first phone, with an account)
    bits 6-13    place (place.py); its lowest bit says whether there is a VPN
    bits 14-31   fear of being read, by messenger, 3 bits each
    bits 32-61   habit by messenger, 5 bits each
    bit 62       whether the user has a contact abroad

The belief state is what the contact of a step passes on:

    bits 0-5     messengers that the user is aware of
    bits 8-15    stories that the user has heard of
    bits 16-63   beliefs by messenger, 8 bits each, see `quantised`

Levels of habit and fear are equally spaced in their factors of exp(v), so a tie needs no
exponential:

    exp(eta h / 2)     = 1 + (exp(eta / 2) - 1) level / 31
    exp(-lambda f / 2) = 1 - (1 - exp(-lambda MAX_FEAR / 2)) level / 7

with the fear f = kappa b of the belief that contacts hear. A habit or fear is rounded to the
nearest level, a habit by its first eight bits. Both ends of a tie use the rounded values, so the
choice on a tie is the same from either end.

packed_lanes.py reads the choice states of sixteen users together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import U8, U16, U64, Int
from sim.kernel.bits import contains
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, bytes_of, exp, nearest, sigmoid, where, word_of
from sim.rules.candidates import CandidateBuffer, list_flagged
from sim.rules.fixed_point import beliefs, concern
from sim.rules.records import MAX, PublicState, Record, Records
from sim.rules.tiles import messengers_in, part, public_of, tiles

USABLE = (1 << 6) - 1
N_STORIES, STORIES = 8, 0xFF  # of one tile, and the set of all of them
PLACE_BIT = 6
VPN_BIT = 1 << PLACE_BIT
FEAR_BIT, FEAR_WIDTH = 14, 3
HABIT_BIT, HABIT_WIDTH = 32, 5
ABROAD_BIT = 1 << 30  # in the high half
_LOW_HALF = (1 << 32) - 1
HABIT_STEPS, FEAR_STEPS = (1 << HABIT_WIDTH) - 1, (1 << FEAR_WIDTH) - 1
FEARS = ((1 << FEAR_WIDTH * MAX) - 1) << FEAR_BIT
MAX_FEAR = 4.0  # of kappa b
MAX_LOG_ODDS, LOG_ODDS_STEPS = 8.0, 16.0  # range and resolution of beliefs that contacts hear


class LevelParams(NamedTuple):
    """The parameters (`PARAMS` in records.py) by which habits and fears become levels."""

    habit_pull: float  # exp(eta / 2) - 1
    habit_level: U8  # (256,) level by the first eight bits of a habit
    half_fear: float  # lambda / 2 [utils]
    fear_pull: float  # 1 - exp(-lambda MAX_FEAR / 2)
    fear_steps: float  # levels in one unit of exp(-lambda f / 2)


def level_params(habit_value: float, chilling_value: float) -> LevelParams:
    """Return the parameters of levels for eta and lambda; where one is 0, so are its levels.

    Parameters
    ----------
    habit_value : float
        eta, the value of a habit of 1 at both ends [utils].
    chilling_value : float
        lambda, the loss of a sensitive message by a fear of 1 at both ends [utils].
    """
    habits = np.expm1(habit_value / 2.0 * np.arange(256) / 255.0)
    habit_pull, fear_pull = habits[-1], -np.expm1(-chilling_value / 2.0 * MAX_FEAR)
    return LevelParams(
        habit_pull, np.rint(HABIT_STEPS * habits / (habit_pull or 1.0)).astype(np.uint8),
        chilling_value / 2.0, fear_pull, FEAR_STEPS / fear_pull if fear_pull else 0.0,
    )  # fmt: skip


# -- one choice state -----------------------------------------------------------------


@rule
def usable(packed: np.uint64) -> np.int64:
    """Return the set of messengers that the user can be reached on."""
    return np.int64(packed) & USABLE


@rule
def place(packed: np.uint64) -> np.int64:
    """Return the user's place."""
    return (np.int64(packed) >> PLACE_BIT) & 0xFF


@rule
def with_place(packed: np.uint64, where: Int) -> np.uint64:
    """Return the choice state of the same user at another place."""
    return np.uint64((np.int64(packed) & ~(0xFF << PLACE_BIT)) | np.int64(where) << PLACE_BIT)


@rule
def with_flipped(packed: np.uint64, bits: Int) -> np.uint64:
    """Return the choice state with some bits flipped: messengers, or ``VPN_BIT``."""
    return np.uint64(np.int64(packed) ^ np.int64(bits))


@rule
def low_half(packed: np.uint64) -> np.uint32:
    """Return the low 32 bits of a choice state."""
    return np.uint32(np.int64(packed) & _LOW_HALF)


@rule
def high_half(packed: np.uint64) -> np.uint32:
    """Return the high 32 bits of a choice state."""
    return np.uint32(np.uint64(packed) >> np.uint64(32))


# -- pack -----------------------------------------------------------------------------


@rule
def in_use(user: Record) -> np.int64:
    """Return the set of messengers on the first phone that have an account."""
    return np.int64(user.installed) & np.int64(user.account)


@rule
def platform_mask(width: int, params: Record, o: Int) -> np.int64:
    """Return the bits that the messengers of tile `o` take up, `width` bits each."""
    return np.int64((1 << width * messengers_in(o, params)) - 1)


@rule
def habit_bits(habits: U16, params: Record, o: Int = 0) -> np.int64:
    """Return the levels of habits at their bits of a choice state."""
    levels = np.int64(0)
    for p in range(MAX):
        level = params.habit_level[habits[MAX * o + p] >> 8]
        levels |= np.int64(level) << HABIT_WIDTH * p
    return (levels & platform_mask(HABIT_WIDTH, params, o)) << HABIT_BIT


@rule
def fear_bits(user: Record, params: Record, o: Int = 0) -> np.int64:
    """Return the levels of the fears of `user` at their bits of a choice state."""
    if user.type >= 0:
        return np.int64(0)
    fears = concern(user) * sigmoid(log_odds(quantised(beliefs(user, o))))
    levels = narrow_bytes(word_of(fear_levels(fears, params)), FEAR_WIDTH)
    return (levels & platform_mask(FEAR_WIDTH, params, o)) << FEAR_BIT


@rule
def fear_levels(fears: Vec8, params: Record) -> Vec8:
    """Return the levels nearest to fears f >= 0; the highest level for all larger fears."""
    level = params.fear_steps * (1.0 - exp(params.half_fear * (0.0 - fears)))
    return nearest(where(level < FEAR_STEPS, level, FEAR_STEPS))


@rule
def narrow_bytes(packed: Int, width: int) -> np.int64:
    """Return eight bytes, each below 2^width, as fields of `width` bits (at most 4) in a row."""
    two, four = (1 << 2 * width) - 1, (1 << 4 * width) - 1
    packed = (packed | packed >> (8 - width)) & (two * 0x0001000100010001)
    packed = (packed | packed >> 2 * (8 - width)) & (four * 0x0000000100000001)
    return np.int64((packed | packed >> 4 * (8 - width)) & ((1 << 8 * width) - 1))


@rule
def quantised(beliefs: Vec8) -> Vec8:
    """Return beliefs as contacts hear them: 0 to 255, in steps of 1/16 from log-odds of -8 on."""
    steps = nearest((beliefs + MAX_LOG_ODDS) * LOG_ODDS_STEPS)
    steps = where(steps > 0.0, steps, 0.0)
    return where(steps < 255.0, steps, 255.0)


@rule
def log_odds(quantised: Vec8) -> Vec8:
    """Return the log-odds of `quantised` beliefs."""
    return quantised * (1.0 / LOG_ODDS_STEPS) - MAX_LOG_ODDS


@rule
def pack_choice_state(user: Record, params: Record, o: Int = 0) -> np.uint64:
    """Return the choice state of `user` about the messengers of tile `o`."""
    return np.uint64(bits_without_fears(user, params, o) | fear_bits(user, params, o))


@rule
def bits_without_fears(user: Record, params: Record, o: Int) -> np.int64:
    """Return the choice state of `user` without its fears."""
    packed = part(in_use(user), o)
    packed |= np.int64(user.place) << PLACE_BIT | np.int64(user.abroad) << 62
    return packed | habit_bits(user.habit, params, o)


@rule
def pack_keeping_fears(
    i: Int, user: Record, public: PublicState, params: Record, o: Int = 0
) -> np.uint64:
    """Return the choice state of user `i` with the fears that it published before.

    See `changed_fears` for the users whose fears may have changed.

    Parameters
    ----------
    public : PublicState
        Of tile `o`.
    """
    fears = np.int64(public.choice_state[i]) & FEARS
    return np.uint64(bits_without_fears(user, params, o) | fears)


@rule
def changed_fears(
    base: Int, end: Int, users: Records, public: PublicState, buffer: CandidateBuffer
) -> np.int64:
    """List the users whose fears may have changed in this step; return how many.

    `public` is of one tile. Fears follow from beliefs as contacts hear them, and only
    state-averse users have fears.
    """
    for i in range(base, end):
        differs = (public.next_belief_state[i] ^ public.belief_state[i]) >> np.uint64(16) != 0
        buffer.flags[i - base] = differs & (users[i].type < 0)
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def pack_new_fears(
    i: Int, user: Record, public: PublicState, params: Record, o: Int = 0
) -> np.uint64:
    """Return the choice state that user `i` publishes next, with its present fears."""
    return np.uint64(np.int64(public.next_choice_state[i]) & ~FEARS | fear_bits(user, params, o))


@rule
def pack_belief_state(user: Record, o: Int = 0) -> np.uint64:
    """Return the belief state of `user` about messengers and stories of tile `o`."""
    stories = np.int64(user.news) >> N_STORIES * o & STORIES
    packed_belief = part(user.aware, o) | stories << 8
    return np.uint64(packed_belief | word_of(quantised(beliefs(user, o))) << 16)


@rule
def publish_user(i: Int, user: Record, public: PublicState, params: Record) -> None:
    """Publish user `i` from the next step on, of all tiles."""
    for o in range(tiles(params)):
        own = public_of(public, o, params)
        own.next_choice_state[i] = pack_choice_state(user, params, o)
        own.next_belief_state[i] = pack_belief_state(user, o)


@rule
def aware_of(packed_belief: np.uint64) -> np.int64:
    """Return the set of messengers that a user with this belief state is aware of."""
    return np.int64(packed_belief) & 0xFF


@rule
def stories_of(packed_belief: np.uint64) -> np.int64:
    """Return the set of stories that a user with this belief state has heard of."""
    return (np.int64(packed_belief) >> 8) & STORIES


@rule
def has_told(packed_beliefs: U64, story: Int) -> np.int64:
    """Return 1 if a contact has heard of a story, by its belief states of all tiles, else 0."""
    o, bit = np.uint64(story) // np.uint64(N_STORIES), np.int64(story) % N_STORIES
    return contains(stories_of(packed_beliefs[o]), bit)


@rule
def beliefs_of(packed_belief: np.uint64) -> Vec8:
    """Return the beliefs in a belief state that the state reads each messenger [log-odds]."""
    return log_odds(bytes_of(np.uint64(packed_belief) >> np.uint64(16)))
