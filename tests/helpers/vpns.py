"""Friends whose messengers are restricted, some of them with a VPN."""

import numpy as np
import pytest

from sim.rules.availability import availability
from sim.rules.packed_state import PLACE_BIT
from tests.helpers.ties import equal_ties
from tests.helpers.toys import toy_env, toy_params, toy_state, toy_users

VALUES, LOSSES = [[1.2, 0.6], [0.3, 0.3]], (2.0, 3.0)
SOON = 1e6  # a rate at which everybody reconsiders in every step
rule = pytest.mark.interpreted


def restricted(grade, efficacy=0.8, proxies=0.0, days=1.0):
    """Return what is in force where attempts fail by `grade`, (2, P), here and nowhere abroad.

    Places: here without a VPN, with one, abroad.
    """
    here = [
        [[availability(r, proxies, efficacy, vpn) for r in row] for row in grade]
        for vpn in range(2)
    ]
    return toy_env(VALUES, LOSSES, np.array([*here, np.ones((2, 2))]), days)


ABROAD = 2
FREE = restricted(np.zeros((2, 2)))


def circle(**params):
    """Return user 0 with contacts on both messengers, with a VPN and without, and one abroad."""
    users = toy_users(4, 2)
    users.installed[:], users.place[:] = [0b11, 0b11, 0b01, 0b10], [0, 1, 0, 1]
    users.abroad[0] = 1
    params = toy_params(
        2, outside=np.exp([-1.0, 1.0]), outside_abroad=np.exp([-4.0, -2.0]), abroad_weight=0.1,
        abroad_low=ABROAD << PLACE_BIT | 0b01, vpn_value=2.0, **{"vpn_rate": SOON} | params,
    )  # fmt: skip
    return toy_state(users, equal_ties([[1, 2, 3], [0], [0], [0]]), params)
