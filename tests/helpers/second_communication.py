"""What users say on ties and what that is worth, again: from docs/specification.md (7.6) alone.

Part of the second implementation, see tests/helpers/second.py.
"""

import math
from types import SimpleNamespace

from sim.config.settings import BANDS
from tests.helpers.second_environment import CELLULAR, CHANNELS
from tests.helpers.second_state import (
    BY_WEIGHTS,
    CALL,
    MESSAGE,
    WEIGHT_EXPONENT,
    channel_shares,
    f4,
    has,
    sigmoid,
)


class Communication:
    """What `World` knows of ties, of content and of what a messenger or a VPN adds to them."""

    def q(self, place, c, p):
        return (
            1.0
            if c == CALL and "call" not in self.platforms[p].channels
            else self.now.q[place, c, p]
        )

    def lean(self, user, p):
        return user.type * user.concern * sigmoid(user.belief[p])

    def weights(self, i):
        """Return the contacts of a user and the weights of their ranks (2.5), strongest first."""
        row = sorted(self.graph[i], key=lambda j: self.graph[i][j]["rank"][i])
        return row, [f4(r**-WEIGHT_EXPONENT) for r in range(1, len(row) + 1)]

    def contact(self, i, purpose):
        row, weights = self.weights(i)
        if not row:
            return None
        at = self.random.pick(weights, purpose, i, margin=BY_WEIGHTS)
        return row[-1 if at is None else at]

    def value(self, i, p):
        """Return what a messenger adds to what one can say, whether or not one has it."""
        word = self.words[i]
        welfare = [
            self.ties(i, word._replace(has=others)).welfare
            for others in (word.has | {p}, word.has - {p})
        ]
        return welfare[0] - welfare[1]

    def ties(self, i, x):
        """Return the sums over the ties of a user who shows the word `x`."""
        sums = SimpleNamespace(
            use=[[0.0] * 7, [0.0] * 7], reachable=[0.0, 0.0],
            secure=[0.0, 0.0], abroad=[0.0, 0.0], helpers=0.0, welfare=0.0,
        )  # fmt: skip
        row, weights = self.weights(i)
        abroad, total = self.config.population.abroad, sum(weights)
        w_x = abroad.weight if self.users[i].abroad else 0.0
        d = channel_shares(self.users[i])
        for j, weight in zip(row, weights, strict=True):
            w = weight / total * (1 - w_x)
            self.add_tie(sums, w, d, x, self.words[j], price=0.0)
            sums.helpers += w * (self.words[j].place & 1)
        if self.users[i].abroad:
            sums.abroad = self.add_tie(sums, w_x, d, x, self.abroad, abroad.call_price)
        sums.use[MESSAGE][CELLULAR] *= self.b.sms_share
        return sums

    def add_tie(self, sums, w, d, x, y, price):
        """Add the tie of the users with words x and y; returns how well it works by channel."""
        b, shared = self.b, x.has & y.has
        fails = (b.message_loss, b.call_loss)
        exp = [{}, {}, {}]  # messages, sensitive messages, calls
        for p in shared:
            for t, c in ((0, MESSAGE), (2, CALL)):
                works = self.q(x.place, c, p) * self.q(y.place, c, p)
                v = self.appeal(c, p) + x.drawn(p, b) + y.drawn(p, b) - fails[c] * (1 - works)
                exp[t][p] = works * math.exp(v)
            exp[1][p] = exp[0][p] * math.exp(-x.feared(p, b) - y.feared(p, b))
        for t, c in enumerate((MESSAGE, MESSAGE, CALL)):
            exp[t][CELLULAR] = math.exp(self.appeal(c, CELLULAR) - price)

        Z = [sum(e[k] for k in shared | {CELLULAR}) for e in exp]
        s = b.sensitive_share
        W = ((1 - s) * d[0], s * d[0], d[1])
        for k in shared | {CELLULAR}:
            sums.use[0][k] += w * ((1 - s) * exp[0][k] / Z[0] + s * exp[1][k] / Z[1])
            sums.use[1][k] += w * exp[2][k] / Z[2]
        sums.welfare += w * sum(W[t] * math.log(Z[t]) for t in range(3))
        works = []
        for c, channel in enumerate(CHANNELS):
            q = {
                p: f4(self.q(x.place, c, p) * self.q(y.place, c, p))
                for p in shared if channel in self.platforms[p].channels
            }  # fmt: skip
            works.append(max(q.values(), default=0.0))
            sums.reachable[c] += w * works[c]
            unreadable = [q[p] for p in q if p in self.now.unreadable]
            sums.secure[c] += w * max(unreadable, default=0.0)
        return works

    def openings(self, user, talk, p):
        if p not in self.messengers:
            return 0.0
        b, d, platform = self.b, channel_shares(user), self.platforms[p]
        D = user.intensity
        if p in has(user):
            use = d[0] * talk.use[0][p] + b.call_openings * d[1] * talk.use[1][p]
            drawn = self.drawn(user.place, p, self.expected) / (
                1 + self.pull(user, user.place, self.expected)
            )
            demanded = platform.mandate_openings * (p in user.mandated)
            habit = platform.habit_openings * user.habit[p]
            return D * (b.traffic_openings * use + b.content_openings * drawn + demanded + habit)
        return D * platform.mandate_openings if p in user.second else 0.0

    def drawn(self, place, p, works=None):
        """Return the appeal of the content of a messenger at a place (7.6)."""
        works = works or self.q
        given = self.platforms[p].openings
        k = self.base_openings[p] if given is None else given / self.b.content_openings
        return k * math.exp(self.now.trend[p]) * works(place, MESSAGE, p)

    def pull(self, user, place, works=None):
        """Return S, the appeal of the content of all messengers that a user has."""
        return sum(self.drawn(place, p, works) for p in has(user))

    def expected(self, place, c, p):
        """Return q + surprise, the availability that people are used to, or q if it is higher."""
        return min(1.0, self.q(place, c, p) + self.now.surprise[place, c, p])

    def content_value(self, user):
        return self.b.content_value * self.b.content_openings * user.intensity

    def content(self, user, place):
        """Return V, what content is worth to a user at a place."""
        return self.content_value(user) * math.log(1 + self.pull(user, place))

    def value_alone(self, p, band):
        given = self.platforms[p].standalone
        return self.standalone[p][band] if given is None else given[BANDS[band]]

    def vpn_gain(self, i, user):
        """Return what a VPN adds to what one can say, and what the content it opens is worth."""
        without, with_one = user.place & ~1, user.place | 1
        if all(
            self.q(without, c, p) == self.q(with_one, c, p)
            for c in (MESSAGE, CALL) for p in self.messengers
        ):  # fmt: skip
            return 0.0, 0.0
        word = self.words[i]
        gain = self.ties(i, word._replace(place=with_one)).welfare
        gain -= self.ties(i, word._replace(place=without)).welfare
        return gain, self.content(user, with_one) - self.content(user, without)
