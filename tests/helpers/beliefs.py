"""Users who hear and believe: what tests of beliefs and of stories share."""

import numpy as np

from sim.kernel.rng import purpose_key
from sim.rules import beliefs
from sim.rules.packed_state import (
    pack_belief_state,
)
from sim.rules.records import NEWS, STEP_RECORD, USER, records
from sim.rules.relaxation import relaxation
from tests.helpers.ties import equal_ties, weighing
from tests.helpers.toys import BELIEF_UNIT, from_fixed_point, in_steps, toy_params

N = 3000  # draws
CALM = toy_params(2)  # nobody pays attention
NO_NEWS = records(NEWS, 0)
VALUES = [[1.2, 0.6], [0.3, 0.3]]
HEARING = 1 / 32  # log-odds: contacts hear beliefs to the nearest sixteenth
JUST_BELOW = HEARING - BELIEF_UNIT
# Whom user 0 talks to: 1, 2 and 3 with shares 1/2, 1/3 and 1/6.
UNEQUAL = weighing(equal_ties([[1, 2, 3], [0], [0], [0]]), [3.0, 2.0, 1.0], [0.0, 3.0, 5.0, 6.0])
SHARES = np.array([3, 2, 1]) / 6


def silent(**values):
    step_record = records(STEP_RECORD, 1)
    for name, value in values.items():
        step_record[name][0] = value
    return step_record[0]


def mind(aware=0, news=0, belief=0.0):
    """Return what a contact hears from somebody who knows and believes this."""
    user = records(USER, 1)[0]
    user.aware, user.news, user.belief[:] = aware, news, in_steps(belief=belief)
    return np.uint64(pack_belief_state(user))


def believed(user):
    """Return the beliefs of a user [log-odds]."""
    return from_fixed_point(belief=user.belief)


def belief_state_of(users):
    """Return what contacts hear from each of `users`."""
    return np.array([pack_belief_state(user) for user in users], np.uint64)


def update_beliefs(user, step_record, news, days, params):
    """Let beliefs move over `days`."""
    way = relaxation(params, days)
    beliefs.update_beliefs(user, step_record, news, way.follow, way.forget, params)


def within_4_errors(share, chance, n=N):
    return abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / n)


def a_story(n=1, **values):
    news = records(NEWS, n)
    news.shock[:] = 2.0, 1.0, -0.5
    news.bit, news.salt = np.arange(n), [purpose_key(0, 0, f"story.{k}") for k in range(n)]
    for name, value in values.items():
        news[name] = value
    return news
