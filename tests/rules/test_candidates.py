"""Lists of the few: nobody is left out whom a rule would touch."""

import numpy as np
import pytest

from sim.kernel.rng import purpose_key, random_bits, uniform, unit
from sim.rules import abuse, beliefs, promotion
from sim.rules.candidates import (
    candidate_buffer,
    draw_random_bits,
    list_flagged,
    sample_candidates,
)
from sim.rules.records import (
    ABUSE,
    MANDATE,
    NEWS,
    STEP_RECORD,
    records,
)
from tests.helpers.toys import toy_env, toy_params, toy_users
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted

KEY = purpose_key(1, 0, "test.candidate_buffer")
N = 400
RNG = np.random.default_rng(3)


def crowd():
    """Return users who differ in all that rules ask for, and what they did in a step."""
    users, step_records = toy_users(N, 3), records(STEP_RECORD, N)
    for name in ("installed", "account", "aware", "mandated", "second"):
        users[name] = RNG.integers(0, 8, N)
    users.type, users.online = RNG.integers(-1, 2, N), RNG.random(N) < 0.9
    users.segments, users.news = RNG.integers(0, 4, N), RNG.integers(0, 4, N)
    users.concern = RNG.integers(0, 3000, N)
    step_records.ordered = RNG.integers(0, 8, N) * (RNG.random(N) < 0.1)
    step_records.peer = RNG.integers(0, 1 << 16, (N, 1))
    return users, step_records


def eventful():
    """Return a step in which everything happens that can touch few users."""
    env = toy_env(np.zeros((2, 3)))
    mandates, news = records(MANDATE, 2), records(NEWS, 2)
    mandates.platform, mandates.segment, mandates.hazard = (1, 2), (1, 2), (0.05, 0.2)
    mandates.ceiling, mandates.reached, mandates.key = 0.8, 0.9, (5, 6)
    news.platform, news.bit, news.media, news.contact = (0, 1), (0, 1), (0.05, 0.2), (0.1, 0.0)
    news.audience, news.salt, news.shock[:] = (0, 0b10), (7, 8), 0.5
    env.effects.awareness[:3], env.effects.trial[:3], env.effects.preinstall[:3] = 0.03, 0.05, 0.02
    return env._replace(
        mandates=mandates, mandate_bounds=promotion.hazard_bounds(mandates), news=news
    )


ENV, PARAMS, KEYS = eventful(), toy_params(3, word_of_mouth=0.1, risk_value=1.0), keys(0)


def dangers():
    """Return two kinds of abuse that few meet."""
    kinds = records(ABUSE, 2)
    kinds.total, kinds.incident_rate, kinds.max_rate = 1.0, (0.02, 0.1), (0.02, 0.1)
    kinds.vulnerability[:], kinds.conversion[:], kinds.share[:, -1] = 1.0, 1.0, 1.0
    return kinds


KINDS = dangers()
CANDIDATES = {  # who is listed, and what the rule does to one of them
    "promotion": (
        lambda users, step_records, buffer: promotion.promotion_candidates(
            0, N, users, step_records, ENV, PARAMS, KEYS, buffer
        ),
        lambda i, user, step_record: promotion.apply_promotion(
            i, user, step_record, ENV, PARAMS, KEYS
        ),
    ),
    "awareness": (
        lambda users, step_records, buffer: beliefs.awareness_candidates(
            0, N, users, step_records, ENV, PARAMS, KEYS, buffer
        ),
        lambda i, user, step_record: beliefs.become_aware(i, user, step_record, ENV, PARAMS, KEYS),
    ),
    "news": (
        lambda users, step_records, buffer: beliefs.news_candidates(
            0, N, users, step_records, ENV.news, KEYS, buffer
        ),
        lambda i, user, step_record: beliefs.read_news(
            i, user, step_record, ENV.news, PARAMS, KEYS
        ),
    ),
    "abuse": (
        lambda *look: abuse.victim_candidates(0, N, KINDS, ENV, KEYS, look[-1]),
        lambda i, user, step_record: abuse.draw_victimisation(i, user, KINDS, ENV, KEYS),  # noqa: ARG005
    ),
}


@pytest.mark.parametrize("name", CANDIDATES)
def test_to_all_others_the_rule_does_nothing(name):
    listed, rule = CANDIDATES[name]
    users, step_records = crowd()
    buffer, before, sifted = candidate_buffer(N), users.copy(), users.copy()
    n = listed(users, step_records, buffer)
    for i in range(N):
        rule(i, users[i], step_records[i])
    for i in map(int, buffer.ids[:n]):
        rule(i, sifted[i], step_records[i])
    assert (users == sifted).all()
    assert 0 < (users != before).sum() <= n < N / 2


def test_numbers_are_drawn_for_many_as_for_one():
    buffer = candidate_buffer(N)
    draw_random_bits(KEY, 50, 50 + N, buffer.bits64)
    assert buffer.bits64.tolist() == [random_bits(KEY, i) for i in range(50, 50 + N)]
    assert unit(buffer.bits64[0]) == uniform(KEY, 50)


@pytest.mark.parametrize("bound", [0.0, 0.1, 1.0])
def test_candidates_are_those_whose_number_is_below_the_bound(bound):
    buffer = candidate_buffer(N)
    n = sample_candidates(KEY, 7, 7 + N, bound, buffer, buffer.ids)
    assert buffer.ids[:n].tolist() == [i for i in range(7, 7 + N) if uniform(KEY, i) < bound]


def test_the_touched_are_listed_in_their_order():
    ids = candidate_buffer(4).ids
    assert list_flagged(10, 14, np.array([0, 3, 0, 1], np.uint8), ids) == 2
    assert ids[:2].tolist() == [11, 13]
