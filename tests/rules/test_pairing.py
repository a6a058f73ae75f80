"""Two who move their calls together: whom a user asks, when, and where they go."""

import numpy as np
import pytest

from sim.engine.engines import agreements
from sim.population.graph import Graph
from sim.rules import pairing
from sim.rules.candidates import candidate_buffer
from sim.rules.contact import contact
from sim.rules.packed_state import aware_of, pack_belief_state, pack_choice_state, usable
from sim.rules.records import CALL, MESSAGE
from sim.rules.step import after_choice
from sim.rules.surveillance_attitude import surveillance_attitude
from tests.helpers.ties import equal_ties, ties_of
from tests.helpers.toys import HABIT_UNIT, in_steps, toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted
VALUES = [[1.2, 0.6, 0.9], [0.3, 0.3, 1.0]]
QUANTILES = (np.arange(3000) + 0.5) / 3000


def blocked(*calls):
    """Return what is in force where calls on each messenger newly succeed with chances `calls`."""
    env = toy_env(VALUES, q=np.array([[[1.0, 1.0, 1.0], calls]]))
    env.surprise[:, CALL, :3] = 1.0 - np.array(calls)
    return env


def test_the_contact_at_a_quantile_follows_the_weights_of_the_ranks():
    star = Graph.from_pairs(5, np.array([(0, k) for k in range(1, 5)]), seed=1)
    ties = ties_of(star.indptr, star.indices)
    chosen = np.array([contact(0, ties, u) for u in QUANTILES])
    shares = [(chosen == other).mean() for other in star.indices[:4]]
    weights = np.arange(1, 5) ** -0.9
    assert shares == pytest.approx(weights / weights.sum(), abs=1 / 3000)
    assert contact(0, ties, 0.0) == star.indices[0]
    assert contact(0, ties, 1 - 2**-53) == star.indices[3]


def test_a_user_without_ties_has_no_contact():
    assert contact(1, equal_ties([[2], [], [0]]), 0.3) == -1


def pair_params(**values):
    appeals = np.array([-np.inf, 0.0, -1.0, -np.inf, -np.inf, -np.inf])
    return toy_params(3, pair_appeal=appeals, **values)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_the_destination_of_a_pair_follows_the_logit_of_appeals(kind):
    params = pair_params(risk_value=0.8)
    users, env = toy_users(1, 3), blocked(0.1, 1.0, 0.5)
    users.type[:], users.concern[:] = kind, in_steps(concern=1.2)
    users.belief[0, :3] = in_steps(belief=(5.0, 0.9, -1.1))
    pulls = [np.exp(0.8 * surveillance_attitude(users[0], p)) for p in range(3)]
    weights = np.array([0, pulls[1], 0.5 * np.exp(-1) * pulls[2]])  # calls on 2 half succeed
    chosen = np.array([pairing.destination(users[0], env, params, u) for u in QUANTILES])
    shares = np.bincount(chosen, minlength=3) / 3000
    assert shares == pytest.approx(weights / weights.sum(), abs=1 / 3000)


def test_there_is_nowhere_to_go_where_no_call_succeeds():
    assert pairing.destination(toy_users(1, 3)[0], blocked(1, 0, 0), pair_params(), 0.5) == -1


def test_what_moves_pairs_is_the_share_of_habits_that_newly_fails():
    users, params, env = toy_users(1, 3), pair_params(), blocked(0.1, 1.0, 0.5)
    users.habit[0, :3] = in_steps(habit=(0.5, 0.3, 0.1))
    env.surprise[:, MESSAGE, 1] = 0.6
    calls, messages = 0.5 * 0.9 + 0.1 * 0.5, 0.3 * 0.6
    failed = pairing.sudden_failure(users[0], env, params)
    assert failed == pytest.approx(0.2 * calls + 0.8 * messages, abs=HABIT_UNIT)


def test_who_asks_does_so_at_the_hazard_of_all_that_newly_fails():
    """Habits may add up to more than 1: so they do for some, at the start."""
    users, params, env = toy_users(3000, 3), pair_params(pair_rate=2.0), blocked(0.0, 0.0, 1.0)
    users.habit[:, :3] = in_steps(habit=(0.9, 0.6, 1.0))
    found = [
        pairing.asks_to_move_calls(i, user, env, params, keys(0)) for i, user in enumerate(users)
    ]
    chance = 1 - np.exp(-2.0 * 0.2 * 1.5)
    assert np.mean(found) == pytest.approx(chance, abs=3 * np.sqrt(chance * (1 - chance) / 3000))


def asked(rate=1e6, calls=(0.0, 1.0, 0.0), new=1.0, **traits):
    """Let user 0 look at its one contact, and perhaps ask it; returns all that takes part.

    Of the failure of calls the share `new` is what nobody is used to.
    """
    users = toy_users(2, 3)
    users.account[:], users.habit[:, 0] = 0, in_steps(habit=0.5)
    for name, values in traits.items():
        users[name] = values
    env, params, agreed = blocked(*calls), pair_params(pair_rate=rate), agreements(2)
    env.surprise[:] *= new
    state = toy_state(users, equal_ties([[1], [0]]), params)
    belief_state, key = state.public.belief_state, keys(0)
    after_choice(
        0, 1, users, state.step_records, belief_state, state.ties, env, params, key, agreed,
        candidate_buffer(1),
    )  # fmt: skip
    return state, agreed, env


def test_when_calls_fail_both_ends_move_to_where_they_succeed():
    state, agreed, env = asked()
    users, public, params = state.users, state.public, state.params
    assert agreed.n[0] == 2
    assert agreed.who[:2].tolist() == [0, 1]
    assert agreed.platform[:2].tolist() == [1, 1]
    assert not users.installed.any()  # nobody changes while others still look
    before = public.choice_state.copy()
    pairing.apply_agreements(users, public, agreed, env, params, keys(0))
    assert (users.installed == 0b10).all()
    assert (users.account == 0b10).all()
    assert agreed.n[0] == 0
    assert (public.choice_state == before).all()
    for i, user in enumerate(users):  # all see it from the next step on
        assert public.next_choice_state[i] == np.uint64(pack_choice_state(user, params))
        assert usable(public.next_choice_state[i]) == 0b10
        assert public.next_belief_state[i] == np.uint64(pack_belief_state(user))
        assert aware_of(public.next_belief_state[i]) >> 1 & 1
    assert public.next_choice_state[2] == 0  # that of nobody


def test_whatever_others_agree_on_a_gate_lets_no_new_account_pass():
    state, agreed, env = asked(account=[0b10, 0])
    env.effects.passing[1] = 0.0
    pairing.apply_agreements(state.users, state.public, agreed, env, state.params, keys(0))
    assert state.users.installed.tolist() == [0b10, 0]
    assert state.users.account.tolist() == [0b10, 0]


def test_several_agreements_are_kept_and_one_made_twice_is_made_once():
    users, agreed = toy_users(5, 3), agreements(5)
    state, env = toy_state(users, equal_ties([[]] * 5), pair_params()), blocked(1, 1, 1)
    pairs = ((0, 1, 1), (2, 1, 2), (1, 0, 1))  # who, whom and where to
    for who, whom, platform in pairs:
        n = agreed.n[0]
        agreed.who[n : n + 2], agreed.platform[n : n + 2] = (who, whom), platform
        agreed.n[0] = n + 2
    pairing.apply_agreements(users, state.public, agreed, env, state.params, keys(0))
    assert users.installed.tolist() == [0b010, 0b110, 0b100, 0, 0]
    assert not state.public.next_choice_state[3:].any()


@pytest.mark.parametrize(
    "reason",
    [{"rate": 0.0}, {"calls": (1.0, 1.0, 1.0)}, {"calls": (0.0, 0.0, 0.0)},
     {"new": 0.0}, {"online": [0, 1]}, {"online": [1, 0]}],
    ids=["no rate", "calls succeed", "nowhere to go", "no surprise", "offline", "contact offline"],
)  # fmt: skip
def test_nobody_moves_without(reason):
    _, agreed, _ = asked(**reason)
    assert agreed.n[0] == 0
