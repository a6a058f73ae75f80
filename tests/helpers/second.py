"""One step of the model again: plain Python, written from docs/specification.md alone.

It was written without a look at sim/rules/ but for the names of stored fields, and shares with
the simulator its configuration and the addresses of random numbers (sim/kernel/rng.py). Read it
together with the specification, whose sections are in brackets. second_environment.py holds what
policies do, second_state.py the state and the random numbers, second_arrays.py what the simulator
stores of it, second_communication.py what ties are worth, second_look.py what comes before the
update of a user, second_act.py the update.
"""

import math

import networkx as nx

from tests.helpers.second_act import Act
from tests.helpers.second_arrays import read
from tests.helpers.second_environment import CELLULAR, CHANNELS, conditions
from tests.helpers.second_look import Look
from tests.helpers.second_state import (
    BETWEEN_STEPS,
    HABIT_STEPS,
    LOST,
    RandomNumbers,
    Word,
    f4,
    show,
    take_sides,
    think,
)


class World(Look, Act):
    """A run: users, what they show, chats, offenders, ties, and what a step does to them."""

    def __init__(self, config, replication, state):
        self.config, self.replication, self.b = config, replication, config.behaviour
        self.k, self.noted, self.first_dau = 0, {}, None
        self.seen, self.close = set(), []
        self.graph = nx.Graph()
        self.names = list(config.messengers)
        self.messengers = range(len(self.names))
        by_number = {**dict(enumerate(self.names)), CELLULAR: "cellular"}
        self.platforms = {k: config.platforms[name] for k, name in by_number.items()}
        before = config.model_copy(update={"policies": config.standing})
        self.used = self.failing(conditions(before, 0, {}))
        self.a = [
            {
                k: getattr(p, f"{channel}_value")
                if channel in p.channels or k == CELLULAR
                else -math.inf
                for k, p in self.platforms.items()
            }
            for channel in CHANNELS
        ]
        n = len(self.names)
        self.abroad = Word(
            frozenset(p for p in self.messengers if self.platforms[p].abroad),
            2 * len(config.regions), (HABIT_STEPS // 2,) * n + (0,) * (6 - n), (0,) * 6,
        )  # fmt: skip
        read(self, state)

    def appeal(self, c, k):
        """Return a_pc less the price in force (7.4)."""
        return self.a[c][k] - self.now.price[c][k]

    def step(self):
        """Advance one step (3.1)."""
        self.now = conditions(self.config, self.k, self.noted)
        self.be_surprised()
        self.random = RandomNumbers(self.config.seed, self.replication, self.k)
        self.move()
        for kind in self.abuse:
            self.follow(kind)
        self.talks, self.agreed = [], []
        for i, user in enumerate(self.users):
            self.talks.append(self.look(i))
            self.act(i, user, self.talks[i])  # what others see of it is what it was
        self.apply_agreements()
        self.comply_if_lost(self.daily_reach())
        self.settle()
        self.seen |= self.random.seen
        self.close += self.random.close
        self.k += 1

    def failing(self, now):
        """Return the share of attempts that fail by place, channel and messenger, unrounded."""
        return {
            (place, c, p): 1 - q if CHANNELS[c] in self.platforms[p].channels or c == 0 else 0.0
            for (place, c, p), q in now.unrounded.items()
        }

    def be_surprised(self):
        """Set the failure that people are not used to, and let them get used to it (7.4)."""
        h, tau = self.now.h, self.b.failure_memory
        kept, self.now.surprise = math.exp(-h / tau), {}
        for at, failing in self.failing(self.now).items():
            away = failing - self.used[at]
            self.now.surprise[at] = f4(max(0.0, away) * (1 - kept) * tau / h)
            self.used[at] = failing - kept * away

    def settle(self, theirs=None):
        """Show every user; what stands in the middle of two as others, `theirs`, have it."""
        words = [None] * len(self.users)
        if theirs:
            words = theirs["words"]
            for i, user in enumerate(self.users):
                take_sides(user, {name: theirs[f"users.{name}"][i] for name in BETWEEN_STEPS})
        self.minds = list(map(think, self.users))
        self.words = [
            show(user, mind, self.messengers, self.b, word)
            for user, mind, word in zip(self.users, self.minds, words, strict=False)
        ]

    # 3.1, 4.12 what is observed of it, and platforms that give in (7.4)

    def daily_reach(self):
        return [
            sum(1 - math.exp(-talk.openings[p]) for talk in self.talks) / len(self.talks)
            for p in self.messengers
        ]

    def comply_if_lost(self, dau):
        self.first_dau = self.first_dau or dau
        end = (self.k + 1) * self.now.h
        for name, policy in self.config.policies.items():
            if getattr(policy, "lost_users", None) is None or name in self.noted:
                continue
            p = self.names.index(policy.platform)
            lost = 1 - dau[p] / self.first_dau[p] if self.first_dau[p] else 0.0
            if self.k and abs(lost - policy.lost_users) < LOST:
                self.close.append((name,))
            if (policy.start - self.config.start).days < end and lost >= policy.lost_users:
                self.noted[name] = math.ceil(end)
