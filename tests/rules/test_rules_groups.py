"""Group chats: what they are worth, how they move, who is told."""

import numpy as np
import pytest
from scipy.special import softmax

from sim.kernel.rng import purpose_key, uniforms
from sim.rules import groups
from sim.rules.networks import INVITED, NOWHERE
from sim.rules.surveillance_attitude import surveillance_attitude
from tests.helpers import theory
from tests.helpers.chats import toy_chats, values_of
from tests.helpers.toys import in_steps, toy_env, toy_params, toy_users
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted

VALUES = [[1.2, 0.6, 0.9], [0.3, 0.3, 1.0]]
ENV = toy_env(VALUES)
PARAMS = toy_params(
    3, outside=np.exp([-1.0, 1.0]), chat_rate=1e6, chat_choice=1.5, chat_quorum=0.5
)
GAINS = np.log1p(np.exp(np.array([1.2, 0.6, 0.9]) + 1.0))  # of one member over text messages
N = 3000  # chats


def members(*installed):
    """Return users with the sets of messengers `installed`."""
    users = toy_users(len(installed), 3)
    users.installed[:] = installed
    return users


def values(users, params=PARAMS, env=ENV):
    """Return the value on each messenger of the chat of all `users`."""
    chats = toy_chats(len(users), range(len(users)))
    return values_of(0, users, chats, env, params)[:3]


# What a chat is worth.


def test_a_chat_is_worth_what_its_members_gain_over_text_messages():
    users = members(0b111, 0b011, 0b011, 0b001)
    assert values(users) == pytest.approx([GAINS[0], 3 / 4 * GAINS[1], -1])


def test_a_chat_that_works_badly_or_repels_is_worth_less():
    users = members(0b011, 0b011)
    users.type[:], users.concern[:] = (-1, 1), in_steps(concern=0.8)
    users.belief[:], users.belief[:, 1] = in_steps(belief=-np.inf), in_steps(belief=0.9)
    users.place[:] = 0, 1
    q = np.array([[[0.3, 1.0, 1.0], [1.0, 1.0, 1.0]], np.ones((2, 3))])
    params = toy_params(3, outside=np.exp([-1.0, 1.0]), risk_value=1.2)
    found = values(users, params, toy_env(VALUES, (2.0, 0.0), q))
    bad = np.log1p(
        0.3**2 * np.exp(1.2 + 1.0 - 2.0 * (1 - 0.3**2))
    )  # both ends of the chat fail alike
    assert found[0] == pytest.approx((bad + GAINS[0]) / 2, rel=1e-6)
    pulls = [0.6 + 1.0 + 1.2 * surveillance_attitude(user, 1) for user in users]
    assert pulls[0] < 1.6 < pulls[1]
    assert found[1] == pytest.approx(np.mean(np.log1p(np.exp(pulls))), rel=1e-6)


@pytest.mark.parametrize(
    ("quorum", "installed", "can"),
    [
        (0.6, [1, 1, 1, 0, 0], True),  # 3 of 5
        (0.6, [1, 1, 0, 0, 0], False),
        (0.0, [1, 0, 0, 0, 0], True),
        (0.0, [0, 0, 0, 0, 0], False),  # a chat of nobody is none
        (1.0, [1, 1, 1, 1, 1], True),
        (1.0, [1, 1, 1, 1, 0], False),
    ],
)
def test_a_chat_needs_a_quorum(quorum, installed, can):
    params = toy_params(3, chat_quorum=quorum, outside=np.exp([-1.0, 1.0]))
    assert (values(members(*installed), params)[0] >= 0) == can


def test_who_has_no_account_does_not_count_for_a_quorum():
    users = members(1, 1)
    users.account[1] = 0
    assert values(users, toy_params(3, chat_quorum=0.6))[0] == -1
    assert values(users, toy_params(3, chat_quorum=0.5))[0] > 0


# Voluntary moves: softmax(theta v) is stationary.


def moved(users, platform, n=N, env=ENV, params=PARAMS, step=0):
    """Return where `n` chats of the same `users` that were on `platform` are a step later."""
    chats = toy_chats(len(users), *[range(len(users))] * n, platform=platform)
    for g in range(n):
        groups.move(g, users, chats, env, params, keys(step))
    assert ((chats.platform != platform) == (chats.moved == INVITED)).all()
    assert not chats.bound.any()
    return chats.platform


def transitions(value, theta=1.5):
    """Return the chain over messengers: propose one of the others, accept by sigmoid."""
    n = len(value)
    chain = np.array([[theory.sigmoid(theta * (b - a)) / (n - 1) for b in value] for a in value])
    np.fill_diagonal(chain, 0)
    return chain + np.diag(1 - chain.sum(axis=1))


@pytest.mark.parametrize("platform", range(3))
def test_a_chat_moves_with_the_chances_of_a_chain_that_keeps_softmax(platform):
    users = members(0b111, 0b111, 0b101, 0b110)
    value = np.array(values(users), float)
    chain = transitions(value)
    law = softmax(1.5 * value)
    assert law @ chain == pytest.approx(law, abs=1e-14)
    assert len(set(law.round(3))) == 3
    found = np.bincount(moved(users, platform), minlength=3) / N
    error = np.sqrt(chain[platform] * (1 - chain[platform]) / N)
    assert (np.abs(found - chain[platform]) < 4 * error).all()


@pytest.mark.slow
def test_chats_as_the_law_has_them_stay_so():
    """Many have moved, and there are as many on each messenger as before."""
    users = members(0b11, 0b11, 0b01, 0b10)
    value = values(users)[:2]
    params = toy_params(
        2, outside=np.exp([-1.0, 1.0]), chat_rate=1e6, chat_choice=3.0, chat_quorum=0.5
    )
    law = softmax(3.0 * np.array(value))
    start = (uniforms(purpose_key(1, 0, "test.chats"), N) >= law[0]).astype(np.uint8)
    chats = toy_chats(4, *[range(4)] * N)
    chats.platform[:] = start
    for step in range(2):
        for g in range(N):
            groups.move(g, users, chats, ENV, params, keys(step))
    share = (chats.platform == 0).mean()
    assert (chats.platform != start).mean() > 0.1
    assert abs(share - law[0]) < 4 * np.sqrt(law[0] * law[1] / N)


def test_chats_reconsider_at_their_rate():
    users = members(0b11, 0b11)
    params = toy_params(2, chat_rate=0.05, chat_choice=0.0, chat_quorum=0.5)
    share = (moved(users, 0, env=toy_env(VALUES, days=7.0), params=params) == 1).mean()
    chance = (1 - np.exp(-0.05 * 7)) / 2  # indifferent: every other one moves
    assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / N)


def test_no_chat_moves_to_where_its_quorum_is_not():
    assert set(moved(members(0b001, 0b001, 0b101), 0)) == {0}


def test_a_chat_whose_messenger_lost_its_quorum_counts_it_as_nothing():
    users = members(0b010, 0b010, 0b011)  # on 0, which one of three still has
    chance = theory.sigmoid(1.5 * GAINS[1]) / 2  # 1 is proposed every other time
    share = (moved(users, 0) == 1).mean()
    assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / N)


def test_a_chat_that_nobody_can_hold_stays_nowhere():
    assert set(moved(members(0b000, 0b000, 0b001), NOWHERE)) == {NOWHERE}


def test_a_chat_nowhere_is_founded_where_its_members_are():
    found = moved(members(0b010, 0b010), NOWHERE)
    chance = theory.sigmoid(1.5 * GAINS[1]) / 3  # proposed one time in three, against nothing
    assert set(found) == {1, NOWHERE}
    assert abs((found == 1).mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / N)


def test_where_there_is_one_messenger_there_is_nowhere_to_go():
    users, params = members(1, 1), toy_params(1, chat_rate=1e6, chat_quorum=0.5)
    assert set(moved(users, 0, n=50, params=params)) == {0}


# Orders.


# What members learn.
