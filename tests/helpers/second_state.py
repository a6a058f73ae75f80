"""State, precision and random numbers again: from docs/specification.md (2, 7.2, 7.3) alone.

Part of the second implementation (tests/helpers/second.py). Only `read` and `numbers` touch
arrays.
"""

import math
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from sim.engine.threads import BLOCK
from sim.kernel.rng import purpose_key, step_key, uniform, user_uniform
from tests.helpers.chats import chats_of
from tests.helpers.ties import csr

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
STEP_RECORD = ("use", "value", "openings", "reachable", "secure", "helpers", "welfare", "vpn_gain")
OF_TIES = {"users.habit", *(f"talks.{name}" for name in STEP_RECORD)}
PRIVATE = {"spans", "sides", "between", "scale", "content_scale"}  # what no array holds


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


def plain(record):
    """Return a record as plain numbers, lists and sets."""
    values = {name: multiples(name, record[name].tolist()) for name in record.dtype.names}
    return SimpleNamespace(**{n: places(v) if n in BITS else v for n, v in values.items()})


def read(world, state):
    """Read the arrays of a run's state into `world`."""
    world.users = [plain(record) for record in state.users]
    for user in world.users:
        user.spans = {}  # ends of what habits may have been rounded to
        user.sides = {}  # beliefs that a belief may have been rounded to
        user.between = {}  # ends of what usual welfare and the shortfall may have been rounded to
    world.talks = []
    world.settle()
    world.abuse = [plain(record) for record in state.abuse]
    chats = {name: getattr(state.chats, name).tolist() for name in state.chats._fields}
    begins = chats["indptr"]
    world.of_user = chats_of(state.chats)
    world.chats = [
        SimpleNamespace(
            platform=chats["platform"][g], moved=chats["moved"][g], bound=chats["bound"][g],
            kind=chats["kind"][g], members=chats["members"][begins[g] : begins[g + 1]],
        )
        for g in range(len(begins) - 1)
    ]  # fmt: skip
    world.standalone = state.params.standalone.T.tolist()  # B and c as solved at the start
    world.base_openings = state.params.base_openings.tolist()
    indptr, indices = (part.tolist() for part in csr(state.ties))
    world.graph.add_nodes_from(range(len(world.users)))
    for i in world.graph:
        for r, j in enumerate(indices[indptr[i] : indptr[i + 1]], start=1):
            world.graph.add_edge(i, j)
            world.graph[i][j].setdefault("rank", {})[i] = r


def numbers(world):
    """Return all that changes, by name and row, bits packed, as arrays hold it."""
    found = {"words": [*(word.packed() for word in world.words), 0]}  # nobody stands last
    found["minds"] = [mind.packed() for mind in world.minds]
    for name in ("platform", "moved", "bound"):
        found[f"chats.{name}"] = [getattr(chat, name) for chat in world.chats]
    for table in ("users", "talks", "abuse"):
        for row in getattr(world, table):
            for name, value in vars(row).items():
                if name in PRIVATE:
                    continue
                value = [value.packed()] if name == "peer" else value
                if (table, name) == ("talks", "chats"):
                    value = [sum(n << 8 * p for p, n in enumerate(value))]
                value = bits(value) if name in BITS else value
                found.setdefault(f"{table}.{name}", []).append(value)
    return found


def stored(run):
    """Return the same of a run; talks are those that its engine holds of the one block it has."""
    state = run.state
    found = {
        "words": state.public.choice_state.tolist(),
        "minds": state.public.belief_state.tolist(),
    }
    for name in ("platform", "moved", "bound"):
        found[f"chats.{name}"] = getattr(state.chats, name).tolist()
    tables = {"users": state.users, "abuse": state.abuse}
    if run.n_done:
        assert state.n_users <= BLOCK
        tables["talks"] = run.engine._idle[-1].step_records[: state.n_users]
    for table, records in tables.items():
        if len(records):
            found |= {
                f"{table}.{name}": [multiples(name, row) for row in records[name].tolist()]
                for name in records.dtype.names
            }
    return found


def same(one, other, rel_tol=1e-6, abs_tol=1e-9):
    """Return whether two numbers, or lists of them, are the same but for rounding.

    What is None has no meaning (2.2).
    """
    if one is None:
        return True
    if isinstance(one, list):
        return len(one) == len(other) and all(
            same(*pair, rel_tol, abs_tol) for pair in zip(one, other, strict=True)
        )
    if isinstance(other, int):
        return one == other
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=rel_tol, abs_tol=abs_tol)


def tolerance(world, name, row):
    """Return by how much numbers may differ, relative to them and absolutely."""
    if name == "talks.content":
        return SINGLE, SINGLE * world.talks[row].content_scale
    if name == "talks.rest":
        return SINGLE, SINGLE * world.talks[row].scale
    if name not in OF_TIES:
        return 1e-6, 1e-9
    b, scale = world.b, 1.0  # shares of what one says
    if name in ("talks.welfare", "talks.value", "talks.vpn_gain"):
        scale += abs(world.talks[row].welfare)  # differences of two welfares
    if name == "talks.openings":
        scale = world.users[row].intensity * b.traffic_openings * (1 + b.call_openings)
        scale += world.users[row].intensity * max(
            platform.habit_openings for platform in world.platforms.values()
        )
        scale += world.users[row].intensity * b.content_openings
    return F32, F32 * scale


def differences(world, theirs):
    """Return where a world is not what is `stored`: {(name, row): (the one's, the other's)}."""
    mine = numbers(world)
    assert mine.keys() == theirs.keys(), mine.keys() ^ theirs.keys()
    assert all(len(mine[name]) == len(theirs[name]) for name in mine)
    return {
        (name, row): (one, other)
        for name in mine
        for row, (one, other) in enumerate(zip(mine[name], theirs[name], strict=True))
        if not same(one, other, *tolerance(world, name, row))
    }
