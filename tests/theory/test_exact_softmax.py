"""Habit against the symmetric softmax x_p ~ exp(b x_p) (docs/verification.md, T2).

Two people who hold all P messengers and whose phone is worth nothing talk over p with chance
exp(eta h_p) / sum exp(eta h), and habit h relaxes to that share: b = eta. The choice on a tie,
habit and the words of contacts are the production rules. Installing cannot play this part: it
lets everyone have several messengers.

Nothing is random here, so nothing can choose between two states that are both stable: the point
b_c at which they weigh the same is checked in test_theory.py, here which states exist and which
are stable. Contacts read exp(b h / 2) in 31 equal steps, for the first eight bits of h;
`theory.potts_shift` bounds what that does. It is large near transitions, so states are looked at
away from them: a state that loses its stability slowly is held fast by the rounding.
"""

import numpy as np
import pytest

from sim.engine.engines import CompiledEngine
from sim.engine.threads import Threads
from sim.rules.packed_state import HABIT_STEPS
from tests.helpers import theory
from tests.helpers.ties import equal_ties
from tests.helpers.toys import (
    HABIT_UNIT,
    from_fixed_point,
    in_steps,
    take_step,
    toy_env,
    toy_params,
    toy_state,
    toy_users,
)
from tests.helpers.worlds import keys

ENGINE = CompiledEngine(Threads(1))
RATE = 0.5  # of habits [1/day]
SAYS_SOMETHING = 0.1  # a larger bound would not
EIGHT_BITS = 257  # a habit of 16 bits and its first eight are less than 1 / 257 apart


def misread(b):
    """Return by how much readings of exp(b h / 2) may be off, as a function of habits."""

    def error(habits):
        beyond = np.exp(b / 2 * habits) * np.expm1(b / 2 / EIGHT_BITS)
        return 0.5 / HABIT_STEPS * np.expm1(b / 2) + beyond

    return error


def habits(n, b, first):
    """Return the habits that a pair ends with, from `first` for messenger 0, the rest equal."""
    params = toy_params(n, outside=np.exp(-40), habit_rate=RATE, habit_value=b)
    users = toy_users(2, n)
    users.installed[:] = users.account
    users.habit[:, :n] = in_steps(habit=[first, *[(1 - first) / (n - 1)] * (n - 1)])
    state, env = toy_state(users, equal_ties([[1], [0]]), params), toy_env(np.zeros((2, n)))
    for k in range(400):
        take_step(ENGINE, state, env, keys(k))
    assert (users.habit[0] == users.habit[1]).all()
    return from_fixed_point(habit=users.habit[0, :n])


@pytest.mark.parametrize(
    ("n", "b", "first"),
    [
        (2, 2.5, 0.9),
        (3, 3.4, 0.95),
        (3, 4.0, 0.42),  # the symmetric state has lost its stability
        (4, 3.7, 0.95),
        (4, 4.0, 0.95),
        (4, 6.0, 0.35),
    ],
)
def test_t2_habit_settles_at_the_ordered_state_of_the_softmax(n, b, first):
    x = theory.potts_ordered(n, b)[-1]
    found, bound = habits(n, b, first), theory.potts_shift(n, b, x, misread(b))
    print(f"T2 P={n} b={b:.4f}: theory {x:.6f}, run {found[0]:.5f}, bound {bound:.5f}")
    assert abs(found[0] - x) < bound < SAYS_SOMETHING
    # a habit rests where a step would move it by less than half a unit
    days = float(toy_env(np.zeros((2, n))).effects.days)
    rest = HABIT_UNIT / 2 / (1 - np.exp(-RATE * days))
    assert found.sum() == pytest.approx(1, abs=n * rest)
    assert np.ptp(found[1:]) < 1e-6


@pytest.mark.parametrize(
    ("n", "b", "first"),
    [
        (2, 1.5, 0.9),
        (3, theory.potts_birth(3)[0] - 0.7, 0.95),  # no ordered state to stay in
        (3, theory.potts_birth(3)[0] - 0.7, 0.40),
        (4, theory.potts_birth(4)[0] - 0.9, 0.95),
        (4, theory.potts_birth(4)[0] - 0.9, 0.30),
    ],
)
def test_t2_habit_falls_back_to_equal_shares_below_the_birth_of_order(n, b, first):
    found, bound = habits(n, b, first), theory.potts_shift(n, b, 1 / n, misread(b))
    print(f"T2 P={n} b={b:.4f}: theory {1 / n:.6f}, run {found[0]:.5f}, bound {bound:.5f}")
    assert np.abs(found - 1 / n).max() < bound < SAYS_SOMETHING
