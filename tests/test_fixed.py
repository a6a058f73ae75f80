"""Numbers stored as multiples of a unit: what is read is what was written, to half a unit."""

import numpy as np
import pytest

from sim import tally
from sim.rules import fixed
from sim.rules.records import MAX, TALK, records
from sim.world.population import TASTE_UNIT
from tests.worlds import someone

pytestmark = pytest.mark.interpreted


def test_tastes_are_read_in_the_unit_in_which_worlds_draw_them():
    user = someone(taste=[32, -16, 1, 0, 127, -127])
    found = [fixed.taste(user, p) for p in range(6)]
    assert found == [1.0, -0.5, 1 / 32, 0.0, 127 / 32, -127 / 32]
    assert TASTE_UNIT * fixed.TASTE_STEPS == 1.0


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.3, 0.70000001, 1.0])
def test_shares_are_kept_to_half_a_step_and_none_is_above_all(share):
    assert abs(fixed.share_steps(share) / fixed.SHARE_STEPS - share) <= 0.5 / fixed.SHARE_STEPS
    assert fixed.share_steps(np.float32(1.0000001)) == fixed.SHARE_STEPS


def test_lost_is_more_than_the_share_of_the_start_in_whole_steps():
    for before in (0, 1, 2, 10, 1000, 65535):
        shares = np.linspace(0, 1.1 * before / fixed.SHARE_STEPS, 300).astype(np.float32)
        steps = np.array([fixed.share_steps(share) for share in shares])
        lost = [tally.is_lost(share, np.uint16(before)) for share in shares]
        assert lost == (steps < (1 - tally.ISOLATION) * before).tolist()
        assert lost == tally.are_lost(shares, np.full(300, before, np.uint16)).tolist()
        assert not tally.is_lost(np.float32(before / fixed.SHARE_STEPS), np.uint16(before))


def months(openings, days, scale, opened):
    """Add openings to months; returns who was seen in each."""
    talk, seen = records(TALK, 1)[0], np.zeros((1, len(days), 1, MAX))
    talk.openings[:] = openings
    nothing = [np.zeros(0)] * 3
    tally.add_months(
        0, 0, 0, talk,
        tally.Tally(1, *nothing, opened, np.array(days), np.array(scale), np.zeros(0), seen),
    )  # fmt: skip
    return seen[0, :, 0]


def test_openings_of_a_month_are_kept_to_half_a_step_and_those_below_are_lost():
    step, opened = 1 / fixed.OPENED_STEPS, np.zeros((1, MAX), np.uint16)
    openings = np.array([0.0, 0.3, 0.49 * step / 7, 0.51 * step / 7, 2.0, 9.0], np.float32)
    for k in range(1, 4):
        assert not months(openings, [7.0], [0.0], opened).any()
        expected = 7.0 * k * openings.astype(float)
        assert np.abs(opened[0, [0, 1]] * step - expected[[0, 1]]).max() <= 0.5 * k * step
        assert opened[0, 2:4].tolist() == [0, k]  # by half a step or less nothing moves
        assert opened[0, 4] == min(round(expected[4] / step), 65535)
        assert opened[0, 5] == 65535  # sixteen times: seen
    seen = months(openings, [2.0, 5.0], [1.0, 0.0], opened)
    total = 21 * openings[1].astype(float) + 2 * openings[1].astype(float)
    assert seen[0, 1] == pytest.approx(1 - np.exp(-total), abs=2 * step)
    assert seen[0, 5] > 1 - 2e-7
    assert not seen[1].any()
    assert opened[0, 1] == np.rint(5 * openings[1].astype(float) / step)  # of the month begun
