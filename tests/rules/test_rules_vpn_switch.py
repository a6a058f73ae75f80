"""Who takes or drops a VPN: gains, skill, fines and help."""

import numpy as np
import pytest

from sim.engine.threads import Threads
from sim.rules import circumvention
from sim.rules.records import EFFECTS, STEP_RECORD, records
from tests.helpers import theory
from tests.helpers.toys import someone, step_record_of, toy_params
from tests.helpers.vpns import FREE, circle, rule
from tests.helpers.worlds import keys


@rule
def test_the_utility_is_the_sum_of_its_terms():
    step_record, effects = records(STEP_RECORD, 1)[0], records(EFFECTS, 1)[0]
    step_record.vpn_gain, step_record.content, step_record.helpers, effects.vpn_cost = (
        1.25,
        0.375,
        0.5,
        0.75,
    )
    user = someone(skill=-2.0)
    params = toy_params(2, vpn_help=0.4, vpn_value=1.5)
    u = circumvention.vpn_utility(user, step_record, effects, params)
    assert u == pytest.approx(1.5 * 1.25 + 0.375 - 2.0 + 0.4 * 0.5 - 0.75)


N = 2000  # users who reconsider


def switched(place=0, gain=0.0, helpers=0.0, cost=0.0, skill=-0.8, **params):
    """Return the share of users with a VPN after all have reconsidered it."""
    step_record, effects = records(STEP_RECORD, 1)[0], records(EFFECTS, 1)[0]
    step_record.vpn_gain, step_record.helpers, effects.vpn_cost = gain, helpers, cost
    params, have = toy_params(2, vpn_value=1.0, **params), 0
    for i in range(N):
        user = someone(place=place, skill=skill)
        circumvention.switch(i, user, step_record, effects, params, keys(0))
        assert user.place & ~np.uint8(1) == place & ~1  # the region stays
        have += int(user.place & 1)
    return have / N


@rule
@pytest.mark.parametrize("place", [0, 1, 6, 7])
def test_without_a_gain_skill_alone_decides_whether_or_not_one_has_it(place):
    chance = theory.sigmoid(-0.8)
    assert abs(switched(place) - chance) < 4 * np.sqrt(chance * (1 - chance) / N)


@rule
def test_fines_deter_and_help_attracts():
    """With the same random numbers: every step up in utility adds users and takes none away."""
    shares = [
        switched(cost=2.0),  # fines
        switched(),
        switched(cost=-1.0),  # support
        switched(cost=-1.0, helpers=1.0, vpn_help=0.5),
        switched(cost=-1.0, helpers=1.0, vpn_help=0.5, gain=1.0),
    ]
    expected = theory.sigmoid(-0.8 + np.array([-2.0, 0.0, 1.0, 1.5, 2.5]))
    assert (np.diff(shares) > 0).all()
    assert np.abs(shares - expected).max() < 4 * np.sqrt(0.25 / N)


@rule
def test_help_is_the_share_of_weighted_ties_to_users_of_a_vpn():
    state = circle()
    state.users.abroad[0] = 0
    state.publish(Threads(1))
    assert step_record_of(0, state, FREE).helpers == pytest.approx(2 / 3)
