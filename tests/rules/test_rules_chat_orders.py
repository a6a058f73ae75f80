"""Orders and invitations to group chats, and what their members learn of them."""

import numpy as np
import pytest

from sim.engine.accumulators import CHATS, N_COLUMNS, Accumulators
from sim.engine.engines import CompiledEngine
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, uniforms
from sim.rules import groups
from sim.rules.groups import CHAT_ORDER
from sim.rules.networks import INVITED, NOWHERE, ORDERED, STAYED
from sim.rules.records import MANDATE, MAX, N_BANDS, STEP_RECORD, records
from tests.helpers import theory
from tests.helpers.chats import toy_chats
from tests.helpers.ties import equal_ties
from tests.helpers.toys import chats_by_messenger, toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted
VALUES = [[1.2, 0.6, 0.9], [0.3, 0.3, 1.0]]
ENV = toy_env(VALUES)
PARAMS = toy_params(
    3, outside=np.exp([-1.0, 1.0]), chat_rate=1e6, chat_choice=1.5, chat_quorum=0.5
)
N = 3000  # chats


def members(*installed):
    """Return users with the sets of messengers `installed`."""
    users = toy_users(len(installed), 3)
    users.installed[:] = installed
    return users


def an_order(n=1, **fields):
    orders = records(MANDATE, n)
    orders.hazard, orders.ceiling, orders.reached, orders.outcome = 99.0, 1.0, 1.0, ORDERED
    orders.key = purpose_key(1, 0, "rollout.chats")
    for name, value in fields.items():
        orders[name] = value
    return ENV._replace(orders=orders)


def test_an_ordered_chat_moves_whole_whoever_has_the_messenger_and_stays():
    users = members(0b001, 0b001, 0b001)
    chats = toy_chats(3, range(3), platform=0)
    groups.move(0, users, chats, an_order(platform=2), PARAMS, keys(0))
    assert (chats.platform[0], chats.moved[0], chats.bound[0]) == (2, ORDERED, 1)
    for step in range(1, 20):  # neither its members nor another order move it on
        groups.move(0, users, chats, an_order(platform=1), PARAMS, keys(step))
        assert (chats.platform[0], chats.moved[0], chats.bound[0]) == (2, STAYED, 1)


def test_an_invited_chat_moves_whole_but_is_not_bound():
    chats = toy_chats(3, range(3), platform=0)
    users = members(0b001, 0b001, 0b001)
    groups.move(0, users, chats, an_order(platform=2, outcome=INVITED), PARAMS, keys(0))
    assert (chats.platform[0], chats.moved[0], chats.bound[0]) == (2, INVITED, 0)
    for step in range(1, 20):
        groups.move(0, users, chats, ENV, PARAMS, keys(step))
    assert chats.platform[0] == 0  # back where its members are


@pytest.mark.parametrize("outcome", [[INVITED, ORDERED], [ORDERED, INVITED]])
def test_an_order_prevails_over_an_invitation_whichever_comes_first(outcome):
    chats = toy_chats(2, range(2), platform=0)
    env = an_order(2, platform=1, outcome=outcome)
    groups.move(0, members(0b01, 0b01), chats, env, PARAMS, keys(0))
    assert (chats.moved[0], chats.bound[0]) == (ORDERED, 1)


def test_an_order_is_for_its_kind_of_chats():
    users, params = members(*[0b011] * 4), toy_params(3)
    chats = toy_chats(4, [0, 1], [2, 3], [0, 1, 2, 3], platform=0, kind=[0, 1, 1])
    for g in range(3):
        groups.move(g, users, chats, an_order(platform=2, kind=1), params, keys(0))
    assert chats.platform.tolist() == [0, 2, 2]
    assert chats.bound.tolist() == [0, 1, 1]


@pytest.mark.parametrize(("ceiling", "reached"), [(1.0, 0.4), (0.6, 1.0), (0.6, 0.5), (0.0, 1.0)])
def test_an_order_reaches_chats_up_to_its_ceiling(ceiling, reached):
    env, share = an_order(platform=1, ceiling=ceiling, reached=reached), ceiling * reached
    chats = toy_chats(2, *[range(2)] * N, platform=0)
    found = np.array([groups.ordered_move(g, chats, env.orders, keys(0))[0] for g in range(N)])
    assert set(found) <= {-1, 1}
    assert abs((found == 1).mean() - share) <= 4 * np.sqrt(share * (1 - share) / N)
    later = np.array([groups.ordered_move(g, chats, env.orders, keys(9))[0] for g in range(N)])
    assert (later == found).all()  # the same chats come first in every step


def test_orders_come_at_their_hazard():
    chats = toy_chats(2, *[range(2)] * N, platform=0)
    env = an_order(platform=1, hazard=0.3)
    found = np.array(
        [groups.ordered_move(g, chats, env.orders, keys(0))[0] == 1 for g in range(N)]
    )
    chance = 1 - np.exp(-0.3)
    assert abs(found.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / N)
    assert (found == (uniforms(keys(0)[CHAT_ORDER], N) < chance)).all()


def test_two_orders_for_one_kind_add_up():
    chats = toy_chats(2, *[range(2)] * N, platform=0)
    env = an_order(2, platform=1, hazard=[0.3, 0.2])
    found = np.array(
        [groups.ordered_move(g, chats, env.orders, keys(0))[0] == 1 for g in range(N)]
    )
    assert (found == (uniforms(keys(0)[CHAT_ORDER], N) < 1 - np.exp(-0.5))).all()


def test_members_count_their_chats_and_learn_what_moved():
    chats = toy_chats(
        4, [0, 1], [2, 3], [0, 2], [0, 1, 2], [1],
        platform=[1, 1, 1, 0, NOWHERE], kind=[0, 0, 1, 2, 3],
    )  # fmt: skip
    chats.moved[:] = STAYED, INVITED, ORDERED, INVITED, STAYED
    expected = {  # user: chats on 0 and 1, invited to, ordered to
        0: ([1, 2], 0b01, 0b10),
        1: ([1, 1], 0b01, 0b00),
        2: ([1, 2], 0b11, 0b10),
        3: ([0, 1], 0b10, 0b00),
    }
    for i, (counts, invited, ordered) in expected.items():
        step_record = records(STEP_RECORD, 1)[0]
        step_record.chats[0], step_record.ordered = 9, 0xFF  # of the step before
        assert groups.read_chats(i, step_record, chats) == invited
        assert step_record.chats.tobytes() == bytes([*counts, 0, 0, 0, 0, 0, 0])
        assert step_record.ordered == ordered


def test_who_is_in_no_chat_learns_nothing():
    step_record = records(STEP_RECORD, 1)[0]
    step_record.chats[0], step_record.ordered = 9, 0xFF
    assert groups.read_chats(0, step_record, toy_chats(1)) == 0
    assert step_record.chats[0] == 0
    assert step_record.ordered == 0


ENGINE = CompiledEngine(Threads(1))


def stepped(state, env):
    """Let all take a step; returns the sums of what was observed."""
    n, sums = state.n_users, np.zeros((1, N_BANDS * 3, N_COLUMNS))  # one region
    ENGINE.move(state, env, keys(0))
    accumulators = Accumulators(
        1, np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(0, np.int16),
        np.zeros((n, MAX), np.uint16), np.ones(1), np.zeros(1), sums,
        np.zeros((1, 1, N_BANDS * 3, 8)),
    )  # fmt: skip
    ENGINE.step(state, env, keys(0), accumulators)
    return sums.sum(axis=(0, 1))


def test_all_online_members_of_an_ordered_chat_join_and_nobody_else_does():
    users = members(*[0b001] * 4)
    users.account[:], users.online[2] = 0b001, 0
    chats = toy_chats(4, [0, 1, 2], [3], platform=0, kind=[0, 1])
    state = toy_state(users, equal_ties([[]] * 4), toy_params(3), chats)
    stepped(state, an_order(platform=2))
    assert users.installed.tolist() == users.account.tolist() == [0b101, 0b101, 0b001, 0b001]
    assert users.mandated.tolist() == [0b100, 0b100, 0, 0]


def test_members_of_a_chat_that_moved_on_reconsider_and_want_it_for_its_chats():
    """Otherwise nobody reconsiders; one chat more is worth `chat_value`."""
    n = 400
    users = members(*[0b011] * 2, *[0b001] * n)
    # two in the middle hold the quorum of every chat on 1, one more member each does not have it
    chats = toy_chats(n + 2, *[(0, 1, 2 + k) for k in range(n)], platform=0)
    params = toy_params(
        2, outside=np.exp([-1.0, 1.0]), chat_rate=1e6, chat_choice=0.0, chat_quorum=0.5,
        chat_value=0.7,
    )  # fmt: skip
    sums = stepped(toy_state(users, equal_ties([[]] * (n + 2)), params, chats), ENV)
    on_new = chats.platform == 1
    assert abs(on_new.mean() - 0.5) < 4 * np.sqrt(0.25 / n)
    rest = users[2:]
    assert (rest.revising == np.where(on_new, 0b10, 0)).all()
    noted = records(STEP_RECORD, n + 2)
    for i in range(n + 2):
        groups.read_chats(i, noted[i], chats)
    assert (chats_by_messenger(noted)[2:, 1] == on_new).all()
    assert sums[CHATS + 1] == chats_by_messenger(noted)[:, 1].sum()  # as the step noted
    joined = (rest.installed[on_new] >> 1).mean()
    chance = theory.sigmoid(0.7)
    assert abs(joined - chance) < 4 * np.sqrt(chance * (1 - chance) / on_new.sum())
    assert (rest.installed[~on_new] == 0b001).all()
