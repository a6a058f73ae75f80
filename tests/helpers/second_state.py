"""State, precision and random numbers again: from docs/specification.md (2, 7.2, 7.3) alone.

Part of the second implementation, see tests/helpers/second.py.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.kernel.rng import purpose_key, step_key, uniform, user_uniform

WEIGHT_EXPONENT = 0.9  # 7.1
HABIT_STEPS, FEAR_STEPS, MAX_FEAR = 31, 7, 4.0
SHOWN_OF_HABIT = 256  # steps of a habit that a word does not tell apart (2.5)
DRAW_BITS = 23  # 7.7
MAX_LOG_ODDS, LOG_ODDS_STEPS = 8, 16
MESSAGE, CALL = 0, 1
STEPS_OF = {  # of one (2.1)
    "intensity": 2048, "concern": 1024, "skill": 1024, "taste": 32, "habit": 65535, "belief": 2048,
    "usual": 512, "shortfall": 4096,
}  # fmt: skip
ENDS = {"habit": (0, 2**16 - 1), "belief": (-(2**15), 2**15 - 1),
        "usual": (1 - 2**15, 2**15 - 1)}  # fmt: skip
UNKNOWN = -64.0  # usual welfare before the first step
MOST_SHORTFALL = 8.0
BETWEEN_STEPS = ("habit", "belief", "usual", "shortfall")
NOWHERE = 255
INVITED, ORDERED = 1, 2
BITS = {
    "segments", "installed", "second", "account", "aware", "mandated", "revising", "news", "alert",
    "victim", "ordered", "heard",
}  # fmt: skip
# First eight bits of what decides these stand side by side for all slots of a user.
REFINED = {"revise", "aware", "mandate", "trial", "preinstall", "abuse", "lapse"}
ALL_BITS = 2**64 - 1
TOO_CLOSE = 1e-9  # of a uniform number to a chance: the decision is anybody's
# What is taken in single precision (7.3): a hazard is right to SINGLE of it, and so is a sum, of
# its terms without their signs.
SINGLE = 1e-6
HAZARDS = {"revise", "aware", "trial", "preinstall", "pair", "abuse"}
# What comes out of ties: a sum of shares of 1 is known to F32.
F32 = 4e-6
BY_TIES = {"vpn_accept": 2e-5}  # too close, where that decides
LOST = 2e-5  # the same of a loss of users, see `comply_if_lost`
BY_WEIGHTS = 1e-6  # the same of contacts, whose weights are single, too
UNSURE = 3e-7  # a belief, of what it is the sum of
BETWEEN = 5e-7  # a level of fear before it is rounded, in the steps of a unit


def f4(x):
    """Round to what is stored (7.3)."""
    return float(np.float32(x))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def multiples(name, value):
    """Return a number that is stored in steps of something (2.1), or a list of them, as such."""
    if name not in STEPS_OF:
        return value
    return (
        [k / STEPS_OF[name] for k in value] if isinstance(value, list) else value / STEPS_OF[name]
    )


def in_steps(name, number):
    """Round to what is stored in steps (2.1)."""
    low, high = ENDS[name]
    return min(max(round(number * STEPS_OF[name]), low), high) / STEPS_OF[name]


def split_mix(key, n):
    """Return number n of SplitMix64 under a key (7.2)."""
    z = key + (n + 1) * 0x9E3779B97F4A7C15 & ALL_BITS
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & ALL_BITS
    z = (z ^ z >> 27) * 0x94D049BB133111EB & ALL_BITS
    return z ^ z >> 31


def refined_uniform(key, i, slot):
    """Return a number whose first eight bits stand beside those of the other slots (7.2)."""
    first = split_mix(key, i) >> 8 * slot & 0xFF
    rest = (split_mix(key ^ ALL_BITS, 8 * i + slot) >> 11) / 2**53
    return (first + rest) / 256


def bits(places):
    return sum(1 << p for p in places)


def places(number):
    return {p for p in range(8) if number >> p & 1}


class RandomNumbers:
    """The random numbers of a step and the ways to use them (7.2)."""

    def __init__(self, seed, replication, k):
        self.address = seed, replication, k
        self.keys = {}
        self.seen = set()  # decisions taken, and how
        self.close = []  # those that rounding may turn

    def u(self, purpose, index, slot=None, salt=0):
        seed, replication, k = self.address
        if purpose not in self.keys:
            self.keys[purpose] = step_key(purpose_key(seed, replication, purpose), k)
        key = self.keys[purpose] ^ np.uint64(salt)
        if purpose in REFINED:
            return refined_uniform(int(key), index, slot)
        return uniform(key, index) if slot is None else user_uniform(key, index, slot)

    def below(self, chance, purpose, *index, margin=TOO_CLOSE, **salt):
        u = self.u(purpose, *index, **salt)
        if 0 < chance < 1 and abs(u - chance) < margin:
            self.close.append((purpose, *index))
        self.seen.add((purpose, u < chance))
        return u < chance

    def happens(self, H, purpose, *index, margin=TOO_CLOSE, **salt):
        margin += SINGLE * H if purpose in HAZARDS else 0.0
        return self.below(1 - math.exp(-H), purpose, *index, margin=margin, **salt)

    def yes(self, x, purpose, *index, margin=TOO_CLOSE):
        return self.below(sigmoid(x), purpose, *index, margin=BY_TIES.get(purpose, margin))

    def draw(self, purpose, *index):
        """Return a number in (0, 1) that a chance has to exceed (7.7)."""
        return (2 * math.floor(2**DRAW_BITS * self.u(purpose, *index)) + 1) / 2 ** (DRAW_BITS + 1)

    def wants(self, chance_at, U, draw, margin, *index):
        """Return whether the chance at a utility, right to `margin`, exceeds a draw (7.7)."""
        low, wanted, high = (draw < chance_at(u) + e * SINGLE for u, e in (
            (U - margin, -4), (U, 0), (U + margin, 4),
        ))  # fmt: skip
        if low != high:
            self.close.append(("accept", *index))
        self.seen.add(("accept", wanted))
        return wanted

    def pick(self, weights, purpose, *index, margin=TOO_CLOSE):
        """Return a place among `weights` as contacts are drawn, None if there is none."""
        total = sum(weights)
        left = self.u(purpose, *index) * total
        for at, weight in enumerate(weights):
            left -= weight
            if weight and abs(left) < margin * total:
                self.close.append((purpose, *index))
            if left < 0:
                return at
        return None


class Word(NamedTuple):
    """What contacts see (2.5)."""

    has: frozenset
    place: int
    habit_levels: tuple
    fear_levels: tuple
    abroad: bool = False

    def drawn(self, p, b):
        """Return what the habit of a messenger adds to its utility on a tie."""
        return math.log1p(math.expm1(b.habit_value / 2) * self.habit_levels[p] / HABIT_STEPS)

    def feared(self, p, b):
        """Return what the fear takes off it where a message is sensitive."""
        most = -math.expm1(-b.chilling_value / 2 * MAX_FEAR)
        return -math.log1p(-most * self.fear_levels[p] / FEAR_STEPS)

    def packed(self):
        word = bits(self.has) + (self.place << 6) + (self.abroad << 62)
        word += sum(level << 14 + 3 * p for p, level in enumerate(self.fear_levels))
        return word + sum(level << 32 + 5 * p for p, level in enumerate(self.habit_levels))


class Mind(NamedTuple):
    """What a contact hears (2.5)."""

    aware: frozenset
    news: frozenset
    heard: tuple

    def belief(self, p):
        """Return the belief as heard [log-odds]."""
        return self.heard[p] / LOG_ODDS_STEPS - MAX_LOG_ODDS

    def packed(self):
        mind = bits(self.aware) + (bits(self.news) << 8)
        return mind + sum(level << 16 + 8 * p for p, level in enumerate(self.heard))


def reached(roll_out, index):
    """Return whether a roll-out has come to a user, or a chat (7.2, 7.4)."""
    return uniform(roll_out.key, index) < roll_out.reached


def channel_shares(user):
    """Return what of a user's communication wants a message, and what a call (7.6)."""
    return 1 - user.call_share, user.call_share


def has(user):
    return user.installed & user.account


def think(user):
    """Return the mind of a user (2.5)."""
    heard = [round((belief + MAX_LOG_ODDS) * LOG_ODDS_STEPS) for belief in user.belief]
    heard = tuple(min(max(level, 0), 255) for level in heard)
    return Mind(frozenset(user.aware), frozenset(user.news), heard)


def take_sides(user, theirs):
    """Let numbers next to the middle between two steps (2.1) be those of others."""
    habits, beliefs = theirs["habit"], theirs["belief"]
    for p, (low, high) in user.spans.items():
        if low <= habits[p] <= high:
            user.habit[p] = habits[p]
    for p, sides in user.sides.items():
        if beliefs[p] in sides:
            user.belief[p] = beliefs[p]
    for name, (low, high) in user.between.items():
        if low <= theirs[name] <= high:
            setattr(user, name, theirs[name])


def habit_level(habit, b):
    """Return the level that a word shows of a habit (2.5)."""
    e, eta = round(habit * STEPS_OF["habit"]) // SHOWN_OF_HABIT / 255, b.habit_value / 2
    return round(HABIT_STEPS * math.expm1(eta * e) / math.expm1(eta)) if eta else 0


def fear_level(user, mind, p, b, theirs):
    """Return that of a fear (2.5); in the middle between two the one in the word `theirs`."""
    if user.type != -1 or not b.chilling_value:
        return 0
    most = -math.expm1(-b.chilling_value / 2 * MAX_FEAR)
    fear = user.concern * sigmoid(mind.belief(p))
    height = FEAR_STEPS * -math.expm1(-b.chilling_value / 2 * fear) / most
    level = min(round(height), FEAR_STEPS)
    if theirs is not None and abs(height % 1 - 0.5) < BETWEEN * FEAR_STEPS / most:
        shown = theirs >> 14 + 3 * p & 7
        level = shown if abs(shown - height) < 0.6 else level
    return level


def show(user, mind, messengers, b, theirs=None):
    """Return the word of a user (2.5); of a fear in the middle the level in the word `theirs`."""
    habits, fears = [0] * 6, [0] * 6
    for p in messengers:
        habits[p] = habit_level(user.habit[p], b)
        fears[p] = fear_level(user, mind, p, b, theirs)
    return Word(frozenset(has(user)), user.place, tuple(habits), tuple(fears), bool(user.abroad))
