"""Lists of the few: nobody is left out whom a rule would touch."""

import numpy as np
import pytest

from sim.kernel.rng import luck_of, purpose_key, uniform, unit
from sim.rules import abuse, beliefs, push
from sim.rules.records import (
    ABUSE,
    MANDATE,
    NEWS,
    TALK,
    records,
)
from sim.rules.sieve import draw, lucky, sieve, sift
from tests.helpers.worlds import keys, toy_now, toy_rules, toy_users

pytestmark = pytest.mark.interpreted

KEY = purpose_key(1, 0, "test.sieve")
N = 400
RNG = np.random.default_rng(3)


def crowd():
    """Return users who differ in all that rules ask for, and what they did in a step."""
    users, talks = toy_users(N, 3), records(TALK, N)
    for name in ("installed", "account", "aware", "mandated", "second"):
        users[name] = RNG.integers(0, 8, N)
    users.type, users.online = RNG.integers(-1, 2, N), RNG.random(N) < 0.9
    users.segments, users.news = RNG.integers(0, 4, N), RNG.integers(0, 4, N)
    users.concern = RNG.integers(0, 3000, N)
    talks.ordered = RNG.integers(0, 8, N) * (RNG.random(N) < 0.1)
    talks.peer = RNG.integers(0, 1 << 16, N)
    return users, talks


def eventful():
    """Return a step in which everything happens that can touch few users."""
    now = toy_now(np.zeros((2, 3)))
    mandates, news = records(MANDATE, 2), records(NEWS, 2)
    mandates.platform, mandates.segment, mandates.hazard = (1, 2), (1, 2), (0.05, 0.2)
    mandates.ceiling, mandates.reached, mandates.key = 0.8, 0.9, (5, 6)
    news.platform, news.bit, news.media, news.contact = (0, 1), (0, 1), (0.05, 0.2), (0.1, 0.0)
    news.audience, news.salt, news.shock[:] = (0, 0b10), (7, 8), 0.5
    now.force.awareness[:3], now.force.trial[:3], now.force.preinstall[:3] = 0.03, 0.05, 0.02
    return now._replace(mandates=mandates, most_mandated=push.most_hazards(mandates), news=news)


NOW, RULES, KEYS = eventful(), toy_rules(3, word_of_mouth=0.1, risk_value=1.0), keys(0)


def dangers():
    """Return two kinds of abuse that few meet."""
    kinds = records(ABUSE, 2)
    kinds.total, kinds.incident_rate, kinds.most = 1.0, (0.02, 0.1), (0.02, 0.1)
    kinds.vulnerability[:], kinds.conversion[:], kinds.share[:, -1] = 1.0, 1.0, 1.0
    return kinds


KINDS = dangers()
SIEVES = {  # who is listed, and what the rule does to one of them
    "addressed": (
        lambda users, talks, room: push.addressed(0, N, users, talks, NOW, RULES, KEYS, room),
        lambda i, user, talk: push.receive(i, user, talk, NOW, RULES, KEYS),
    ),
    "hearers": (
        lambda users, talks, room: beliefs.hearers(0, N, users, talks, NOW, RULES, KEYS, room),
        lambda i, user, talk: beliefs.hear_of(i, user, talk, NOW, RULES, KEYS),
    ),
    "readers": (
        lambda users, talks, room: beliefs.readers(0, N, users, talks, NOW.news, KEYS, room),
        lambda i, user, talk: beliefs.read_news(i, user, talk, NOW.news, RULES, KEYS),
    ),
    "endangered": (
        lambda users, talks, room: abuse.endangered(0, N, KINDS, NOW, KEYS, room),  # noqa: ARG005
        lambda i, user, talk: abuse.suffer(i, user, KINDS, NOW, KEYS),  # noqa: ARG005
    ),
}


@pytest.mark.parametrize("name", SIEVES)
def test_to_all_others_the_rule_does_nothing(name):
    listed, rule = SIEVES[name]
    users, talks = crowd()
    room, before, sifted = sieve(N), users.copy(), users.copy()
    n = listed(users, talks, room)
    for i in range(N):
        rule(i, users[i], talks[i])
    for i in map(int, room.few[:n]):
        rule(i, sifted[i], talks[i])
    assert (users == sifted).all()
    assert 0 < (users != before).sum() <= n < N / 2


def test_luck_is_drawn_for_many_as_for_one():
    room = sieve(N)
    draw(KEY, 50, 50 + N, room.luck)
    assert room.luck.tolist() == [luck_of(KEY, i) for i in range(50, 50 + N)]
    assert unit(room.luck[0]) == uniform(KEY, 50)


@pytest.mark.parametrize("bound", [0.0, 0.1, 1.0])
def test_the_lucky_are_those_whose_number_is_below_the_bound(bound):
    room = sieve(N)
    n = lucky(KEY, 7, 7 + N, bound, room, room.few)
    assert room.few[:n].tolist() == [i for i in range(7, 7 + N) if uniform(KEY, i) < bound]


def test_the_touched_are_listed_in_their_order():
    few = sieve(4).few
    assert sift(10, 14, np.array([0, 3, 0, 1], np.uint8), few) == 2
    assert few[:2].tolist() == [11, 13]
