"""The utility of having a messenger, and how people decide by it."""

import numpy as np
import pytest

from sim.rules import adoption
from tests.helpers.toys import HABIT_UNIT, by_band, silent, someone, toy_env, toy_params
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted
ENV = toy_env([[1.2, 0.6], [0.3, 0.3]])


def weighed(user, env, params, values=(), chats=0, i=0):
    """Return the talk of a user who has weighed all and whose contacts add `values`."""
    step_record = silent()
    step_record.chats[0] = chats
    adoption.weigh(i, user, step_record, env, params, keys(0))
    step_record.value[: len(values)] = values
    return step_record


def test_the_utility_of_installing_is_the_sum_of_its_terms():
    params = toy_params(
        2, network_value=5.0, standalone=by_band(-2.0, -3.0), taste_sd=0.5, mandate_value=3.0,
        keep_value=2.0, preinstall_value=1.0, chat_value=0.2, risk_value=1.4,
    )  # fmt: skip
    env = toy_env([[1.2, 0.6], [0.3, 0.3]])
    env.effects.onboarding[1] = 0.35
    traits = {
        "taste": [1, -1, 0, 0, 0, 0], "type": -1, "concern": 0.5,
        "habit": [0.6, 0.6, 0, 0, 0, 0], "belief": [-np.inf, 0, 0, 0, 0, 0],
    }  # fmt: skip
    kept = 5 * 0.4 - 3 - 0.5 + 0.2 * 3 - 1.4 * 0.5 / 2
    plain = kept + 0.35  # help is for who takes it up
    cases = [
        ({}, 0, 5 * 0.3 - 2 + 0.5),
        ({}, 1, plain),
        ({"type": 1}, 1, plain + 1.4 * 0.5),  # drawn by what repels the others
        ({"mandated": 0b10}, 1, plain + 3),
        ({"mandated": 0b10, "second": 0b10}, 1, plain),  # a second phone is for that
        ({"installed": 0b10}, 1, kept + 2 * 0.6),
        ({"installed": 0b10, "account": 0}, 1, kept + 1),
        ({"installed": 0b01}, 1, plain),  # another messenger's habit does not count
    ]
    for more, p, u in cases:
        step_record = weighed(someone(**traits | more), env, params, (0.3, 0.4), 3 << 8)
        found = adoption.install_utility(step_record, p, params)
        # a habit of .6 counts 2 x .6
        assert found == pytest.approx(u, abs=2 * HABIT_UNIT / 2), more


@pytest.mark.parametrize("value", [0.0, 1e-30, -1e-9, 0.1, 0.4321, 0.9, 2.5])
def test_contagion_is_simple_to_the_bit_unless_it_is_shaped(value):
    simple = toy_params(1, network_value=2.157)
    found = adoption.install_utility(weighed(someone(), ENV, simple, [value]), 0, simple)
    assert found == np.float32(2.157) * np.float32(max(value, 0.0))


def test_complex_contagion_lets_every_contact_count_for_more_than_the_last():
    params, found = toy_params(1, network_value=3.0, network_shape=2.0), []
    for value in (-1e-9, 0.0, 0.25, 0.5, 1.0):
        step_record = weighed(someone(), ENV, params, [value])
        found.append(adoption.install_utility(step_record, 0, params))
    assert found == pytest.approx([0.0, 0.0, 3 / 16, 3 / 4, 3.0])
