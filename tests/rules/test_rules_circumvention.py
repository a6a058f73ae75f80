"""A VPN: what it opens up, what it costs, and who takes it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.threads import Threads
from sim.kernel.compiled import jit
from sim.kernel.vec16 import WIDTH, store
from sim.rules import circumvention, marginal_value, value_queries
from sim.rules.choice_memory import working_memory
from sim.rules.records import CALL, MESSAGE
from sim.rules.search import SHORTFALL_STEPS
from tests.helpers.ties import equal_ties
from tests.helpers.toys import (
    as_toy,
    considered,
    in_steps,
    someone,
    step_record_of,
    toy_env,
    toy_params,
    toy_state,
    toy_users,
)
from tests.helpers.vpns import FREE, SOON, VALUES, circle, restricted, rule
from tests.helpers.worlds import keys

CONTENT = {"content_value": 0.3, "content_openings": 4.0}
SINGLE = 1e-5  # talks are kept in single precision


BLOCKED = restricted([[0.9, 0.0], [0.9, 0.6]])


def weighed(state, env, i=0):
    """Return what a VPN opens up to user `i` [utils], NaN if that is not reconsidered."""
    step_record = considered(i, state, env)
    return float(state.params.vpn_value * step_record.vpn_gain + step_record.content)


def welfare(state, env, vpn, i=0):
    """Return what user `i` could say where it has a VPN or not, as `communicate` has it."""
    state = as_toy(state)
    state.users.place[i] = vpn
    state.publish(Threads(1))
    return float(step_record_of(i, state, env).welfare)


@rule
def test_who_does_not_reconsider_weighs_nothing_and_keeps_what_it_has():
    state = circle(vpn_rate=0.0)
    assert np.isnan(weighed(state, BLOCKED))
    for vpn in range(2):
        state.users.place[0], state.users.skill[0] = vpn, in_steps(skill=32.0 * (1 - 2 * vpn))
        circumvention.switch(
            0, state.users[0], state.step_records[0], BLOCKED.effects, state.params, keys(0)
        )
        assert state.users.place[0] == vpn


@rule
@pytest.mark.parametrize("missing", [0.0, 1.5])
def test_people_reconsider_at_their_rate_and_sooner_if_they_miss_something(missing):
    state, n = circle(vpn_rate=0.05, vpn_search=0.4), 2000
    state.users.shortfall[:] = missing * SHORTFALL_STEPS
    env, chance = toy_env(VALUES, days=7.0), 1 - np.exp(-0.05 * 7 * (1 + 0.4 * missing))
    step_record, queries, found = state.step_records[0], value_queries.value_queries(1), 0
    for step in range(n):
        circumvention.consider(
            0, state.users[0], step_record, state.choice_state, env, state.params, keys(step),
            queries,
        )  # fmt: skip
        found += not np.isnan(step_record.vpn_gain)
    assert queries.n[0] == 0  # nothing is restricted
    assert abs(found / n - chance) < 4 * np.sqrt(chance * (1 - chance) / n)


@rule
def test_who_is_offline_needs_no_vpn():
    state = circle()
    state.users.online[0] = 0
    assert np.isnan(weighed(state, BLOCKED))


@rule
@pytest.mark.parametrize("vpn", [0, 1])
def test_without_a_restriction_there_is_nothing_to_gain(vpn):
    state = circle(base_openings=[1.0, 1.0, 0, 0, 0, 0], **CONTENT)
    state.users.place[0] = vpn
    state.publish(Threads(1))
    assert weighed(state, FREE) == 0
    assert weighed(state, restricted([[0.9, 0.9], [0.9, 0.9]], efficacy=0.0)) == 0
    assert weighed(state, restricted([[0.9, 0.9], [0.9, 0.9]], proxies=1.0)) == 0


@rule
@pytest.mark.parametrize("vpn", [0, 1])
@pytest.mark.parametrize("abroad", [0, 1])
def test_the_gain_is_what_communication_gains(vpn, abroad):
    state = circle()
    state.users.place[0], state.users.abroad[0] = vpn, abroad
    state.publish(Threads(1))
    gain = welfare(state, BLOCKED, 1) - welfare(state, BLOCKED, 0)
    assert gain > 0.1
    assert weighed(state, BLOCKED) == pytest.approx(2.0 * gain, rel=SINGLE)


@rule
def test_the_gain_by_hand():
    """One contact with a VPN, one messenger, of which calls alone fail."""
    users = toy_users(2, 2)
    users.installed[:], users.place[1] = 0b01, 1
    params = toy_params(2, outside=np.exp([-1.0, 1.0]), vpn_value=2.0, vpn_rate=SOON)
    state = toy_state(users, equal_ties([[1], [0]]), params)
    q = np.array([1 - 0.9, 1 - 0.9 * 0.2])  # without and with, e = 0.8
    z = np.exp(1.0) + q * q[1] * np.exp(0.3 - 3.0 * (1 - q * q[1]))
    gain = 2.0 * 0.2 * np.log(z[1] / z[0])
    assert weighed(state, restricted([[0, 0], [0.9, 0]])) == pytest.approx(gain, rel=SINGLE)


@rule
def test_channels_and_groups_that_a_vpn_lets_through_count_by_their_value():
    """Appeals 2 and 7, of which a VPN makes 0.82 of 0.1, and 0.9 of 0.5, available."""
    env, most = restricted([[0.9, 0.5], [0.0, 0.0]]), 0.3 * 4.0
    params = toy_params(2, base_openings=[2.0, 7.0, 0, 0, 0, 0], vpn_rate=SOON, **CONTENT)
    with_vpn, without = np.array([1.64, 6.3]), np.array([0.2, 3.5])
    for place, installed in product((0, 1), (0b00, 0b01, 0b10, 0b11)):  # with one the same
        user = someone(installed=installed, intensity=1.5, place=place)
        has = np.array([installed & 1, installed >> 1])
        gain = np.log((1 + has @ with_vpn) / (1 + has @ without))
        regained = circumvention.content_regained(user, env, params)
        assert regained == pytest.approx(1.5 * most * gain, rel=SINGLE)
    users = toy_users(1, 2)
    users.installed[:] = 0b01  # without contacts the content alone counts
    state = toy_state(users, equal_ties([[]]), params)
    assert weighed(state, env) == pytest.approx(most * np.log(2.64 / 1.2), rel=SINGLE)


@rule
def test_nothing_is_regained_where_calls_alone_fail():
    params = toy_params(2, base_openings=[2.0, 7.0, 0, 0, 0, 0], **CONTENT)
    env = restricted([[0.0, 0.0], [0.9, 0.9]])
    assert circumvention.content_regained(someone(installed=0b11), env, params) == 0


@rule
def test_one_vpn_opens_every_messenger():
    """It pays with both blocked as with each alone, and more; afterwards both work."""
    state = circle()
    one, other, both = (
        weighed(state, restricted([[a, b], [a, b]])) for a, b in ((0.9, 0), (0, 0.9), (0.9, 0.9))
    )
    assert both > max(one, other) > min(one, other) > 0
    env = restricted([[0.9, 0.9], [0.9, 0.9]], efficacy=1.0)
    assert welfare(state, env, 1) > welfare(state, env, 0)
    assert (env.availability[1] == 1).all()
    assert env.availability[0, :, :2] == pytest.approx(0.1)
    assert (env.quality[1, 1, :, :2] == 1).all()
    assert env.quality[0, 1, :, :2] == pytest.approx(0.1)


grades = st.lists(st.floats(0, 1), min_size=2, max_size=2)


@settings(deadline=None, max_examples=50)
@given(grades, grades)
def test_a_perfect_vpn_at_both_ends_makes_restrictions_irrelevant(messages, calls):
    state = circle()
    state.users.place[:] = 1
    state.publish(Threads(1))
    perfect = restricted([messages, calls], efficacy=1.0)
    assert welfare(state, perfect, 1) == welfare(state, FREE, 1) == welfare(state, FREE, 0)


@settings(deadline=None, max_examples=50)
@given(grades, grades, st.floats(0, 1))
def test_a_vpn_that_lifts_nothing_is_the_same_as_none(messages, calls, proxies):
    useless = restricted([messages, calls], efficacy=0.0, proxies=proxies)
    state = circle()
    assert welfare(state, useless, 1) == welfare(state, useless, 0)
    assert weighed(state, useless) == 0


@settings(deadline=None, max_examples=50)
@given(grades, grades, st.floats(0, 1), st.floats(0, 1))
def test_a_vpn_never_harms_and_a_better_one_never_helps_less(messages, calls, e1, e2):
    low, high = (
        weighed(circle(), restricted([messages, calls], efficacy=e)) for e in sorted((e1, e2))
    )
    assert 0 <= low <= high + SINGLE


# Taking, keeping and dropping it.


@jit
def as_asked(found, *arguments):
    """Write the answers to the first queries."""
    store(found, 0, marginal_value.hypothetical_welfare(0, *arguments))


@rule
def test_welfare_as_one_is_is_the_welfare_one_has():
    state, queries, memory = circle(), value_queries.value_queries(4), working_memory()
    for i in range(4):
        value_queries.enqueue(
            i, state.choice_state, 0, 0, value_queries.VPN_QUERY, state.params, queries
        )
        step_record_of(i, state, BLOCKED)
    value_queries.sort_by_degree(state.ties, queries)
    found = np.zeros(WIDTH, np.float32)
    as_asked(
        found, state.users, state.choice_state, state.ties, BLOCKED, state.params, queries, memory
    )
    assert (found[:4] == state.step_records.welfare[queries.order[:4]]).all()
    assert (found[:4] != 0).all()
    assert (BLOCKED.availability[1, [MESSAGE, CALL], 0] < 1).all()
