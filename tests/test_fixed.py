"""Numbers stored as multiples of a unit: what is read is what was written, to half a unit."""

import pytest

from sim.rules import fixed
from sim.world.population import TASTE_UNIT
from tests.worlds import someone

pytestmark = pytest.mark.interpreted


def test_tastes_are_read_in_the_unit_in_which_worlds_draw_them():
    user = someone(taste=[32, -16, 1, 0, 127, -127])
    found = [fixed.taste(user, p) for p in range(6)]
    assert found == [1.0, -0.5, 1 / 32, 0.0, 127 / 32, -127 / 32]
    assert TASTE_UNIT * fixed.TASTE_STEPS == 1.0
