"""Each rule against its formula, at hand-picked values and at its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rng import purpose_key, uniforms
from sim.rules import activity, adoption, availability, beliefs, chance, choice, habit, word
from sim.rules.records import (
    CALL,
    CELLULAR,
    MAX,
    MESSAGE,
    ORDINARY,
    SCRATCH,
    SENSITIVE,
    TALK,
    USER,
    records,
)
from sim.state import levels
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
    adoption.begin(0, user, 0, NOW, toy_rules(2, install_rate=99.0, drop_rate=99.0), keys(0))
    assert user.revising == revising


@pytest.mark.parametrize(
    ("alert", "online", "revising"), [(0b10, 1, 0b10), (0b01, 1, 0b01), (0b11, 0, 0)]
)
def test_who_is_alarmed_reconsiders_once(alert, online, revising):
    user = someone(installed=0b01, alert=alert, online=online)
    adoption.begin(0, user, 0, NOW, toy_rules(2), keys(0))
    assert user.revising == revising
    adoption.revise(0, user, silent(), NOW, toy_rules(2), keys(0))
    adoption.begin(0, user, 0, NOW, toy_rules(2), keys(1))
    assert user.revising == 0


@pytest.mark.parametrize(
    ("traits", "revising"),
    [
        ({"aware": 0}, 0b10),  # even what it has not heard of
        ({"installed": 0b11}, 0),  # who has it has nothing to reconsider
        ({"installed": 0b11, "account": 0b01}, 0b10),
        ({"online": 0}, 0),
    ],
)
def test_who_is_invited_to_a_chat_reconsiders_what_it_lacks(traits, revising):
    user = someone(**{"installed": 0b01} | traits)
    adoption.begin(0, user, 0b10, NOW, toy_rules(2), keys(0))
    assert user.revising == revising


def test_what_is_in_use_and_what_is_not_have_hazards_of_their_own():
    for rates, revising in (({"install_rate": 99.0}, 0b10), ({"drop_rate": 99.0}, 0b01)):
        user = someone(installed=0b01)
        adoption.begin(0, user, 0, NOW, toy_rules(2, **rates), keys(0))
        assert user.revising == revising


def test_the_utility_of_installing_is_the_sum_of_its_terms():
    rules = toy_rules(
        2, network_value=5.0, standalone=by_band(-2.0, -3.0), taste_sd=0.5, mandate_value=3.0,
        keep_value=2.0, preinstall_value=1.0, chat_value=0.2, risk_value=1.4,
    )  # fmt: skip
    talk, now = silent(), toy_now([[1.2, 0.6], [0.3, 0.3]])
    talk.value[:2], talk.chats[1] = (0.3, 0.4), 3
    now.force.trend[1], now.force.onboarding[1] = 0.25, 0.35
    traits = {
        "taste": [1.0, -1.0, 0, 0, 0, 0], "type": -1, "habit": [0.6, 0.6, 0, 0, 0, 0],
        "concern": 0.5, "belief": [-np.inf, 0, 0, 0, 0, 0],
    }  # fmt: skip
    kept = 5 * 0.4 - 3 + 0.25 - 0.5 + 0.2 * 3 - 1.4 * 0.5 / 2
    plain = kept + 0.35  # help is for who takes it up
    cases = [
        ({}, 0, 5 * 0.3 - 2 + 0.5),
        ({}, 1, plain),
        ({"type": 1}, 1, plain + 1.4 * 0.5),  # drawn by what repels the others
        ({"mandated": 0b10}, 1, plain + 3),
        ({"mandated": 0b10, "second": 0b10}, 1, plain),  # a second phone is for that
        ({"installed": 0b10}, 1, kept + 2 * 0.6),
        ({"installed": 0b10, "account": 0}, 1, kept + 1),
        ({"installed": 0b01}, 1, plain),  # another messenger's habit does not count
    ]
    for more, p, u in cases:
        found = adoption.install_utility(someone(**traits | more), talk, p, now, rules)
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


@pytest.mark.parametrize("u", [-np.inf, np.inf])
def test_who_has_decided_on_it_has_heard_of_it(u):
    user = someone(aware=0, account=0)
    adoption.settle(0, user, 1, u, NOW, keys(0))
    assert user.aware == 0b10


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
    now, ties = toy_now([[1.2, 0.6], [0.3, 0.3]], q=q), equal_ties([[1], [0]])
    state = toy_state(users, ties, toy_rules(2))
    scratch = records(SCRATCH, 1)[0]
    choice.communicate(0, users[0], state.talks[0], state.words, ties, now, state.rules, scratch)
    assert state.talks[0].reachable == pytest.approx(reachable)


@pytest.mark.parametrize(
    ("unreadable", "secure"), [(0b00, 0), (0b01, 2 / 3), (0b10, 0), (0b11, 2 / 3)]
)
def test_a_contact_is_secure_who_is_reached_where_the_state_reads_little(unreadable, secure):
    users = toy_users(3, 2)
    users.installed[:] = [0b01, 0b11, 0b10]
    ties = equal_ties([[1, 2], [0], [0]])._replace(
        rank_weight=np.array([2.0, 1.0]), rank_total=np.array([0.0, 2.0, 3.0])
    )
    now, state = toy_now([[1.2, 0.6], [0.3, 0.3]]), toy_state(users, ties, toy_rules(2))
    now.force.unreadable = unreadable
    choice.communicate(
        0, users[0], state.talks[0], state.words, ties, now, state.rules, records(SCRATCH, 1)[0]
    )
    assert state.talks[0].secure == pytest.approx([secure] * 2)
    assert state.talks[0].reachable == pytest.approx([2 / 3] * 2)


def abroad(installed, q=1.0, contacts=1, **rules):
    """Return what user 0 says to `contacts` here, who have messenger 0, and to one abroad."""
    users = toy_users(3, 2)
    users.installed[:], users.installed[0], users.abroad[0] = 0b01, installed, 1
    there = 2
    places = np.array([*[[[q, q], [q, q]]] * 2, np.ones((2, 2))])
    rules = toy_rules(
        2, outside=np.exp([-1.0, 1.0]), outside_abroad=np.exp([-4.0, -2.0]), abroad_weight=0.1,
        abroad_word=there << 8 | 0b11, **rules,
    )  # fmt: skip
    ties = equal_ties([[1, 2][:contacts], [0], [0]])
    state, now = (
        toy_state(users, ties, rules),
        toy_now([[1.2, 0.6], [0.3, 0.3]], (2.0, 3.0), places),
    )
    choice.communicate(
        0, users[0], state.talks[0], state.words, ties, now, rules, records(SCRATCH, 1)[0]
    )
    return state.talks[0]


def test_somebody_abroad_takes_a_share_of_what_one_says_and_costs_more_to_call():
    talk, x = abroad(0b01), np.exp([1.2, 0.3])
    here, there = np.exp([-1.0, 1.0]) + x, np.exp([-4.0, -2.0]) + x
    assert talk.use[:, 0] == pytest.approx(0.9 * x / here + 0.1 * x / there)
    assert talk.use.sum(axis=1) == pytest.approx([1, 1])
    logs = 0.9 * np.log(here) + 0.1 * np.log(there)
    assert talk.welfare == pytest.approx(np.array([0.8, 0.2]) @ logs)
    assert talk.abroad.tolist() == [1, 1]
    assert talk.reachable == pytest.approx([1, 1])


def test_somebody_abroad_is_restricted_at_this_end_only():
    talk, q = abroad(0b01, q=0.6), 0.6
    x = np.exp(np.array([1.2, 0.3]) - np.array([2.0, 3.0]) * (1 - q * 1.0))
    y = np.exp(np.array([1.2, 0.3]) - np.array([2.0, 3.0]) * (1 - q * q))
    use = 0.9 * y / (np.exp([-1.0, 1.0]) + y) + 0.1 * x / (np.exp([-4.0, -2.0]) + x)
    assert talk.use[:, 0] == pytest.approx(use)
    assert talk.abroad == pytest.approx([0.6, 0.6])
    assert talk.reachable == pytest.approx([0.9 * 0.36 + 0.1 * 0.6] * 2)


@pytest.mark.parametrize(("installed", "q"), [(0b00, 1.0), (0b01, 0.0)])
def test_who_has_no_app_that_works_cannot_reach_anybody_abroad_by_app(installed, q):
    talk = abroad(installed, q)
    assert talk.abroad.tolist() == [0, 0]
    assert not talk.reachable.any()


@pytest.mark.parametrize("contacts", [0, 1, 2])
def test_contacts_here_share_what_is_left_by_the_one_abroad(contacts):
    assert abroad(0b00, contacts=contacts).use.sum(axis=1) == pytest.approx(
        [1, 1] if contacts else [0.1, 0.1]
    )


def test_fear_moves_what_is_sensitive_and_nothing_else():
    """Two who fear to be read on messenger 1, a third of whose messages are sensitive."""
    users = toy_users(2, 2)
    users.installed[:], users.type[:], users.concern[:] = 0b11, -1, word.MOST_FEAR
    users.belief[:] = [-np.inf, np.inf, 0, 0, 0, 0]
    rules = toy_rules(2, outside=np.exp([-1.0, 1.0]), topic_share=[2 / 3, 1 / 3])
    rules.pull[:] = levels(0.0, 0.5)
    ties = equal_ties([[1], [0]])
    state = toy_state(users, ties, rules)
    users.revising[:] = 0b11
    choice.communicate(
        0, users[0], state.talks[0], state.words, ties, NOW, rules, records(SCRATCH, 1)[0]
    )
    talk, fear = state.talks[0], 0.5 * word.MOST_FEAR
    ordinary, calls = np.exp([-1.0, 1.2, 0.6]), np.exp([1.0, 0.3, 0.3])
    feared = ordinary * [1, 1, np.exp(-fear)]
    messages = 2 / 3 * ordinary / ordinary.sum() + 1 / 3 * feared / feared.sum()
    assert talk.use[MESSAGE, [CELLULAR, 0, 1]] == pytest.approx(messages)
    assert talk.use[CALL, [CELLULAR, 0, 1]] == pytest.approx(calls / calls.sum())
    welfare = 2 / 3 * np.log(ordinary.sum()) + 1 / 3 * np.log(feared.sum())
    assert talk.welfare == pytest.approx(0.8 * welfare + 0.2 * np.log(calls.sum()))
    gains = [-np.log1p(-x[2] / x.sum()) for x in (ordinary, feared, calls)]
    value = 0.8 * (2 / 3 * gains[0] + 1 / 3 * gains[1]) + 0.2 * gains[2]
    assert talk.value[1] == pytest.approx(value)


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
