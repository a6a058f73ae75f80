"""Users who decide on one messenger alone, as exact results have them."""

import numpy as np

from sim.engine.engines import CompiledEngine
from sim.engine.threads import Threads
from tests.helpers import theory
from tests.helpers.toys import by_band, take_step, toy_env, toy_params
from tests.helpers.worlds import keys

ENGINE = CompiledEngine(Threads(1))
OUTSIDE, SHARES = np.array([-1.0, 1.0]), np.array([0.8, 0.2])  # message, call
ONE = np.array([[1.2], [0.3]])
ENV = toy_env(ONE)
CONTACT = theory.log_sums(ONE, OUTSIDE, SHARES) @ [-1, 1]  # L, the value of a contact who has it
ALWAYS = 40.0  # a hazard that never fails to happen: 1 - exp(-40) is 1 in double precision
STEEP = 1e9  # utils: a logit so steep is a threshold
MOST_STEPS = 1000


def logit(slope, constant, **rates):
    """Return rules under which U = `slope` x share + `constant`."""
    return toy_params(
        1, outside=np.exp(OUTSIDE), network_value=slope / CONTACT, standalone=by_band(constant),
        **rates,
    )  # fmt: skip


def step(state, k):
    """Let everyone take a step; returns who has it."""
    take_step(ENGINE, state, ENV, keys(k))
    return state.users.installed.astype(bool)
