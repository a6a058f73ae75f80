"""What people reconsider, how they decide, what a gate lets pass."""

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.linalg import expm

from sim.kernel.compiled import rule_loop
from sim.kernel.rng import SLOTS, purpose_key, uniforms
from sim.kernel.vec8 import splat, write
from sim.rules import adoption, transition
from sim.rules.adoption import ACCEPT, REVISE
from sim.rules.records import MAX, MESSAGE
from sim.rules.search import SHORTFALL_STEPS
from tests.helpers import theory
from tests.helpers.toys import by_band, silent, someone, toy_env, toy_params
from tests.helpers.worlds import keys, uniform_draws

pytestmark = pytest.mark.interpreted

ENV = toy_env([[1.2, 0.6], [0.3, 0.3]])
U = uniforms(purpose_key(1, 0, "test.params"), 4000)
bits = st.integers(0, 2**MAX - 1)
units = st.floats(0, 1, width=32)


CLOCKS = {"install_rate": 0.05, "drop_rate": 0.02, "failure_exit": 2.0, "search_rate": 1.5}
SURPRISE, SHORTFALL = 0.25, 0.5


def unsettled(**traits):
    """Return what is in force where messenger 0 fails anew, and a user who misses something."""
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], days=7.0)
    env.surprise[0, MESSAGE, 0] = SURPRISE
    return env, someone(shortfall=int(SHORTFALL * SHORTFALL_STEPS), **traits)


@rule_loop
def moves(user, env, params, u_without, u_having, found):
    """Write hazards of reconsidering, and the chances to take up and to drop each messenger."""
    rho_in, rho_out = transition.clocks(user, env, params)
    m = transition.transitions(splat(u_without), splat(u_having), rho_in, rho_out, params)
    write(found[0], rho_in)
    write(found[1], rho_out)
    write(found[2], rho_in * m.wants * m.lasting)
    write(found[3], rho_out * m.leaves * m.lasting)


def moves_at(u_without, u_having, **values):
    found, (env, user) = np.zeros((4, MAX), np.float32), unsettled()
    params = toy_params(2, **CLOCKS | values)
    moves(user, env, params, np.float32(u_without), np.float32(u_having), found)
    return found[:, :2].astype(float)


def test_failure_makes_people_reconsider_in_or_out_and_who_misses_something_looks_around():
    rho_in, rho_out, *_ = moves_at(0.0, 0.0)
    haste, search = np.array([1 + 2 * SURPRISE, 1]), 1 + 1.5 * SHORTFALL
    assert rho_in == pytest.approx(7 * 0.05 * haste * search)
    assert rho_out == pytest.approx(7 * 0.02 * haste)


@pytest.mark.parametrize("speed", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize("r", [0.0, 0.75])
@pytest.mark.parametrize("u", [(-3.0, -2.0), (0.4, 0.4), (-1.0, 1.5), (4.0, 9.0)])
def test_a_step_takes_up_and_drops_with_the_chances_of_the_two_state_chain(u, r, speed):
    clocks = {name: CLOCKS[name] * speed for name in ("install_rate", "drop_rate")}
    rho_in, rho_out, *found = moves_at(*u, taste_persistence=r, **clocks)
    without, having = np.array(u) / np.sqrt(1 - r)
    for p in range(2):
        a, b = rho_in[p] * theory.sigmoid(without), rho_out[p] * theory.sigmoid(-having)
        chain = expm(np.array([[-a, a], [b, -b]]))
        assert found[0][p] == pytest.approx(chain[0, 1], rel=1e-5)
        assert found[1][p] == pytest.approx(chain[1, 0], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("installed", [0b00, 0b11])
def test_people_move_in_a_step_as_often_as_the_two_state_chain(installed):
    params, n = toy_params(2, keep_value=2.0, standalone=by_band(-0.5, -0.8), **CLOCKS), 4000
    _, user = unsettled(installed=installed, habit=[0.4, 0.3, 0, 0, 0, 0])
    before = user.copy()
    changed = np.zeros((n, 2), bool)
    for i in range(n):
        (env, _), user = unsettled(), before.copy()
        adoption.begin(i, user, 0, env, params, keys(0))
        step_record = weighed(user, env, params, i=i)
        adoption.revise(i, user, step_record, env, params, keys(0))
        changed[i] = user.installed & 1 != installed & 1, user.installed >> 1 != installed >> 1
    for p, (u, h) in enumerate(((-0.5, 0.4), (-0.8, 0.3))):
        chance = moves_at(u, u + 2 * h)[3 if installed else 2][p]
        assert abs(changed[:, p].mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / n)


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
    adoption.begin(0, user, 0, ENV, toy_params(2, install_rate=99.0, drop_rate=99.0), keys(0))
    assert user.revising == revising


@pytest.mark.parametrize(
    ("alert", "online", "revising"), [(0b10, 1, 0b10), (0b01, 1, 0b01), (0b11, 0, 0)]
)
def test_who_is_alarmed_reconsiders_once(alert, online, revising):
    user = someone(installed=0b01, alert=alert, online=online)
    adoption.begin(0, user, 0, ENV, toy_params(2), keys(0))
    assert user.revising == revising
    adoption.revise(0, user, silent(), ENV, toy_params(2), keys(0))
    adoption.begin(0, user, 0, ENV, toy_params(2), keys(1))
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
    adoption.begin(0, user, 0b10, ENV, toy_params(2), keys(0))
    assert user.revising == revising


@pytest.mark.parametrize("installed", [0b00, 0b01, 0b10, 0b11])
def test_people_reconsider_at_the_hazards_of_using_and_lacking_by_their_own_draws(installed):
    params, n = toy_params(2, **CLOCKS), 1500
    revising = np.zeros(n, int)
    for i in range(n):
        env, user = unsettled(installed=installed)
        adoption.begin(i, user, 0, env, params, keys(0))
        revising[i] = user.revising
    for p in range(2):
        rho_in, rho_out, *_ = moves_at(0.0, 0.0)
        chance = -np.expm1(-(rho_out[p] if installed >> p & 1 else rho_in[p]))
        found = revising >> p & 1
        assert abs(found.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / n)
        assert (found == (uniform_draws(REVISE, n, p) < chance)).all()


def test_what_is_in_use_and_what_is_not_have_hazards_of_their_own():
    for rates, revising in (({"install_rate": 99.0}, 0b10), ({"drop_rate": 99.0}, 0b01)):
        user = someone(installed=0b01)
        adoption.begin(0, user, 0, ENV, toy_params(2, **rates), keys(0))
        assert user.revising == revising


def weighed(user, env, params, values=(), chats=0, i=0):
    """Return the talk of a user who has weighed all and whose contacts add `values`."""
    step_record = silent()
    step_record.chats[0] = chats
    adoption.weigh(i, user, step_record, env, params, keys(0))
    step_record.value[: len(values)] = values
    return step_record


@pytest.mark.parametrize(
    ("installed", "account", "wanted", "passing", "after"),
    [
        (0, 0, True, 1.0, (1, 1)),
        (0, 0, True, 0.0, (0, 0)),  # the gate blocks a new account
        (0, 1, True, 0.0, (1, 1)),  # but not the return to an old one
        (1, 0, True, 0.0, (1, 0)),  # an app on a new phone is no account either
        (1, 1, True, 0.0, (1, 1)),
        (1, 1, False, 1.0, (0, 1)),  # who drops an app keeps the account
        (1, 0, False, 1.0, (1, 0)),  # what one never registered with stays on the phone
        (0, 1, False, 1.0, (0, 1)),
    ],
)
def test_settling_respects_the_gate_and_keeps_accounts(installed, account, wanted, passing, after):
    env = toy_env([[1.2, 0.6], [0.3, 0.3]])
    env.effects.passing[0] = passing
    user = someone(installed=installed, account=account)
    adoption.settle(0, user, 0b01, int(wanted), env, keys(0))
    assert (user.installed, user.account) == after


@pytest.mark.parametrize("wanted", [False, True])
def test_who_has_decided_on_it_has_heard_of_it(wanted):
    user = someone(aware=0, account=0)
    adoption.settle(0, user, 0b10, wanted << 1, ENV, keys(0))
    assert user.aware == 0b10


def test_a_half_open_gate_lets_half_of_the_new_accounts_pass():
    env, passed = toy_env([[1.2, 0.6], [0.3, 0.3]]), 0
    env.effects.passing[0] = 0.5
    for i in range(2000):
        user = someone(account=0)
        adoption.settle(i, user, 0b01, 0b01, env, keys(0))
        passed += int(user.installed)
    assert abs(passed / 2000 - 0.5) < 4 * np.sqrt(0.25 / 2000)


def test_revising_touches_only_what_is_reconsidered():
    user, params = (
        someone(installed=0b01, revising=0b10, alert=0b10),
        toy_params(2, standalone=by_band(-99, 99)),
    )
    adoption.revise(0, user, weighed(user, ENV, params), ENV, params, keys(0))
    assert user.installed == 0b11


@pytest.mark.parametrize("r", [0.0, 0.75])
def test_who_decides_at_once_follows_the_logistic_law_by_its_own_draws(r):
    u, key = (-0.7, 1.1), keys(0)[ACCEPT]
    params, n = toy_params(2, standalone=by_band(*u), taste_persistence=r), 2000
    drawn, wanted = np.zeros((n, 2)), np.zeros((n, 2), bool)
    for i in range(n):
        user = someone(revising=0b11, alert=0b11)
        step_record = weighed(user, ENV, params, i=i)
        adoption.revise(i, user, step_record, ENV, params, keys(0))
        drawn[i], wanted[i] = step_record.draw[:2], (user.installed & 1, user.installed >> 1)
    draws = uniforms(key, n * SLOTS).reshape(n, SLOTS)[:, :2]
    assert (drawn == (np.floor(draws * 2**23) + 0.5) / 2**23).all()
    chance = theory.sigmoid(np.array(u) / np.sqrt(1 - r))
    assert (wanted == (drawn < chance)).all()
    assert (np.abs(wanted.mean(axis=0) - chance) < 4 * np.sqrt(chance * (1 - chance) / n)).all()
    assert abs(np.corrcoef(wanted.T)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.slow
def test_what_lasts_of_the_noise_makes_the_same_people_decide_alike_and_no_more_of_them():
    rng, n, u, found = np.random.default_rng(3), 4000, 0.8, {}
    tastes = rng.normal(size=(n, MAX))
    for r in (0.0, 0.9):
        params = toy_params(2, standalone=by_band(u, u), taste_persistence=r)
        wants = np.zeros((2, n), bool)
        for when in range(2):
            for i in range(n):
                user = someone(revising=0b01, alert=0b01, taste=tastes[i])
                step_record = silent()
                adoption.weigh(i, user, step_record, ENV, params, keys(when))
                adoption.revise(i, user, step_record, ENV, params, keys(when))
                wants[when, i] = user.installed & 1
        found[r] = wants
    share = theory.sigmoid(u)
    again = {r: (wants[0] == wants[1]).mean() for r, wants in found.items()}
    assert abs(again[0.0] - share**2 - (1 - share) ** 2) < 4 * 0.5 / np.sqrt(n)
    assert again[0.9] > 0.85
    # the sum of a normal and a logistic part is nearly logistic: within .02 of its law
    for wants in found.values():
        assert wants.mean() == pytest.approx(share, abs=0.02 + 4 * 0.5 / np.sqrt(n))


@pytest.mark.parametrize("shape", [1.0, 2.0])
def test_who_weighs_leaves_out_what_is_wanted_whatever_the_benefit_and_nothing_else(shape):
    params = toy_params(
        3, network_value=2.0, network_shape=shape, standalone=by_band(-1.5, 0.2, 1.0), taste_sd=1.0
    )
    seen, rng = set(), np.random.default_rng(2)
    for i in range(400):
        traits = {
            "account": 0b111, "revising": i % 8, "alert": i % 8, "taste": rng.normal(size=MAX),
        }  # fmt: skip
        step_record = silent()
        step_record.value[:] = rng.normal(size=MAX)  # of the step before
        left = adoption.weigh(i, someone(**traits), step_record, ENV, params, keys(0))
        assert not step_record.value.any()
        assert left & ~(i % 8) == 0
        decided, wanted = i % 8 & ~left, []
        for value in (-1e-7, 0.0, 1e-3, 1.0, 1e6):  # rounding may make a benefit negative
            step_record.value[:3] = value
            user = someone(**traits)
            adoption.revise(i, user, step_record, ENV, params, keys(0))
            wanted.append(int(user.installed))
        assert [bits & decided for bits in wanted] == [decided] * 5
        assert wanted[0] == wanted[1] == decided  # what is left would not be wanted without
        assert wanted[-1] == i % 8
        seen |= {(i % 8, decided)}
    assert len(seen) == 3**3  # each messenger not reconsidered, decided on, left
