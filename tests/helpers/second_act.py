"""Offenders and the update of users, again: from docs/specification.md (7.7-7.10) alone.

Part of the second implementation, see tests/helpers/second.py.
"""

import math

from sim.config.settings import BANDS, TYPES
from tests.helpers.second_state import (
    F32,
    MOST_SHORTFALL,
    SINGLE,
    STEPS_OF,
    TOO_CLOSE,
    UNKNOWN,
    UNSURE,
    channel_shares,
    has,
    in_steps,
    reached,
)


class Act:
    """What `World` lets a user do once it has talked."""

    # 7.7 Revise and remember

    def act(self, i, user, talk):
        self.revise(i, user, talk)
        self.remember(user, talk)
        self.feel(user, talk)
        talk.heard = self.hear(i, user, talk)
        self.lapse(i, user, talk)
        if user.online:
            for p in self.messengers:
                self.receive(i, user, talk, p)
        self.learn(i, user, talk)
        self.go_online(i, user)
        self.switch(i, user, talk)
        self.suffer(i, user)

    def passes(self, i, user, p):
        """Return whether a user passes the gate to a messenger."""
        if p in user.account:
            return True
        return self.random.below(self.now.passing[p], "register", i, p)

    def revise(self, i, user, talk):
        b = self.b
        for p in sorted(user.revising):
            v = max(talk.value[p], 0.0)
            benefit = b.network_value * v**b.network_shape
            off = SINGLE * (1 + abs(talk.welfare))  # a difference of two welfares
            error = b.network_value * (v + off) ** b.network_shape - benefit
            wanted = self.wants(i, user, talk, p, benefit, error)
            user.aware.add(p)
            if wanted:
                if self.passes(i, user, p):
                    user.installed.add(p)
                    user.account.add(p)
            elif p in user.account:
                if p in user.installed and not any(
                    self.now.surprise[user.place, c, p] for c in (0, 1)
                ):
                    user.usual = UNKNOWN
                user.installed.discard(p)
        user.alert = set()

    def remember(self, user, talk):
        m = math.exp(-self.b.habit_rate * self.now.h)
        for p in self.messengers:
            used = sum(d * talk.use[c][p] for c, d in enumerate(channel_shares(user)))
            new = m * user.habit[p] + (1 - m) * used
            user.habit[p] = in_steps("habit", new)
            user.spans[p] = in_steps("habit", new - F32), in_steps("habit", new + F32)

    def feel(self, user, talk):
        """Compare welfare with what a user is used to, and let it get used to it."""
        b, m = self.b, math.exp(-self.b.usual_rate * self.now.h)
        content = self.content(user, user.place)
        now = b.network_value * talk.welfare + content
        usual = now if user.usual == UNKNOWN else user.usual
        error = F32 * (1 + b.network_value * (1 + abs(talk.welfare)) + abs(usual))
        error += SINGLE * self.content_value(user) * (1 + self.pull(user, user.place))
        lost, used = usual - now - b.search_tolerance, m * usual + (1 - m) * now

        def shortfall(x):
            return (
                math.floor(min(max(x, 0.0), MOST_SHORTFALL) * STEPS_OF["shortfall"])
                / STEPS_OF["shortfall"]
            )

        user.shortfall, user.usual = shortfall(lost), in_steps("usual", used)
        user.between = {
            "shortfall": (shortfall(lost - error), shortfall(lost + error)),
            "usual": (in_steps("usual", used - error), in_steps("usual", used + error)),
        }

    # 7.8 Receive; agreements

    def join(self, i, user, p):
        user.aware.add(p)
        if self.passes(i, user, p):
            user.installed.add(p)
            user.account.add(p)

    def comply(self, i, user, p):
        user.mandated.add(p)
        if p not in has(user) and self.random.below(self.b.second_phone, "second", i, p):
            user.second.add(p)
            user.aware.add(p)
        else:
            self.join(i, user, p)

    def lapse(self, i, user, talk):
        for p in sorted(user.mandated & self.now.ended):
            demanded = p in self.now.ordered and talk.chats[p]
            demanded |= any(
                m.platform == p and m.segment in user.segments for m in self.now.mandates
            )
            H = self.b.lapse_rate * self.now.h
            if not demanded and self.random.happens(H, "lapse", i, p):
                user.mandated.discard(p)
                user.second.discard(p)

    def receive(self, i, user, talk, p):
        now, random = self.now, self.random
        H = sum(
            m.hazard for m in now.mandates
            if m.platform == p and m.segment in user.segments and reached(m, i)
        )  # fmt: skip
        if p not in user.second and random.happens(H, "mandate", i, p):
            self.comply(i, user, p)
        if p in talk.ordered and p not in user.second:
            self.comply(i, user, p)
        trial = now.trial[p] * math.exp(self.b.risk_value * self.lean(user, p))
        trial /= 2 if p in talk.heard else 1
        if p in user.aware - has(user) and random.happens(trial, "trial", i, p):
            self.join(i, user, p)
        if p not in user.account and random.happens(now.preinstall[p], "preinstall", i, p):
            user.installed.add(p)
            user.aware.add(p)

    def apply_agreements(self):
        for i, p in self.agreed:
            self.join(i, self.users[i], p)

    # 7.9 Learn and switch

    def hear(self, i, user, talk):
        b, h, now, random = self.b, self.now.h, self.now, self.random
        peer, heard = talk.peer, set()
        for p in set(self.messengers) - user.aware if user.online else ():
            H = now.awareness[p] + b.word_of_mouth * h * (p in peer.aware)
            found = b.search_awareness * h * self.q(user.place, 0, p)
            low, high = user.between["shortfall"]
            margin = TOO_CLOSE + found * (high - low)
            if random.happens(H + found * user.shortfall, "aware", i, p, margin=margin):
                heard.add(p)
        user.aware |= heard
        return heard

    def learn(self, i, user, talk):
        b, h, now, random = self.b, self.now.h, self.now, self.random
        peer = talk.peer
        F, G = 1 - math.exp(-b.peer_rate * h), 1 - math.exp(-b.forget_rate * h)
        for p in self.messengers:
            old, prior = user.belief[p], self.prior(user, p)
            new = old + F * (peer.belief(p) - old) + G * (prior - old)
            user.belief[p] = in_steps("belief", new)
            error = UNSURE * (abs(old) + F * abs(peer.belief(p) - old) + G * abs(prior - old))
            user.sides[p] = {in_steps("belief", new + side * error) for side in (-1, 1)}
        for story in now.stories:
            if story.bit in user.news:
                continue
            addressed = not story.audience or story.audience & has(user)
            H = story.media * bool(addressed) + story.contact * (story.bit in peer.news)
            if random.happens(H, "news", i, salt=story.salt):
                user.news.add(story.bit)
                p = story.platform
                shock = story.shock[user.type + 1]
                before = self.lean(user, p)
                user.belief[p], sides = in_steps("belief", user.belief[p] + shock), user.sides[p]
                user.sides[p] = {in_steps("belief", side + shock) for side in sides}
                margin = 0.0 if len(sides) == 1 else user.concern / STEPS_OF["belief"]
                d = before - self.lean(user, p)
                if d > 0:
                    self.break_habit(user, p, d, margin + TOO_CLOSE)
                self.look_around(i, user, story, d, margin)

    def break_habit(self, user, p, d, margin):
        least, left, most = (math.exp(-self.b.habit_break * (d + m)) for m in (margin, 0, -margin))
        low, high = user.spans[p]
        user.habit[p] = in_steps("habit", left * user.habit[p])
        user.spans[p] = in_steps("habit", least * low), in_steps("habit", most * high)

    def look_around(self, i, user, story, d, margin):
        H, margin = self.b.attention * d, TOO_CLOSE + self.b.attention * margin
        if d > 0 and self.random.happens(H, "attention", i, margin=margin, salt=story.salt):
            told = {story.platform}
            user.alert |= (told & has(user)) | (user.aware - has(user) - told)

    def prior(self, user, p):
        """Return where a belief goes back to: a fact that was heard of is not forgotten."""
        facts = [
            story.shock[user.type + 1] for story in self.now.stories
            if story.kind == "compliance" and story.platform == p and story.bit in user.news
        ]  # fmt: skip
        return self.platforms[p].belief[TYPES[user.type + 1]] + sum(facts)

    def go_online(self, i, user):
        H = self.now.going_online[BANDS[user.band]]
        if H > 0 and not user.online:
            user.online = self.random.happens(H, "go_online", i)

    def switch(self, i, user, talk):
        if math.isnan(talk.vpn_gain):
            return
        b = self.b
        U = b.vpn_value * talk.vpn_gain + talk.content
        U += user.skill + b.vpn_help * talk.helpers - self.now.vpn_cost
        user.place = user.place & ~1 | self.random.yes(U, "vpn_accept", i)

    # 7.10 Abuse

    def arrive(self, user, kind):
        """Return the share of attempts on a user that arrive, by platform."""
        found = [0.0] * 6 + [1.0]
        for p in has(user):
            if ("message", "call")[kind.channel] in self.platforms[p].channels:
                found[p] = self.q(user.place, kind.channel, p)
        return found

    def undetected(self, kind, k):
        return kind.conversion[k] * (1 - self.now.detection[k])

    def follow(self, kind):
        arriving = [self.arrive(user, kind) for user in self.users]
        arriving = [math.fsum(column) / len(self.users) for column in zip(*arriving, strict=True)]
        earned = [arriving[k] * self.undetected(kind, k) for k in range(7)]
        mean = sum(kind.share[k] * earned[k] for k in range(7))
        attraction = [e**kind.response if e else 0.0 for e in earned]
        if sum(attraction) > 0:
            speed = 1 - math.exp(-kind.rate * self.now.h)
            for k in range(7):
                goal = attraction[k] / sum(attraction)
                kind.share[k] += speed * (goal - kind.share[k])
        kind.total = mean**kind.elasticity
        everywhere = sum(kind.share[k] * self.undetected(kind, k) for k in range(7))
        kind.max_rate = kind.incident_rate * kind.total * everywhere * max(kind.vulnerability)

    def suffer(self, i, user):
        for number, kind in enumerate(self.abuse):
            arrive = self.arrive(user, kind)
            incidents = kind.total * kind.vulnerability[user.band]
            incidents *= sum(
                kind.share[k] * arrive[k] * self.undetected(kind, k) for k in range(7)
            )
            H = kind.incident_rate * incidents * self.now.h
            if self.random.happens(H, "abuse", i, number):
                user.victim.add(number)
