"""What users publish of themselves, in words of 64 bits, against what it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.rules import packed_state, surveillance_attitude
from sim.rules.candidates import candidate_buffer
from sim.rules.records import MAX, USER, PublicState, records
from sim.rules.step import publish
from tests.helpers.toys import from_fixed_point, in_steps, someone, toy_params
from tests.helpers.worlds import fear_level, habit_level

pytestmark = pytest.mark.interpreted
bits = st.integers(0, 2**MAX - 1)
units = st.floats(0, 1, width=32)
# eta and lambda, weak and strong; 0: nobody minds, and words need not say it
strengths = st.one_of(st.just(0.0), st.floats(0.05, 6))


def levels(packed):
    """Return the levels of habit and fear that a word shows."""
    return np.array([[of(packed, p) for p in range(MAX)] for of in (habit_level, fear_level)])


@settings(deadline=None)
@given(
    bits, bits, st.integers(0, 255), st.lists(units, min_size=MAX, max_size=MAX),
    st.lists(st.floats(-6, 6, width=32), min_size=MAX, max_size=MAX), st.floats(0, 6, width=32),
    strengths, strengths,
)  # fmt: skip
def test_a_word_says_all_that_a_contact_must_see(
    installed, account, place, habits, believed, concern, eta, chill
):
    user, params = records(USER, 1)[0], toy_params(MAX, habit_value=eta, chilling_value=chill)
    user.installed, user.account, user.place = installed, account, place
    user.habit[:], user.belief[:] = in_steps(habit=habits), in_steps(belief=believed)
    user.type, user.concern = -1, in_steps(concern=concern)
    concern = float(from_fixed_point(concern=user.concern))
    habits, believed = from_fixed_point(habit=user.habit), from_fixed_point(belief=user.belief)
    packed = np.uint64(packed_state.pack_choice_state(user, params))
    assert packed_state.usable(packed) == packed_state.in_use(user) == installed & account
    assert packed_state.place(packed) == place
    quantised = np.clip(np.rint(16 * np.array(believed)) / 16, -8, 8 - 1 / 16)
    fears = np.minimum(np.float32(concern) / (1 + np.exp(-quantised)), packed_state.MAX_FEAR)
    exact = np.minimum(
        [-surveillance_attitude.surveillance_attitude(user, p) for p in range(MAX)],
        packed_state.MAX_FEAR,
    )
    # a belief is heard to 1/32, and its chance moves by at most a quarter of that
    assert np.abs(fears - exact).max() <= concern / 4 / 32 + 1e-6
    public, feared = levels(packed)
    first = (user.habit >> 8) / 255  # eight bits of a habit
    assert np.abs(first - habits).max() <= 1 / 257
    if eta:  # what they multiply, rounded to one of 32 values equally far apart
        assert np.abs(public / 31 - np.expm1(eta / 2 * first) / np.expm1(eta / 2)
                      ).max() <= 0.5 / 31 + 1e-6  # fmt: skip
    if chill:
        assert np.abs(feared / 7 - np.expm1(-chill / 2 * fears) / np.expm1(
            -chill / 2 * packed_state.MAX_FEAR)).max() <= 0.5 / 7 + 1e-6  # fmt: skip
    assert eta or not public.any()
    assert chill or not feared.any()


def test_the_ends_of_habit_and_of_fear_are_exact_in_a_word():
    params = toy_params(MAX, habit_value=2.0, chilling_value=1.0)
    public, _ = levels(packed_state.pack_choice_state(someone(habit=[0, 1, 0.5, 0, 1, 0]), params))
    half = round(31 * np.expm1(0.5) / np.expm1(1.0))
    assert public.tolist() == [0, 31, half, 0, 31, 0]
    certain = [-np.inf, np.inf, 0, -np.inf, np.inf, 0]
    user = someone(type=-1, concern=packed_state.MAX_FEAR, belief=certain)
    _, public = levels(packed_state.pack_choice_state(user, params))
    half = round(
        7 * np.expm1(-0.5 * packed_state.MAX_FEAR / 2) / np.expm1(-0.5 * packed_state.MAX_FEAR)
    )
    assert public.tolist() == [0, 7, half, 0, 7, half]
    for kind in (0, 1):
        assert not levels(
            packed_state.pack_choice_state(someone(type=kind, concern=9.0, belief=certain), params)
        ).any()


def test_a_word_shows_the_messengers_of_the_case_alone():
    user = someone(habit=[1.0] * MAX, type=-1, concern=9.0)
    public = levels(
        packed_state.pack_choice_state(user, toy_params(2, habit_value=2.0, chilling_value=1.0))
    )
    assert (public[:, :2] > 0).all()
    assert not public[:, 2:].any()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_bytes_are_squeezed_to_as_many_bits_as_they_need(width):
    rng = np.random.default_rng(width)
    for _ in range(100):
        parts = rng.integers(0, 2**width, MAX)
        whole = sum(int(part) << 8 * p for p, part in enumerate(parts))
        narrow_bytes = sum(int(part) << width * p for p, part in enumerate(parts))
        assert packed_state.narrow_bytes(np.int64(whole), width) == narrow_bytes


def random_traits(rng):
    return {
        "installed": rng.integers(64), "account": rng.integers(64), "place": rng.integers(256),
        "abroad": rng.integers(2), "aware": rng.integers(64), "news": rng.integers(256),
        "habit": rng.uniform(0, 1, MAX),
    }  # fmt: skip


@pytest.mark.parametrize("step", [0.0, 1e-3, 0.1, 3.0])
def test_a_word_packed_again_is_the_word_whether_or_not_beliefs_have_changed(step):
    params, rng = toy_params(MAX, habit_value=2.0, chilling_value=1.0), np.random.default_rng(5)
    public, users = PublicState(*(np.zeros(301, np.uint64) for _ in range(4))), records(USER, 300)
    for i in range(300):
        traits = {"type": rng.integers(-1, 2), "concern": rng.uniform(0, 5)}
        belief = rng.uniform(-9, 9, MAX)
        before = someone(**random_traits(rng), **traits, belief=belief)
        public.choice_state[i], public.belief_state[i] = (
            packed_state.pack_choice_state(before, params),
            packed_state.pack_belief_state(before),
        )
        belief[rng.integers(MAX)] += step * rng.normal()
        users[i] = someone(**random_traits(rng), **traits, belief=belief)
    publish(0, 300, users, public, params, candidate_buffer(300))
    assert public.next_choice_state[:300].tolist() == [
        packed_state.pack_choice_state(user, params) for user in users
    ]
    assert public.next_belief_state[:300].tolist() == [
        packed_state.pack_belief_state(user) for user in users
    ]
    kept = (public.next_belief_state >> np.uint64(16) == public.belief_state >> np.uint64(16))[
        :300
    ].sum()
    assert {0.0: kept == 300, 1e-3: 270 < kept < 300, 0.1: 30 < kept < 270, 3.0: kept < 30}[step]
