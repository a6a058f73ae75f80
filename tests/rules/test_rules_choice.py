"""The choice on a tie: use, marginal values, who is reached, somebody abroad, fear."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rules import packed_state
from sim.rules.records import (
    CALL,
    CELLULAR,
    MAX,
    MESSAGE,
)
from tests.helpers.ties import equal_ties, weighing
from tests.helpers.toys import in_steps, step_record_of, toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import F32

pytestmark = pytest.mark.interpreted

ENV = toy_env([[1.2, 0.6], [0.3, 0.3]])
bits = st.integers(0, 2**MAX - 1)


def close(expected):
    """Return what equals `expected` but for single precision."""
    return pytest.approx(expected, rel=F32, abs=F32)


def spoken(installed, **params):
    """Return what user 0 says to contacts 1 (weight 2/3) and 2 (1/3), all messengers revised."""
    users = toy_users(3, 2)
    users.installed[:], users.revising[:] = installed, 0b11
    ties = weighing(equal_ties([[1, 2], [0], [0]]), [2.0, 1.0], [0.0, 2.0, 3.0])
    state = toy_state(users, ties, toy_params(2, outside=np.exp([-1.0, 1.0]), **params))
    return step_record_of(0, state, ENV)


def test_communication_is_the_weighted_logit_over_what_both_have():
    step_record = spoken([0b01, 0b11, 0b10])
    x, z0 = np.exp([[1.2, 0.6], [0.3, 0.3]]), np.exp([-1.0, 1.0])
    z = z0 + x[:, 0]  # with contact 1 over messenger 0 or the phone; with contact 2 the phone
    assert step_record.use[:, 0] == close(2 / 3 * x[:, 0] / z)
    assert step_record.use[:, CELLULAR] == close(2 / 3 * z0 / z + 1 / 3)
    assert not step_record.use[:, 1].any()
    share = np.array([0.8, 0.2])
    assert step_record.welfare == close(share @ (2 / 3 * np.log(z) + 1 / 3 * np.log(z0)))
    has, lacks = share @ np.log(z / z0), share @ np.log1p(x[:, 1] / np.array([z, z0]))[:, :].T
    assert step_record.value[0] == close(2 / 3 * has)
    assert step_record.value[1] == close(2 / 3 * lacks[0] + 1 / 3 * lacks[1])
    assert step_record.reachable == close([2 / 3, 2 / 3])


def test_most_messages_that_no_messenger_carries_are_not_sent():
    """What people do and what it is worth to them is the same, but for SMS."""
    every, few = (spoken([0b01, 0b11, 0b10], sms_share=share) for share in (1.0, 0.05))
    assert every.use[MESSAGE, CELLULAR] > 0.3
    assert few.use[MESSAGE, CELLULAR] == close(0.05 * every.use[MESSAGE, CELLULAR])
    assert (few.use[CALL] == every.use[CALL]).all()
    assert (few.use[MESSAGE, :MAX] == every.use[MESSAGE, :MAX]).all()
    assert few.welfare == every.welfare


@given(bits, bits, bits)
@settings(deadline=None, max_examples=30)
def test_the_marginal_value_is_the_same_whether_or_not_one_has_it(mine, other, third):
    sets = np.array([mine, other, third]) & 0b11
    for p in range(2):
        one, two = (
            spoken([has, *sets[1:]]).value[p] for has in (sets[0] | 1 << p, sets[0] & ~(1 << p))
        )
        assert one == two
        assert one >= 0
        assert (one > 0) == bool((sets[1] | sets[2]) >> p & 1)


@pytest.mark.parametrize(
    ("installed", "reachable"),
    [
        ([0b01, 0b01], [0.81, 0.36]),
        ([0b11, 0b11], [0.81, 0.49]),  # messages by the first, calls by the second
        ([0b11, 0b10], [0.25, 0.49]),
        ([0b01, 0b10], [0, 0]),
    ],
)
def test_a_contact_is_as_reachable_as_the_best_of_what_both_have_works(installed, reachable):
    users = toy_users(2, 2)
    users.installed[:] = installed
    q = np.array([[[0.9, 0.5], [0.6, 0.7]]])
    env, ties = toy_env([[1.2, 0.6], [0.3, 0.3]], q=q), equal_ties([[1], [0]])
    state = toy_state(users, ties, toy_params(2))
    assert step_record_of(0, state, env).reachable == close(reachable)


@pytest.mark.parametrize(
    ("unreadable", "secure"), [(0b00, 0), (0b01, 2 / 3), (0b10, 0), (0b11, 2 / 3)]
)
def test_a_contact_is_secure_who_is_reached_where_the_state_reads_little(unreadable, secure):
    users = toy_users(3, 2)
    users.installed[:] = [0b01, 0b11, 0b10]
    ties = weighing(equal_ties([[1, 2], [0], [0]]), [2.0, 1.0], [0.0, 2.0, 3.0])
    env, state = toy_env([[1.2, 0.6], [0.3, 0.3]]), toy_state(users, ties, toy_params(2))
    env.effects.unreadable = unreadable
    step_record = step_record_of(0, state, env)
    assert step_record.secure == close([secure] * 2)
    assert step_record.reachable == close([2 / 3] * 2)


def abroad(installed, q=1.0, contacts=1, **params):
    """Return what user 0 says to `contacts` here, who have messenger 0, and to one abroad."""
    users = toy_users(3, 2)
    users.installed[:], users.installed[0], users.abroad[0] = 0b01, installed, 1
    there = 2
    places = np.array([*[[[q, q], [q, q]]] * 2, np.ones((2, 2))])
    params = toy_params(
        2, outside=np.exp([-1.0, 1.0]), outside_abroad=np.exp([-4.0, -2.0]), abroad_weight=0.1,
        abroad_low=there << packed_state.PLACE_BIT | 0b11, **params,
    )  # fmt: skip
    ties = equal_ties([[1, 2][:contacts], [0], [0]])
    state, env = (
        toy_state(users, ties, params),
        toy_env([[1.2, 0.6], [0.3, 0.3]], (2.0, 3.0), places),
    )
    return step_record_of(0, state, env)


def test_somebody_abroad_takes_a_share_of_what_one_says_and_costs_more_to_call():
    step_record, x = abroad(0b01), np.exp([1.2, 0.3])
    here, there = np.exp([-1.0, 1.0]) + x, np.exp([-4.0, -2.0]) + x
    assert step_record.use[:, 0] == close(0.9 * x / here + 0.1 * x / there)
    assert step_record.use.sum(axis=1) == close([1, 1])
    logs = 0.9 * np.log(here) + 0.1 * np.log(there)
    assert step_record.welfare == close(np.array([0.8, 0.2]) @ logs)
    assert step_record.abroad.tolist() == [1, 1]
    assert step_record.reachable == close([1, 1])


def test_somebody_abroad_is_restricted_at_this_end_only():
    step_record, q = abroad(0b01, q=0.6), 0.6
    x = q * np.exp(np.array([1.2, 0.3]) - np.array([2.0, 3.0]) * (1 - q * 1.0))
    y = q * q * np.exp(np.array([1.2, 0.3]) - np.array([2.0, 3.0]) * (1 - q * q))
    use = 0.9 * y / (np.exp([-1.0, 1.0]) + y) + 0.1 * x / (np.exp([-4.0, -2.0]) + x)
    assert step_record.use[:, 0] == close(use)
    assert step_record.abroad == close([0.6, 0.6])
    assert step_record.reachable == close([0.9 * 0.36 + 0.1 * 0.6] * 2)


@pytest.mark.parametrize(("installed", "q"), [(0b00, 1.0), (0b01, 0.0)])
def test_who_has_no_app_that_works_cannot_reach_anybody_abroad_by_app(installed, q):
    step_record = abroad(installed, q)
    assert step_record.abroad.tolist() == [0, 0]
    assert not step_record.reachable.any()


@pytest.mark.parametrize("contacts", [0, 1, 2])
def test_contacts_here_share_what_is_left_by_the_one_abroad(contacts):
    assert abroad(0b00, contacts=contacts).use.sum(axis=1) == close(
        [1, 1] if contacts else [0.1, 0.1]
    )


def test_fear_moves_what_is_sensitive_and_nothing_else():
    """Two who fear to be read on messenger 1, a third of whose messages are sensitive."""
    users = toy_users(2, 2)
    users.installed[:], users.type[:] = 0b11, -1
    users.concern[:] = in_steps(concern=packed_state.MAX_FEAR)
    users.belief[:] = in_steps(belief=[-np.inf, np.inf, 0, 0, 0, 0])
    params = toy_params(
        2, outside=np.exp([-1.0, 1.0]), topic_share=[2 / 3, 1 / 3], chilling_value=0.5
    )
    ties = equal_ties([[1], [0]])
    state = toy_state(users, ties, params)
    users.revising[:] = 0b11
    step_record, fear = step_record_of(0, state, ENV), 0.5 * packed_state.MAX_FEAR
    ordinary, calls = np.exp([-1.0, 1.2, 0.6]), np.exp([1.0, 0.3, 0.3])
    feared = ordinary * [1, 1, np.exp(-fear)]
    messages = 2 / 3 * ordinary / ordinary.sum() + 1 / 3 * feared / feared.sum()
    assert step_record.use[MESSAGE, [CELLULAR, 0, 1]] == close(messages)
    assert step_record.use[CALL, [CELLULAR, 0, 1]] == close(calls / calls.sum())
    welfare = 2 / 3 * np.log(ordinary.sum()) + 1 / 3 * np.log(feared.sum())
    assert step_record.welfare == close(0.8 * welfare + 0.2 * np.log(calls.sum()))
    gains = [-np.log1p(-x[2] / x.sum()) for x in (ordinary, feared, calls)]
    value = 0.8 * (2 / 3 * gains[0] + 1 / 3 * gains[1]) + 0.2 * gains[2]
    assert step_record.value[1] == close(value)


@pytest.mark.parametrize("chilling", [0.5, 1.0, 5.0, 9.0, 10.0])
@pytest.mark.parametrize("both", [False, True])
def test_the_strongest_fear_leaves_what_its_formula_says(chilling, both):
    """However little that is: it is no rounding error, and above all not below 0."""
    users = toy_users(2, 1)
    users.installed[:], users.concern[:], users.belief[:] = (
        0b1, in_steps(concern=9.0), in_steps(belief=20.0),
    )  # fmt: skip
    users.type[:] = -1, -1 if both else 0
    params = toy_params(
        1, outside=np.exp([-9.0, 1.0]), topic_share=[0.0, 1.0], chilling_value=chilling
    )
    state = toy_state(users, equal_ties([[1], [0]]), params)
    step_record = step_record_of(0, state, toy_env([[9.0], [0.3]]))
    x = np.exp(9.0 - chilling / 2 * packed_state.MAX_FEAR * (1 + both))
    z = np.exp(-9.0) + x
    assert step_record.use[MESSAGE, [0, CELLULAR]] == pytest.approx(
        [x / z, np.exp(-9.0) / z], rel=F32
    )
    calls = np.exp(1.0) + np.exp(0.3)
    assert step_record.welfare == close(0.8 * np.log(z) + 0.2 * np.log(calls))
