"""Content: openings and value of apps among other pastimes, against the logit they stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.kernel.compiled import rule_loop
from sim.kernel.vec8 import write
from sim.rules import activity, content
from sim.rules.records import MAX, MESSAGE
from tests.helpers.toys import in_steps, silent, toy_env, toy_params, toy_users

pytestmark = pytest.mark.interpreted

C, VALUE, INTENSITY = 4.0, 2.0, 1.5
APPEALS = (1.0, 3.0, 0.5)
SINGLE = 1e-5


def params_of(appeals=APPEALS):
    return toy_params(
        len(appeals), base_openings=np.pad(appeals, (0, MAX - len(appeals))),
        content_openings=C, content_value=VALUE,
    )  # fmt: skip


def env_of(works=(1.0, 1.0, 1.0)):
    """Return what is in force where messages on each messenger succeed with chances `works`."""
    n = len(works)
    return toy_env(np.zeros((2, n)), q=np.array([[works, np.ones(n)]]))


def reader(installed, n=3):
    """Return a user who talks with nobody and has the messengers `installed`."""
    user = toy_users(1, n)[0]
    user.installed, user.intensity = installed, in_steps(intensity=INTENSITY)
    return user


@rule_loop
def look(user, env, params, found):
    """Write openings for content if in use, at average intensity, and what content adds."""
    write(found[0], content.content_openings(user, env, params))
    write(found[1], content.content_benefits(user, env, params))


def looked(user, env, params):
    found = np.zeros((2, MAX), np.float32)
    look(user, env, params, found)
    return found[:, : int(params.n_messengers)]


def opened(user, env, params):
    """Return the openings of a step of somebody who talks with nobody."""
    step_record = silent()
    activity.open_apps(user, step_record, env, params)
    return step_record.openings[: int(params.n_messengers)]


@pytest.mark.parametrize(
    ("installed", "shares"),
    [
        (0b000, [0, 0, 0]),
        (0b001, [1 / 2, 0, 0]),
        (0b010, [0, 3 / 4, 0]),
        (0b011, [1 / 5, 3 / 5, 0]),
        (0b111, [1 / 5.5, 3 / 5.5, 0.5 / 5.5]),
    ],
)
def test_apps_in_use_share_openings_by_appeal_with_other_pastimes(installed, shares):
    user, env, params = reader(installed), env_of(), params_of()
    found = opened(user, env, params)
    assert found == pytest.approx(INTENSITY * C * np.array(shares), rel=SINGLE)
    assert content.in_use_appeal(user, env.expected[0, MESSAGE], env, params) == pytest.approx(
        sum(k for p, k in enumerate(APPEALS) if installed >> p & 1)
    )


def test_a_block_moves_openings_to_what_still_works_and_takes_the_value_away():
    user, params = reader(0b011), params_of()
    (before, _), (after, benefits) = (
        looked(user, env_of(works), params) for works in ((1, 1, 1), (1, 0, 1))
    )
    assert before[:2] == pytest.approx([C / 5, C * 3 / 5], rel=SINGLE)
    assert after[:2] == pytest.approx([C / 2, 0.0], rel=SINGLE)
    assert opened(user, env_of((1, 0, 1)), params)[1] == 0.0
    assert benefits[1] == 0.0
    assert benefits[0] == pytest.approx(VALUE * C * INTENSITY * np.log(2), rel=SINGLE)


def test_openings_follow_what_people_expect_and_value_what_works():
    """Who is used to an app that fails from now on opens it for a while, in vain."""
    user, params, blocked = reader(0b011), params_of(), env_of((1, 0, 1))
    used, new = looked(user, blocked, params), env_of((1, 0, 1))
    new.expected[:, MESSAGE, 1] = 0.5
    openings, benefits = looked(user, new, params)
    assert openings[:2] == pytest.approx([C / 3.5, C * 1.5 / 3.5], rel=SINGLE)
    assert (benefits == used[1]).all()


def test_what_half_works_and_grows_twice_counts_as_before():
    user, env, params = reader(0b011), env_of((0.5, 1, 1)), params_of()
    env.effects.trend_openings[0] = 2.0
    assert opened(user, env, params) == pytest.approx(opened(user, env_of(), params), rel=SINGLE)


appeals = st.lists(st.floats(0, 50), min_size=MAX, max_size=MAX)


@settings(deadline=None, max_examples=50)  # the first call compiles
@given(appeals, st.integers(0, 2**MAX - 1))
def test_openings_stay_below_those_there_are_and_benefits_add_up_to_the_value(appeals, installed):
    env, params = toy_env(np.zeros((2, MAX))), params_of(appeals)
    s = sum(k for p, k in enumerate(appeals) if installed >> p & 1)
    user = reader(installed, MAX)
    total = opened(user, env, params).sum()
    assert total == pytest.approx(INTENSITY * C * s / (1 + s), rel=1e-4)
    assert total <= INTENSITY * C * (1 + SINGLE)
    value = content.content_welfare(user, user.place, env, params)
    assert value == pytest.approx(VALUE * C * INTENSITY * np.log(1 + s), rel=SINGLE, abs=SINGLE)
    added = 0.0  # one app after the other
    for p in range(MAX):
        if installed >> p & 1:
            without = reader(installed & ((1 << p) - 1), MAX)
            added += looked(without, env, params)[1, p]
    assert added == pytest.approx(value, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("p", range(len(APPEALS)))
@pytest.mark.parametrize("others", [0b000, 0b101, 0b110])
def test_who_lacks_an_app_foresees_the_openings_that_it_would_have(p, others):
    """So the start reckons with the openings that steps will show."""
    env, params = env_of((0.7, 1.0, 0.4)), params_of()
    lacking, having = reader(others & ~(1 << p)), reader(others | 1 << p)
    foreseen, benefits = looked(lacking, env, params)[:, p]
    assert INTENSITY * foreseen == pytest.approx(opened(having, env, params)[p], rel=SINGLE)
    assert looked(having, env, params)[:, p] == pytest.approx([foreseen, benefits], rel=1e-4)
    gain = content.content_welfare(having, 0, env, params) - content.content_welfare(
        lacking, 0, env, params
    )
    assert benefits == pytest.approx(gain, rel=1e-4)


def test_content_needs_messages_and_no_calls():
    env = toy_env(np.zeros((2, 3)), q=np.array([[[1.0] * 3, [0.0] * 3]]))
    assert opened(reader(0b001), env, params_of())[0] == pytest.approx(INTENSITY * C / 2)
