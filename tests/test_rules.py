"""Words, habit, availability, chances and openings against their formulas, and at their limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rng import purpose_key, uniforms
from sim.rules import activity, availability, beliefs, chance, habit, word
from sim.rules.records import (
    CALL,
    MAX,
    MESSAGE,
    ORDINARY,
    SENSITIVE,
    USER,
    records,
)
from sim.state import levels
from tests.worlds import (
    silent,
    someone,
    toy_now,
    toy_rules,
)

pytestmark = pytest.mark.interpreted

NOW = toy_now([[1.2, 0.6], [0.3, 0.3]])
U = uniforms(purpose_key(1, 0, "test.rules"), 4000)
bits = st.integers(0, 2**MAX - 1)
units = st.floats(0, 1, width=32)


@settings(deadline=None)
@given(
    bits, bits, st.integers(0, 128), st.lists(units, min_size=MAX, max_size=MAX),
    st.lists(st.floats(-6, 6, width=32), min_size=MAX, max_size=MAX), st.floats(0, 6, width=32),
)  # fmt: skip
def test_a_word_says_all_that_a_contact_must_see(
    installed, account, place, habits, believed, concern
):
    user = records(USER, 1)[0]
    user.installed, user.account, user.place, user.habit[:] = installed, account, place, habits
    user.type, user.concern, user.belief[:] = -1, concern, believed
    packed = np.uint64(word.pack(user))
    assert word.usable(packed) == word.in_use(user) == installed & account
    assert word.place(packed) == place
    levels = np.array([word.level(packed, p) for p in range(MAX)])
    assert np.abs((levels & 31) / 31 - habits).max() <= 0.5 / 31 + 1e-6
    fears = np.minimum([beliefs.fear(user, p) for p in range(MAX)], word.MOST_FEAR)
    roots = np.sqrt(fears / word.MOST_FEAR)
    assert np.abs((levels >> 5) / 7 - roots).max() <= 0.5 / 7 + 1e-6


def test_the_ends_of_habit_and_of_fear_are_exact_in_a_word():
    packed = np.uint64(word.pack(someone(habit=[0, 1, 0.5, 0, 1, 0])))
    assert [word.level(packed, p) for p in range(MAX)] == [0, 31, 16, 0, 31, 0]
    certain = [-np.inf, np.inf, 0, -np.inf, np.inf, 0]
    packed = np.uint64(word.pack(someone(type=-1, concern=word.MOST_FEAR, belief=certain)))
    assert [word.level(packed, p) >> 5 for p in range(MAX)] == [0, 7, 5, 0, 7, 5]  # 7 sqrt(1/2)
    for kind in (0, 1):
        packed = np.uint64(word.pack(someone(type=kind, concern=9.0, belief=certain)))
        assert not any(word.level(packed, p) for p in range(MAX))


def test_a_level_pulls_as_its_habit_and_repels_as_its_fear():
    habit_value, chilling_value = 2.0, 1.5
    pull = levels(habit_value, chilling_value)
    level = 20 | 3 << 5
    fear = word.MOST_FEAR * (3 / 7) ** 2
    assert pull[ORDINARY, level] == pytest.approx(np.exp(2.0 / 2 * 20 / 31))
    assert pull[SENSITIVE, level] == pytest.approx(np.exp(2.0 / 2 * 20 / 31 - 1.5 / 2 * fear))
    assert (pull[:, 0] == 1).all()
    assert (pull[SENSITIVE] <= pull[ORDINARY]).all()


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


def test_tables_hold_the_attraction_of_pairs_of_places_and_the_best_that_works_there():
    q = np.array([[[1.0, 0.8], [0.6, 1.0]], [[0.7, 0.5], [0.9, 0.3]]])
    now = toy_now([[1.2, 0.6], [0.3, -np.inf]], (2.0, 3.0), q)
    pull = now.attraction
    assert pull[0, 1, MESSAGE, 1] == pytest.approx(np.exp(0.6 - 2 * (1 - 0.8 * 0.5)))
    assert pull[0, 1, CALL, 0] == pytest.approx(np.exp(0.3 - 3 * (1 - 0.6 * 0.9)))
    assert not pull[:, :, CALL, 1].any()
    # of nothing, of messenger 0, of 1, of both; 1 carries no calls
    assert now.best[0, 1, MESSAGE, :4] == pytest.approx([0, 0.7, 0.4, 0.7])
    assert now.best[1, 1, MESSAGE, :4] == pytest.approx([0, 0.49, 0.25, 0.49])
    assert now.best[0, 1, CALL, :4] == pytest.approx([0, 0.54, 0, 0.54])


@given(st.lists(units, min_size=MAX, max_size=MAX), bits)
@settings(deadline=None, max_examples=30)
def test_the_best_of_a_set_of_messengers_is_the_largest_chance_at_both_ends(chances, of):
    q = np.array([[chances] * 2, [np.flip(chances)] * 2])
    both = q[:, None] * q[None]
    expected = max((both[0, 1, MESSAGE, p] for p in range(MAX) if of >> p & 1), default=0.0)
    best = toy_now(np.zeros((2, MAX)), q=q).best
    assert best[0, 1, MESSAGE, of] == pytest.approx(expected, rel=1e-6)
    assert best[0, 1, CALL, of] == best[1, 0, CALL, of]


@pytest.mark.parametrize("hazard", [0.01, 0.3, 1.0, 3.0])
def test_events_happen_as_often_as_their_hazard_says(hazard):
    share = 1 - np.exp(-hazard)
    error = np.sqrt(share * (1 - share) / len(U))
    assert abs(np.mean([chance.happens(u, hazard) for u in U]) - share) < 4 * error


def test_no_hazard_no_event_and_more_hazard_never_less():
    assert not any(chance.happens(u, 0.0) for u in (0.0, 1e-300, 0.5))
    assert all(chance.happens(u, np.inf) for u in (0.0, 0.5, 1 - 2**-53))
    for low, high in ((0.1, 0.2), (0.2, 5.0)):
        assert all(chance.happens(u, high) for u in U[:500] if chance.happens(u, low))


def test_sigmoid_is_the_logistic_function():
    assert chance.sigmoid(0.0) == 0.5
    assert chance.sigmoid(2.0) == pytest.approx(0.8807970779778823)
    assert chance.sigmoid(2.0) + chance.sigmoid(-2.0) == pytest.approx(1)
    assert chance.sigmoid(np.inf) == 1
    assert chance.sigmoid(-np.inf) == 0


def test_what_lies_on_a_second_phone_is_opened_for_the_institution_alone():
    rules = toy_rules(
        2, traffic_openings=5.0, base_openings=[0.4] * 6, mandate_openings=[0, 1.3, 0, 0, 0, 0]
    )
    talk, user = silent(), someone(intensity=1.5, second=0b10, account=0, mandated=0b10)
    talk.use[MESSAGE, :2] = 0.3, 0.2
    activity.open_apps(user, talk, NOW, rules)
    assert talk.openings[:2] == pytest.approx([0, 1.5 * 1.3])


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
