"""What comes before the update, again: from docs/specification.md (7.5, 7.6) alone.

Part of the second implementation, see tests/helpers/second.py.
"""

import math
from types import SimpleNamespace

from tests.helpers.second_communication import Communication
from tests.helpers.second_environment import CELLULAR
from tests.helpers.second_state import (
    CALL,
    INVITED,
    MESSAGE,
    NOWHERE,
    ORDERED,
    SINGLE,
    TOO_CLOSE,
    channel_shares,
    f4,
    has,
    reached,
    sigmoid,
)


class Look(Communication):
    """What `World` lets chats and users do before users act."""

    # 7.5 Chats

    def move(self):
        for g, chat in enumerate(self.chats):
            chat.moved = 0
            if not chat.bound and not self.told(g, chat):
                self.invite(g, chat)

    def told(self, g, chat):
        segment = list(self.config.population.segments).index(
            list(self.config.population.chats)[chat.kind]
        )
        moves = [m for m in self.now.moves if m.segment == segment and reached(m, g)]
        if not self.random.happens(sum(m.hazard for m in moves), "chat_order", g):
            return False
        ordered = any(m.by == "order" for m in moves)
        chat.platform, chat.bound = moves[0].platform, int(ordered)
        chat.moved = ORDERED if ordered else INVITED
        return True

    def invite(self, g, chat):
        if not self.random.happens(self.b.chat_rate * self.now.h, "chat", g):
            return
        others = [p for p in self.messengers if p != chat.platform]
        if not others:
            return
        candidate = others[math.floor(self.random.u("chat_platform", g) * len(others))]
        v = self.chat_value(chat, candidate)
        if v is None:
            return
        now = None if chat.platform == NOWHERE else self.chat_value(chat, chat.platform)
        x = self.b.chat_choice * (v - (now or 0.0))
        margin = TOO_CLOSE + SINGLE * self.b.chat_choice * (v + (now or 0.0))
        if self.random.yes(x, "chat_accept", g, margin=margin):
            chat.platform, chat.moved = candidate, INVITED

    def chat_value(self, chat, p):
        """Return the value of a chat on a messenger, None if that is out."""
        size = len(chat.members)
        there = [self.users[i] for i in chat.members if p in has(self.users[i])]
        if not there or len(there) < self.b.chat_quorum * size:
            return None
        v = 0.0
        for user in there:
            works = self.q(user.place, 0, p) ** 2
            x = self.appeal(MESSAGE, p) - self.b.message_loss * (1 - works)
            x += self.b.risk_value * self.lean(user, p) - self.appeal(MESSAGE, CELLULAR)
            v += math.log(1 + works * math.exp(x)) / size
        return v

    # 7.6 Before a user acts

    def look(self, i):
        user, b = self.users[i], self.b
        mine = [self.chats[g] for g in self.of_user[i]]
        talk = SimpleNamespace(
            chats=[sum(chat.platform == p for chat in mine) for p in range(6)],
            ordered={chat.platform for chat in mine if chat.moved == ORDERED},
        )
        invited = {chat.platform for chat in mine if chat.moved == INVITED}
        user.revising = self.to_revise(i, user)
        user.alert = user.alert | (invited - has(user)) if user.online else set()
        user.revising |= user.alert

        sums = self.ties(i, self.words[i])
        talk.use = [[f4(x) for x in row] for row in sums.use]
        for name in ("reachable", "secure", "abroad"):
            setattr(talk, name, [f4(x) for x in getattr(sums, name)])
        talk.helpers, talk.welfare = f4(sums.helpers), f4(sums.welfare)
        self.weigh(i, user, talk)

        j = self.contact(i, "converse")
        talk.partner = i if j is None else j
        talk.peer = self.minds[talk.partner]

        talk.openings = [f4(self.openings(user, talk, p)) for p in range(6)]
        talk.vpn_gain, talk.content = math.nan, 0.0
        talk.content_scale = self.content(user, user.place | 1)
        H = b.vpn_rate * self.now.h * (1 + b.vpn_search * user.shortfall)
        if user.online and self.random.happens(H, "vpn", i):
            talk.vpn_gain, talk.content = map(f4, self.vpn_gain(i, user))
        if user.online:
            self.ask(i, user)
        return talk

    def to_revise(self, i, user):
        return {
            p for p in (self.messengers if user.online else ())
            if p in has(user) | user.aware
            and self.random.happens(self.hazards(user, p)[p in has(user)], "revise", i, p)
        }  # fmt: skip

    def hazards(self, user, p):
        """Return the hazards of reconsidering a messenger without it and with it (7.6)."""
        b = self.b
        days = self.now.h * (1 + b.failure_exit * self.now.surprise[user.place, MESSAGE, p])
        search = self.q(user.place, MESSAGE, p) * (1 + b.search_rate * user.shortfall)
        return days * b.install_rate * search, days * b.drop_rate

    def chance(self, user, p, U):
        """Return the chance that a user who reconsiders a messenger has it afterwards (7.7)."""
        scale = math.sqrt(1 - self.b.taste_persistence)
        if p in user.alert:
            return sigmoid(U / scale)
        with_p = p in has(user)
        more = self.keeping(user, p) - self.taking_up(user, p)
        without, having = (U - more, U) if with_p else (U, U + more)
        rho = self.hazards(user, p)
        a, b = rho[0] * sigmoid(without / scale), rho[1] * sigmoid(-having / scale)
        moved = -math.expm1(-a - b) / (a + b) / -math.expm1(-rho[with_p])
        return 1 - b * moved if with_p else a * moved

    def keeping(self, user, p):
        return self.b.keep_value * user.habit[p]

    def taking_up(self, user, p):
        there = p in user.installed - user.account
        return self.b.preinstall_value if there else self.now.onboarding[p]

    def weigh(self, i, user, talk):
        """Write what having a messenger is worth without contacts, and with those who decide."""
        for name in ("value", "rest", "draw"):
            setattr(talk, name, [None] * 6)  # read by nobody (2.2)
        talk.scale = 0.0
        if not user.revising:
            return
        terms = [self.terms(user, talk, p) for p in self.messengers]
        S = self.pull(user, user.place)
        talk.scale = self.content_value(user) * S  # what is subtracted from it is right to 1e-6
        talk.scale += max(sum(map(abs, of_p)) for of_p in terms)
        for p, of_p in enumerate(terms):
            talk.rest[p], talk.draw[p] = sum(of_p), self.random.draw("accept", i, p)
            decides = p in user.revising and not self.wants(i, user, talk, p, 0.0, 0.0)
            talk.value[p] = f4(self.value(i, p)) if decides else 0.0

    def wants(self, i, user, talk, p, benefit, error):
        """Return whether a user wants a messenger, given what contacts add, right to `error`."""
        margin = SINGLE * (talk.scale + benefit) + error
        return self.random.wants(
            lambda U: self.chance(user, p, U), benefit + talk.rest[p], talk.draw[p], margin, i, p
        )

    def terms(self, user, talk, p):
        """Return the terms of the utility of having a messenger but for contacts (7.7)."""
        b, now = self.b, self.now
        own = self.keeping(user, p) if p in has(user) else self.taking_up(user, p)
        sd = math.sqrt(b.taste_sd**2 + b.taste_persistence * math.pi**2 / 3)
        others = 1 + self.pull(user, user.place) - (p in has(user)) * self.drawn(user.place, p)
        omega = self.content_value(user)
        return (
            b.chat_value * talk.chats[p], self.value_alone(p, user.band), -now.daily_price[p],
            omega * math.log(others + self.drawn(user.place, p)), -omega * math.log(others),
            sd * user.taste[p], b.risk_value * self.lean(user, p),
            b.mandate_value * (p in user.mandated - user.second), own,
        )  # fmt: skip

    def ask(self, i, user):
        d = channel_shares(user)
        failing = sum(
            user.habit[p] * sum(d[c] * self.now.surprise[user.place, c, p] for c in (0, 1))
            for p in self.messengers
        )
        if not self.random.happens(self.b.pair_rate * self.now.h * failing, "pair", i):
            return
        j = self.contact(i, "pair_contact")
        appeals = [self.platforms[p].pair_appeal for p in self.messengers]
        weights = [
            0.0 if appeal is None else self.q(user.place, CALL, p)
            * math.exp(appeal + self.b.risk_value * self.lean(user, p))
            for p, appeal in enumerate(appeals)
        ]  # fmt: skip
        p = self.random.pick(weights, "pair_platform", i)
        if j is not None and self.users[j].online and p is not None:
            self.agreed += [(i, p), (j, p)]
