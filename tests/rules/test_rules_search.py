"""Search: who is worse off than usual, how long, and what it does about that."""

import numpy as np
import pytest

from sim.kernel.compiled import rule_loop
from sim.kernel.vec8 import write
from sim.rules import adoption, beliefs, circumvention, search
from sim.rules.records import MAX
from sim.rules.search import MOST_SHORTFALL, SHORTFALL_STEPS, UNKNOWN, USUAL_STEPS
from tests.helpers.toys import silent, someone, toy_env, toy_params
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted

ENV = toy_env(np.zeros((2, 2)), days=7.0)
TOLERANCE, BETA = 0.5, 2.0
KEPT = 0.875  # of usual welfare, in a step
WORKS = np.array([1.0, 0.25])  # share of messages that succeed
UNIT = 1 / USUAL_STEPS  # rounded to the nearest, in every step


def params_of(**values):
    return toy_params(2, network_value=BETA, search_tolerance=TOLERANCE, **values)


def felt(user, welfare, params=None):
    """Let `user` feel a step in which contacts are worth `welfare`; returns its shortfall."""
    step_record = silent()
    step_record.welfare = welfare
    search.feel(
        user, step_record, ENV, params_of() if params is None else params, np.float32(KEPT)
    )
    return search.shortfall(user)


def used_to(welfare):
    """Return a user who is used to contacts worth `welfare`."""
    return someone(usual=np.int16(BETA * welfare * USUAL_STEPS))


def test_what_comes_first_is_usual():
    user = someone(usual=UNKNOWN)
    assert felt(user, 1.25) == 0.0
    assert user.usual / USUAL_STEPS == pytest.approx(BETA * 1.25)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (5.0, 0.0),  # better off
        (3.0, 0.0),
        (2.8, 0.0),  # 0.4 utils less, within the tolerance
        (2.5, 1.0 - TOLERANCE),
        (1.0, 4.0 - TOLERANCE),
        (-9.0, MOST_SHORTFALL),
    ],
)
def test_a_shortfall_is_a_loss_beyond_the_tolerance(now, expected):
    assert felt(used_to(3.0), now) == pytest.approx(expected, abs=1 / SHORTFALL_STEPS)


def test_content_that_is_lost_is_missed_as_contacts_are():
    user = someone(usual=np.int16(6.0 * USUAL_STEPS), installed=0b01)
    params = params_of(base_openings=[1.0, 0, 0, 0, 0, 0], content_openings=4.0, content_value=0.5)
    expected = 6.0 - BETA * 1.0 - 0.5 * 4.0 * np.log(2) - TOLERANCE
    assert felt(user, 1.0, params) == pytest.approx(expected, abs=1e-3)


def test_people_get_used_to_less_and_search_no_longer():
    user, usual = used_to(3.0), BETA * 3.0
    for _ in range(30):
        expected = max(0.0, usual - BETA * 1.0 - TOLERANCE)
        assert felt(user, 1.0) == pytest.approx(expected, abs=5 * UNIT)
        usual = KEPT * usual + (1 - KEPT) * BETA * 1.0
        assert user.usual / USUAL_STEPS == pytest.approx(usual, abs=5 * UNIT)
    assert search.shortfall(user) == 0.0


@pytest.mark.parametrize(
    ("dropped", "fails", "anew"),
    [
        (0b01, (), True),
        (0b01, ((0, 0),), False),  # its messages fail as they did not before
        (0b01, ((1, 0),), False),  # its calls
        (0b01, ((0, 1), (1, 1)), True),  # another one fails
        (0b11, ((0, 1),), True),  # and goes with it
        (0b10, ((0, 1),), False),
        (0b100, (), False),  # refused: there is an account, but it was not in use
        (0, (), False),
    ],
)
def test_who_drops_what_works_as_usual_misses_nothing(dropped, fails, anew):
    env, user = toy_env(np.zeros((2, 3)), days=7.0), used_to(3.0)
    user.installed, user.account, usual = 0b011, 0b111, user.usual
    for c, p in fails:
        env.surprise[user.place, c, p] = 1e-3
    adoption.settle(0, user, 0b111, 0b111 & ~dropped, env, keys(0))
    assert user.usual == (UNKNOWN if anew else usual)
    assert (felt(user, 1.0) == 0.0) == anew


@rule_loop
def look(user, step_record, env, params, found):
    """Write hazards of reconsidering, lacking and having, and of hearing of each messenger."""
    rho_in, rho_out = adoption.clocks(user, env, params)
    write(found[0], rho_in)
    write(found[1], rho_out)
    write(found[2], beliefs.awareness_hazards(user, step_record, env, params))


def clocks(missing, **values):
    """Return the hazards of a step of 7 days on two messengers, of which one hardly works."""
    env = toy_env(np.zeros((2, 2)), q=np.array([[WORKS, [1.0, 1.0]]]), days=7.0)
    user, found = someone(shortfall=missing * SHORTFALL_STEPS, aware=0), np.zeros((3, MAX), "f4")
    params = toy_params(2, install_rate=0.02, drop_rate=0.01, vpn_rate=0.05, **values)
    look(user, silent(), env, params, found)
    return *found[:, :2], circumvention.own_hazard(user, env, params)


@pytest.mark.parametrize("missing", [0, 2])
def test_who_misses_something_looks_around_and_keeps_what_it_has_as_long(missing):
    rho_in, rho_out, heard, vpn = clocks(
        missing, search_rate=1.5, search_awareness=0.003, vpn_search=0.4
    )
    assert rho_in == pytest.approx(7 * 0.02 * (1 + 1.5 * missing) * WORKS)
    assert rho_out == pytest.approx(7 * 0.01)
    assert heard == pytest.approx(7 * 0.003 * missing * WORKS)
    assert vpn == pytest.approx(7 * 0.05 * (1 + 0.4 * missing))


def test_without_its_rates_search_changes_nothing():
    """Whatever is missing, the hazards are those of people who miss nothing."""
    for missing, calm in zip(clocks(3), clocks(0), strict=True):
        assert np.array_equal(missing, calm)
