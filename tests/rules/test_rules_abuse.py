"""Abuse (docs/verification.md, T13): offenders follow what pays, by a logit best reply."""

import numpy as np
import pytest
from scipy.special import softmax

from sim.engine.offenders import arriving
from sim.rules import abuse
from sim.rules.abuse import VICTIMISED
from sim.rules.records import ABUSE, CALL, CELLULAR, EFFECTS, MAX, MESSAGE, N_BANDS, USER, records
from tests.helpers.toys import someone, toy_env
from tests.helpers.worlds import keys, uniform_draws

N_PLATFORMS = MAX + 1
REACH = np.array([0.9, 0.7, 0.4, 0.2, 0.0, 0.0, 1.0])
CONVERSION = np.array([1.2, 0.8, 2.0, 0.5, 1.0, 1.0, 0.6])
rule = pytest.mark.interpreted


def a_kind(**values):
    """Return a kind of abuse that starts evenly spread over the platforms that exist."""
    kind = records(ABUSE, 1)
    kind.rate, kind.response, kind.elasticity, kind.arriving = 0.05, 2.0, 0.5, 1.0
    kind.conversion[:], kind.vulnerability[:], kind.total = CONVERSION, 1.0, 1.0
    kind.share[:] = (REACH > 0) / (REACH > 0).sum()
    for name, value in values.items():
        kind[name][0] = value
    return kind[0]


def a_force(days=1.0, detection=0.0):
    effects = records(EFFECTS, 1)[0]
    effects.days, effects.detection[:] = days, detection
    return effects


def adapted(kind, reached=REACH, detection=0.0, days=1.0, n=1):
    """Return the shares after every one of `n` steps at a fixed reach."""
    shares = []
    for _ in range(n):
        abuse.adapt(kind, reached, a_force(days, detection))
        shares.append(kind.share.copy())
    return np.array(shares)


def best_reply(response, reached=REACH, detection=0.0):
    """Return softmax(eps ln profit)."""
    with np.errstate(divide="ignore"):
        return softmax(response * np.log(reached * CONVERSION * (1 - detection)))


# The shares of attempts.


@rule
@pytest.mark.parametrize("response", [0.5, 1.0, 2.0, 5.0])
def test_t13_shares_converge_to_the_logit_of_profits(response):
    detection = np.array([0.3, 0.4, 0.7, 0.1, 0, 0, 0.3])
    kind = a_kind(response=response)
    found = adapted(kind, detection=detection, days=7.0, n=120)[-1]
    assert found == pytest.approx(best_reply(response, detection=detection), abs=1e-12)
    assert found.sum() == pytest.approx(1, abs=1e-12)


@rule
@pytest.mark.parametrize("days", [7.0, 1.0])
def test_t13_the_way_there_is_exponential_at_the_rate_of_adaptation(days):
    start, target = a_kind().share.copy(), best_reply(2.0)
    n = round(28 / days)
    found = adapted(a_kind(), days=days, n=n)
    left = np.exp(-0.05 * days * np.arange(1, n + 1))
    assert found == pytest.approx(target + np.outer(left, start - target), abs=1e-12)
    half = np.float32(np.log(2) / 0.05)  # as a step keeps its length
    assert np.exp(-0.05 * half) == pytest.approx(0.5, rel=1e-7)
    middle = target + (start - target) * np.exp(-0.05 * float(half))
    assert adapted(a_kind(), days=half)[-1] == pytest.approx(middle, abs=1e-12)


@rule
def test_t13_where_all_pays_the_same_attempts_spread_evenly():
    same = np.full(N_PLATFORMS, 0.5)
    kind = a_kind(conversion=1.0, share=np.eye(N_PLATFORMS)[2])
    assert adapted(kind, same, n=1000)[-1] == pytest.approx(np.full(N_PLATFORMS, 1 / N_PLATFORMS))


@rule
def test_t13_a_sharp_choice_lets_the_winner_take_all():
    best = np.argmax(REACH * CONVERSION)
    found = adapted(a_kind(response=20.0), days=100.0, n=10)[-1]
    assert found[best] > 0.99
    earned = np.sort(REACH * CONVERSION)[-2:]  # and no more than the ratio of the best two says
    assert 1 - found[best] == pytest.approx((earned[0] / earned[1]) ** 20, rel=0.02)


@rule
def test_t13_what_is_all_detected_is_left_alone():
    detection = np.eye(N_PLATFORMS)[0]
    found = adapted(a_kind(), detection=detection, days=7.0, n=200)[-1]
    assert found[0] < 1e-12
    rest = best_reply(2.0)[1:]
    assert found[1:] == pytest.approx(rest / rest.sum())


@rule
def test_t13_where_nothing_pays_shares_stay_and_attempts_stop():
    kind = a_kind()
    before = kind.share.copy()
    assert (adapted(kind, detection=1.0, days=7.0, n=3) == before).all()
    assert kind.total == 0


@rule
@pytest.mark.parametrize("elasticity", [0.0, 0.5, 1.0, 2.0])
def test_attempts_in_all_follow_the_mean_profit(elasticity):
    kind = a_kind(elasticity=elasticity)
    mean = kind.share @ (REACH * CONVERSION * 0.6)  # at the shares of before
    adapted(kind, detection=0.4)
    assert kind.total == pytest.approx(mean**elasticity)


# Attempts and incidents of one user.


@rule
@pytest.mark.parametrize("channel", [MESSAGE, CALL])
def test_a_user_is_reached_where_it_is_and_calls_arrive(channel):
    q = np.array([[[0.9, 1.0], [0.2, 0.5]], [[1.0, 1.0], [0.8, 0.6]]])
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], q=q)
    for place in range(2):
        user = someone(installed=0b11, account=0b01, place=place)
        assert abuse.can_be_reached(user, 0, channel, env) == np.float32(q[place, channel, 0])
        assert abuse.can_be_reached(user, 1, channel, env) == 0  # no account
        assert abuse.can_be_reached(user, CELLULAR, channel, env) == 1


@rule
def test_a_messenger_that_one_region_cannot_use_reaches_people_in_others():
    q = np.ones((5, 2, 2))  # two regions without and with a VPN, and abroad
    q[:2, :, 0] = 0.0
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], q=q)
    users = [someone(installed=0b01, place=place) for place in range(4)]
    reached = [abuse.can_be_reached(user, 0, CALL, env) for user in users]
    assert reached == [0, 0, 1, 1]
    arrived = arriving(CALL, env)
    assert arrived[:4, 0].tolist() == reached


def lands(kind, user, k, env):
    """Return the attempts on one user over platform `k` that arrive, 1 on average at the start."""
    return (
        kind.total
        * kind.share[k]
        * abuse.can_be_reached(user, k, kind.channel, env)
        / (kind.arriving)
    )


@rule
def test_incidents_are_attempts_that_arrive_are_missed_and_convert():
    kind = a_kind(channel=CALL, total=1.7, arriving=0.6, vulnerability=np.arange(7.0))
    q = np.array([[[1.0, 1.0], [0.2, 0.5]]])
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], q=q)
    env.effects.detection[:] = 0.25
    user = someone(installed=0b01, band=3)
    arrive = 1.7 * np.array([kind.share[0] * 0.2, kind.share[CELLULAR]])
    found = [lands(kind, user, k, env) for k in range(N_PLATFORMS)]
    assert found == pytest.approx([arrive[0] / 0.6, 0, 0, 0, 0, 0, arrive[1] / 0.6])
    expected = arrive @ CONVERSION[[0, CELLULAR]] * 0.75 * 3
    assert abuse.incidents(kind, user, env) == pytest.approx(expected)


@rule
def test_a_user_who_cannot_be_reached_suffers_nothing_whatever_is_tried():
    kind = a_kind(share=np.eye(N_PLATFORMS)[0])
    env = toy_env([[1.2, 0.6], [0.3, 0.3]])
    assert abuse.incidents(kind, someone(), env) == 0


@rule
def test_people_fall_for_abuse_as_often_as_expected_and_are_marked_by_kind():
    env, n = toy_env([[1.2, 0.6], [0.3, 0.3]], days=7.0), 3000
    kinds = records(ABUSE, 2)
    kinds[0], kinds[1] = a_kind(incident_rate=0.1), a_kind(incident_rate=0.02, total=3.0)
    for kind in kinds:
        kind.max_rate = abuse.max_incidents(kind, env.effects)
    users = [someone(installed=0b01) for _ in range(n)]
    for i, user in enumerate(users):
        abuse.draw_victimisation(i, user, kinds, env, keys(0))
    marks = np.array([user.victim for user in users])
    for a in range(2):
        expected = abuse.incidents(kinds[a], users[0], env)
        chance = 1 - np.exp(-kinds[a].incident_rate * expected * 7)
        share = (marks >> a & 1).mean()
        assert 0.1 < chance < 0.9
        assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / n)
        assert ((marks >> a & 1) == (uniform_draws(VICTIMISED, n, a) < chance)).all()
    both = (marks == 0b11).mean()
    alone = [(marks >> a & 1).mean() for a in range(2)]
    assert abs(both - alone[0] * alone[1]) < 4 * np.sqrt(both * (1 - both) / n)  # independent


@rule
def test_who_fell_for_one_kind_stays_marked():
    user, env = someone(victim=0b10), toy_env([[1.2, 0.6], [0.3, 0.3]])
    kinds = records(ABUSE, 2)
    kinds[0], kinds[1] = a_kind(incident_rate=99.0), a_kind(incident_rate=0.0)
    kinds.max_rate = [abuse.max_incidents(kind, env.effects) for kind in kinds]
    abuse.draw_victimisation(0, user, kinds, env, keys(0))
    assert user.victim == 0b11


@rule
def test_nobody_expects_more_incidents_than_the_bound_of_the_step():
    """The bound spares most users the sum over platforms; where it is low, it hides events."""
    rng, tight = np.random.default_rng(1), []
    for _ in range(200):
        q = rng.choice([0.0, 0.5, 1.0], (2, 2, MAX))
        env = toy_env(np.zeros((2, MAX)), q=q)
        env.effects.detection[:] = rng.choice([0.0, 0.6], MAX + 1)
        share, vulnerable = rng.dirichlet(np.ones(MAX + 1)), rng.exponential(size=N_BANDS)
        kind = a_kind(share=share, vulnerability=vulnerable, channel=CALL, incident_rate=0.3)
        abuse.adapt(kind, REACH, env.effects)
        expected = []
        for band in range(N_BANDS):
            user = records(USER, 1)[0]
            user.installed, user.account = rng.choice([2**MAX - 1, 2**MAX - 1, 0b101], 2)
            user.band, user.place = band, rng.integers(2)
            expected.append(kind.incident_rate * abuse.incidents(kind, user, env))
        assert max(expected) <= kind.max_rate * (1 + 1e-12)
        tight.append(max(expected) / kind.max_rate)
    assert max(tight) > 0.8


# The start.
