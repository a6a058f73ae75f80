"""Where group chats start."""

import numpy as np
from scipy.special import softmax

from sim import load_config
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.sample import NOBODY, draw_sample
from sim.engine.society import seat_chats
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.rules.networks import NOWHERE
from tests.helpers.chats import toy_chats, values_of
from tests.helpers.ties import equal_ties
from tests.helpers.toys import toy_env, toy_params, toy_state, toy_users

ONE = Threads(1)


def seated(platforms, chat_choice=1.5, quorum=0.5, n=4000):
    """Return where `n` chats of the same three users are seated."""
    users = toy_users(3, 3)
    users.installed[:] = platforms
    params = toy_params(
        3, outside=np.exp([-1.0, 1.0]), chat_choice=chat_choice, chat_quorum=quorum
    )
    state = toy_state(users, equal_ties([[]] * 3), params, toy_chats(3, *[range(3)] * n))
    env = toy_env([[1.2, 0.6, 0.9], [0.3, 0.3, 1.0]])
    seat_chats(load_config(), state, draw_sample(state.n_users), NOBODY, env, ONE)
    return state.chats.platform, values_of(0, users, state.chats, env, params)[:3].astype(float)


def test_chats_are_seated_by_the_law_that_their_moves_keep():
    found, values = seated([0b111, 0b011, 0b111])
    law = softmax(1.5 * values)
    shares = np.bincount(found, minlength=3) / len(found)
    assert (np.abs(shares - law) < 4 * np.sqrt(law * (1 - law) / len(found))).all()


def test_no_chat_is_seated_where_its_quorum_is_not():
    found, values = seated([0b001, 0b011, 0b001])
    assert values[1] == values[2] == -1
    assert (found == 0).all()


def test_chats_without_any_messenger_of_a_quorum_are_nowhere():
    found, _ = seated([0b001, 0b010, 0b100])
    assert (found == NOWHERE).all()


def test_chats_start_where_their_members_are():
    config = load_config("population.n_users=3000")
    state = prepare(config, ONE)
    env = PolicySchedule(config.model_copy(update={"policies": {}})).at(0)
    for g, p in enumerate(state.chats.platform):
        values = values_of(g, state.users, state.chats, env, state.params)[
            : len(config.messengers)
        ]
        assert values[p] >= 0 if p != NOWHERE else max(values) < 0, g
    assert (state.chats.moved == 0).all()
    assert (state.chats.bound == 0).all()
    on = np.bincount(state.chats.platform, minlength=256)[: len(config.messengers)]
    assert on[:2].min() > 0.2 * len(state.chats.platform)  # WhatsApp and Telegram
    assert on[2] == 0  # Max is unknown
