"""Surprise: failure that people are not used to, against its differential equation.

e' = (failing - e) / tau, so failure that stays is a surprise of exp(-t / tau) of it.
"""

import numpy as np
import pytest

from sim.engine.policy_schedule import PolicySchedule
from sim.rules.availability import surprise
from sim.rules.records import MESSAGE
from tests.helpers.in_force import STEP, WHATSAPP, WORLD, restriction, world

MEMORY = 45.0  # days


def run(failing, days, used=0.0):
    """Return F of each step of `days`, and what people are used to at the end."""
    found = []
    for share in failing:
        f, used = surprise(np.array([share]), np.array([used]), days, MEMORY)
        used = used[0]
        found.append(f[0])
    return np.array(found), used


def test_constant_failure_is_forgotten_exponentially():
    found, used = run([0.8] * 20, 7.0)
    ends = 7.0 * np.arange(21)
    means = -np.diff(np.exp(-ends / MEMORY)) * MEMORY / 7.0
    assert found == pytest.approx(0.8 * means)
    assert used == pytest.approx(0.8 * (1 - np.exp(-140 / MEMORY)))


@pytest.mark.parametrize("failing", [[0.9, 0.9, 0.4, 0.95], [0.3, 0.0, 0.7, 0.7]])
def test_a_step_of_seven_days_is_the_mean_of_seven_of_a_day(failing):
    weeks, used = run(failing, 7.0, used=0.1)
    days, used_by_days = run(np.repeat(failing, 7), 1.0, used=0.1)
    assert weeks == pytest.approx(days.reshape(-1, 7).mean(axis=1))
    assert used == pytest.approx(used_by_days)


def test_less_failure_than_one_is_used_to_surprises_nobody():
    found, used = run([0.4] * 3, 7.0, used=0.9)
    assert (found == 0).all()
    assert used == pytest.approx(0.4 + 0.5 * np.exp(-21 / MEMORY))


def surprises(start, standing):
    """Return F of messages on WhatsApp in the first steps of a block of four fifths."""
    block = restriction(0.8, start, channel="message").model_copy(update={"standing": standing})
    schedule = PolicySchedule(world(block))
    assert schedule.at(5).availability[0, MESSAGE, WHATSAPP] == np.float32(1 - 0.8)
    found = [schedule.at(k) for k in range(6)]
    new = np.array([at.surprise[0, MESSAGE, WHATSAPP] for at in found])
    expected = np.array([at.expected[0, MESSAGE, WHATSAPP] for at in found])
    assert expected == pytest.approx(1 - 0.8 + new, rel=1e-6)
    return new


def test_people_are_used_to_what_stands_and_to_nothing_else():
    memory, new = WORLD.behaviour.failure_memory, surprises(0, standing=False)
    expected = 0.8 * -np.diff(np.exp(-STEP * np.arange(7) / memory)) * memory / STEP
    assert new == pytest.approx(expected, rel=1e-6)
    assert (surprises(-400, standing=True) == 0).all()
