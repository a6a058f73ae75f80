"""A run in the ban, what its users say, and how exact that is."""

from functools import cache

from hypothesis import strategies as st

from sim.rules.records import MAX
from tests.helpers.toys import step_records_of
from tests.helpers.worlds import advanced, simulation, world

SINGLE = 1e-6  # relative: talks are kept in single precision
GAIN = 4e-6  # utils: a marginal value is the difference of two welfares in single precision


@cache
def in_the_ban():
    """Return a run in the twentieth week of ``call_ban``, everything reconsidered."""
    run = advanced(simulation(*world("+scenario=call_ban")), 20)
    run.state.users.revising[:] = 2 ** len(run.config.messengers) - 1
    return run


def talked(state, env):
    """Return what users say at a state that is left as it is."""
    return step_records_of(state.copy(), env)


def by_messenger(pairs):
    """Return a view of the tables by pairs of classes: (messenger, table, channel, pair)."""
    return pairs.reshape(MAX, 2, 2, -1)


utils = st.floats(-2, 2)
values = st.lists(st.tuples(utils, utils), min_size=2, max_size=3)
