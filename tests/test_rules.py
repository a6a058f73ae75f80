"""Each rule against its formula, at hand-picked values and at its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rng import purpose_key, uniforms
from sim.rules import activity, adoption, availability, choice, habit, word
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, SCRATCH, TALK, USER, records
from tests.worlds import (
    by_band,
    equal_ties,
    keys,
    someone,
    toy_now,
    toy_rules,
    toy_state,
    toy_users,
)

pytestmark = pytest.mark.interpreted

NOW = toy_now([[1.2, 0.6], [0.3, 0.3]])
U = uniforms(purpose_key(1, 0, "test.rules"), 4000)
bits = st.integers(0, 2**MAX - 1)
units = st.floats(0, 1, width=32)


def silent():
    return records(TALK, 1)[0]


@settings(deadline=None)
@given(bits, bits, st.integers(0, 127), st.lists(units, min_size=MAX, max_size=MAX))
def test_a_word_says_all_that_a_contact_must_see(installed, account, place, habits):
    user = records(USER, 1)[0]
    user.installed, user.account, user.place, user.habit[:] = installed, account, place, habits
    packed = np.uint64(word.pack(user))
    assert word.usable(packed) == word.in_use(user) == installed & account
    assert word.place(packed) == place
    levels = [word.habit_level(packed, p) for p in range(MAX)]
    assert np.abs(np.array(levels) / 255 - habits).max() <= 0.5 / 255 + 1e-7


def test_the_ends_of_habit_are_exact_in_a_word():
    packed = np.uint64(word.pack(someone(habit=[0, 1, 0.5, 0, 1, 0])))
    assert [word.habit_level(packed, p) for p in range(MAX)] == [0, 255, 128, 0, 255, 0]


def test_habit_relaxes_exponentially_to_use_however_time_is_cut():
    rules, talk = toy_rules(2, habit_rate=0.05), silent()
    talk.use[MESSAGE, :2], talk.use[CALL, :2] = (0.5, 0.1), (0.25, 0.9)
    share = 0.8 * np.array([0.5, 0.1]) + 0.2 * np.array([0.25, 0.9])
    for n, days in ((1, 28.0), (4, 7.0), (16, 1.75)):
        user = someone(habit=[1.0, 0.2, 0, 0, 0, 0])
        for _ in range(n):
            habit.remember(user, talk, rules, days)
        expected = share + (np.array([1.0, 0.2]) - share) * np.exp(-0.05 * 28)
        assert user.habit[:2] == pytest.approx(expected, rel=1e-6)
    assert habit.relax(0.3, 0.9, 1.0) == 0.3
    assert habit.relax(0.3, 0.9, 0.0) == 0.9


@pytest.mark.parametrize(
    ("grade", "proxies", "efficacy", "vpn", "q"),
    [
        (0.0, 0.0, 0.0, 0, 1.0), (1.0, 0.0, 0.0, 0, 0.0), (0.97, 0.0, 0.8, 0, 0.03),
        (0.97, 0.0, 0.8, 1, 1 - 0.97 * 0.2), (1.0, 1.0, 0.0, 0, 1.0), (1.0, 0.0, 1.0, 1, 1.0),
        (0.5, 0.5, 0.5, 1, 0.875),
    ],
)  # fmt: skip
def test_availability_is_one_minus_what_nothing_lifts(grade, proxies, efficacy, vpn, q):
    assert availability.availability(grade, proxies, efficacy, vpn) == pytest.approx(q)


def test_tables_hold_the_attraction_of_pairs_of_places_and_what_works_there():
    q = np.array([[[1.0, 0.8], [0.6, 1.0]], [[0.7, 0.5], [0.9, 0.3]]])
    now = toy_now([[1.2, 0.6], [0.3, -np.inf]], (2.0, 3.0), q)
    pull = now.attraction
    assert pull[0, 1, MESSAGE, 1] == pytest.approx(np.exp(0.6 - 2 * (1 - 0.8 * 0.5)))
    assert pull[0, 1, CALL, 0] == pytest.approx(np.exp(0.3 - 3 * (1 - 0.6 * 0.9)))
    assert not pull[:, :, CALL, 1].any()
    assert now.works.tolist() == [[[0b11, 0], [0b01, 0b1]], [[0b01, 0b1], [0, 0b1]]]


@pytest.mark.parametrize("hazard", [0.01, 0.3, 1.0, 3.0])
def test_events_happen_as_often_as_their_hazard_says(hazard):
    chance = 1 - np.exp(-hazard)
    error = np.sqrt(chance * (1 - chance) / len(U))
    assert abs(np.mean([adoption.happens(u, hazard) for u in U]) - chance) < 4 * error


def test_no_hazard_no_event_and_more_hazard_never_less():
    assert not any(adoption.happens(u, 0.0) for u in (0.0, 1e-300, 0.5))
    assert all(adoption.happens(u, np.inf) for u in (0.0, 0.5, 1 - 2**-53))
    for low, high in ((0.1, 0.2), (0.2, 5.0)):
        assert all(adoption.happens(u, high) for u in U[:500] if adoption.happens(u, low))


def test_sigmoid_is_the_logistic_function():
    assert adoption.sigmoid(0.0) == 0.5
    assert adoption.sigmoid(2.0) == pytest.approx(0.8807970779778823)
    assert adoption.sigmoid(2.0) + adoption.sigmoid(-2.0) == pytest.approx(1)
    assert adoption.sigmoid(np.inf) == 1
    assert adoption.sigmoid(-np.inf) == 0


def test_failure_makes_people_reconsider():
    rules = toy_rules(2, drop_rate=0.01, failure_exit=2.0)
    hazards = [adoption.drop_hazard(rules, q, 7.0) for q in (1.0, 0.5, 0.0)]
    assert hazards == pytest.approx([0.07, 0.14, 0.21])


@pytest.mark.parametrize(
    ("traits", "revising"),
    [
        ({"installed": 0b01}, 0b11),
        ({"installed": 0b01, "aware": 0b01}, 0b01),  # the other is not heard of
        ({"installed": 0b01, "aware": 0}, 0b01),  # what one uses one knows
        ({"installed": 0b01, "online": 0}, 0),
    ],
)
def test_people_reconsider_what_they_use_or_have_heard_of(traits, revising):
    user = someone(**traits)
    adoption.begin(0, user, NOW, toy_rules(2, install_rate=99.0, drop_rate=99.0), keys(0))
    assert user.revising == revising


def test_what_is_in_use_and_what_is_not_have_hazards_of_their_own():
    for rates, revising in (({"install_rate": 99.0}, 0b10), ({"drop_rate": 99.0}, 0b01)):
        user = someone(installed=0b01)
        adoption.begin(0, user, NOW, toy_rules(2, **rates), keys(0))
        assert user.revising == revising


def test_the_utility_of_installing_is_the_sum_of_its_terms():
    rules = toy_rules(
        2, network_value=5.0, standalone=by_band(-2.0, -3.0), taste_sd=0.5, mandate_value=3.0,
        keep_value=2.0, preinstall_value=1.0,
        type_taste=[0.0, 0.7, 0, 0, 0, 0],
    )  # fmt: skip
    talk, now = silent(), toy_now([[1.2, 0.6], [0.3, 0.3]])
    talk.value[:2], now.force.trend[1] = (0.3, 0.4), 0.25
    traits = {"taste": [1.0, -1.0, 0, 0, 0, 0], "type": -1, "habit": [0.6, 0.6, 0, 0, 0, 0]}
    plain = 5 * 0.4 - 3 + 0.25 - 0.5 - 0.7
    cases = [
        ({}, 0, 5 * 0.3 - 2 + 0.5),
        ({}, 1, plain),
        ({"mandated": 0b10}, 1, plain + 3),
        ({"installed": 0b10}, 1, plain + 2 * 0.6),
        ({"installed": 0b10, "account": 0}, 1, plain + 1),
        ({"installed": 0b01}, 1, plain),  # another messenger's habit does not count
    ]
    for more, p, u in cases:
        found = adoption.install_utility(someone(**traits, **more), talk, p, now, rules)
        assert found == pytest.approx(u, abs=1e-6), more


@pytest.mark.parametrize(
    ("installed", "account", "u", "passing", "after"),
    [
        (0, 0, np.inf, 1.0, (1, 1)),
        (0, 0, np.inf, 0.0, (0, 0)),  # the gate blocks a new account
        (0, 1, np.inf, 0.0, (1, 1)),  # but not the return to an old one
        (1, 0, np.inf, 0.0, (1, 0)),  # an app on a new phone is no account either
        (1, 1, np.inf, 0.0, (1, 1)),
        (1, 1, -np.inf, 1.0, (0, 1)),  # who drops an app keeps the account
        (1, 0, -np.inf, 1.0, (1, 0)),  # what one never registered with stays on the phone
        (0, 1, -np.inf, 1.0, (0, 1)),
    ],
)
def test_settling_respects_the_gate_and_keeps_accounts(installed, account, u, passing, after):
    now = toy_now([[1.2, 0.6], [0.3, 0.3]])
    now.force.passing[0] = passing
    user = someone(installed=installed, account=account)
    adoption.settle(0, user, 0, u, now, keys(0))
    assert (user.installed, user.account) == after


def test_a_half_open_gate_lets_half_of_the_new_accounts_pass():
    now, passed = toy_now([[1.2, 0.6], [0.3, 0.3]]), 0
    now.force.passing[0] = 0.5
    for i in range(2000):
        user = someone(account=0)
        adoption.settle(i, user, 0, np.inf, now, keys(0))
        passed += int(user.installed)
    assert abs(passed / 2000 - 0.5) < 4 * np.sqrt(0.25 / 2000)


def test_revising_touches_only_what_is_reconsidered():
    user, rules = someone(installed=0b01, revising=0b10), toy_rules(2, standalone=by_band(-99, 99))
    adoption.revise(0, user, silent(), NOW, rules, keys(0))
    assert user.installed == 0b11


@given(st.floats(1e-3, 50), st.floats(1e-3, 50))
def test_the_marginal_value_is_the_same_whether_or_not_one_has_it(x, z_without):
    gain = np.log(z_without + x) - np.log(z_without)
    assert choice.marginal(x, z_without, 0) == pytest.approx(gain, abs=1e-12)
    assert choice.marginal(x, z_without + x, 1) == pytest.approx(gain, abs=1e-9)


def spoken(installed, **rules):
    """Return what user 0 says to contacts 1 (weight 2/3) and 2 (1/3), all messengers revised."""
    users = toy_users(3, 2)
    users.installed[:], users.revising[:] = installed, 0b11
    ties = equal_ties([[1, 2], [0], [0]])._replace(
        rank_weight=np.array([2.0, 1.0]), rank_total=np.array([0.0, 2.0, 3.0])
    )
    state = toy_state(users, ties, toy_rules(2, outside=np.exp([-1.0, 1.0]), **rules))
    scratch = records(SCRATCH, 1)[0]
    choice.communicate(0, users[0], state.talks[0], state.words, ties, NOW, state.rules, scratch)
    return state.talks[0]


def test_communication_is_the_weighted_logit_over_what_both_have():
    talk = spoken([0b01, 0b11, 0b10])
    x, z0 = np.exp([[1.2, 0.6], [0.3, 0.3]]), np.exp([-1.0, 1.0])
    z = z0 + x[:, 0]  # with contact 1 over messenger 0 or the phone; with contact 2 the phone
    assert talk.use[:, 0] == pytest.approx(2 / 3 * x[:, 0] / z)
    assert talk.use[:, CELLULAR] == pytest.approx(2 / 3 * z0 / z + 1 / 3)
    assert not talk.use[:, 1].any()
    share = np.array([0.8, 0.2])
    assert talk.welfare == pytest.approx(share @ (2 / 3 * np.log(z) + 1 / 3 * np.log(z0)))
    has, lacks = share @ np.log(z / z0), share @ np.log1p(x[:, 1] / np.array([z, z0]))[:, :].T
    assert talk.value[0] == pytest.approx(2 / 3 * has)
    assert talk.value[1] == pytest.approx(2 / 3 * lacks[0] + 1 / 3 * lacks[1])
    assert talk.reachable == pytest.approx([2 / 3, 2 / 3])


def test_what_works_badly_does_not_make_a_contact_reachable():
    users = toy_users(2, 2)
    users.installed[:] = 0b01
    q = np.array([[[0.9, 1.0], [0.6, 1.0]]])  # messages .81, calls .36: below one half
    now, ties = toy_now([[1.2, 0.6], [0.3, 0.3]], q=q), equal_ties([[1], [0]])
    state = toy_state(users, ties, toy_rules(2))
    scratch = records(SCRATCH, 1)[0]
    choice.communicate(0, users[0], state.talks[0], state.words, ties, now, state.rules, scratch)
    assert state.talks[0].reachable.tolist() == [1, 0]


def test_openings_are_the_sum_of_what_brings_them():
    rules = toy_rules(
        2, traffic_openings=5.0, call_openings=0.7, base_openings=[0.4, 0.4, 0, 0, 0, 0],
        mandate_openings=[0, 1.3, 0, 0, 0, 0], habit_openings=[0, 2.5, 0, 0, 0, 0],
    )  # fmt: skip
    talk, now = silent(), toy_now([[1.2, 0.6], [0.3, 0.3]], q=np.array([[[1, 0.5], [1, 1]]]))
    talk.use[MESSAGE, :2], talk.use[CALL, :2] = (0.3, 0.2), (0.1, 0.4)
    now.force.trend_openings[1] = 2.0
    user = someone(intensity=1.5, installed=0b10, mandated=0b10, habit=[0, 0.6, 0, 0, 0, 0])
    n = 5 * (0.8 * 0.2 + 0.7 * 0.2 * 0.4) + 0.4 * 2 * 0.5 + 1.3 + 2.5 * 0.6
    assert activity.openings(user, talk, 1, now, rules) == pytest.approx(n, rel=1e-6)
    activity.open_apps(user, talk, now, rules)
    assert talk.openings[:2] == pytest.approx([0, 1.5 * n], rel=1e-6)  # 0 is not installed


def test_who_opens_an_app_more_often_is_seen_more_often():
    assert activity.p_seen(0.0) == 0
    assert activity.p_seen(np.log(2)) == pytest.approx(0.5)
    assert activity.p_seen(1e-12) == pytest.approx(1e-12)
    assert activity.p_seen(800.0) == 1
