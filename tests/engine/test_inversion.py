"""The loops of the start: what a panel sees in a month, who is drawn anew, what is noted."""

from itertools import pairwise

import numpy as np
import pytest

from sim.engine.inversion import Draw, choose_for_sample, draw
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.sample import NOBODY, draw_sample
from sim.engine.stationary import MONTH, month, stationary
from sim.engine.threads import Threads
from sim.kernel.compiled import rule_loop
from sim.kernel.vec8 import write
from sim.rules.packed_state import FEARS, USABLE
from sim.rules.records import MAX, STEP_RECORD, records
from tests.helpers.toys import in_steps, toy_env, toy_params, toy_users
from tests.helpers.worlds import advanced, simulation, world

DAYS = 6.0  # of a step: a month shows five states, and four changes between them
OFTEN, RARELY = 50.0, 1e-3  # openings a day
B = 0.4  # utils


@rule_loop
def look(users, step_records, env, params, scale, found):
    """Write chances to take it up and to drop it, reach, and its slope: a row each a user."""
    for i in range(len(users)):
        s = stationary(users[i], step_records[i], env, params, scale)
        reach, slope = month(users[i], step_records[i], env, params, scale)
        write(found[i, 0], s.enter)
        write(found[i, 1], s.leave)
        write(found[i, 2], reach)
        write(found[i, 3], slope)


def seen(openings, standalone=B, days=DAYS):
    """Return chances to enter and leave, reach and its slope, of one who has the messenger."""
    users, step_records, env = (
        toy_users(1, 1),
        records(STEP_RECORD, 1),
        toy_env([[1.0]], days=days),
    )
    users.installed[0], users.habit[0, 0] = 1, in_steps(habit=0.6)
    step_records.openings[0, 0] = openings
    params = toy_params(1, keep_value=2.0, install_rate=0.02, drop_rate=0.03)
    params.standalone[:, 0] = standalone
    found = np.zeros((1, 4, MAX), np.float32)
    look(users, step_records, env, params, np.zeros(MAX, np.float32), found)
    return found[0, :, 0].astype(float)


def test_who_opens_it_often_is_seen_if_it_has_it_on_any_day():
    enter, leave, reach, _ = seen(OFTEN)
    held = enter / (enter + leave)
    assert 0.1 < held < 0.9
    assert reach == pytest.approx(1.0 - (1.0 - held) * (1.0 - enter) ** 4, rel=1e-5)


def test_who_opens_it_rarely_is_seen_in_proportion_to_the_days_on_which_it_has_it():
    """Who comes has it for half the month, who goes too: as many days as at any other time."""
    enter, leave, reach, _ = seen(RARELY)
    held = enter / (enter + leave)
    stayed, came = (1.0 - leave) ** 4, 1.0 - (1.0 - enter) ** 4
    days = MONTH * (held * stayed + (held * (1.0 - stayed) + (1.0 - held) * came) / 2.0)
    assert reach == pytest.approx(RARELY * days, rel=0.02)  # twice in a month is rarer still
    assert days == pytest.approx(MONTH * held, rel=0.05)


@pytest.mark.parametrize(("openings", "days"), [(OFTEN, DAYS), (0.05, MONTH), (OFTEN, MONTH)])
def test_the_slope_is_that_of_reach(openings, days):
    """But for that of staying, which is left out where many leave; here nobody does unseen."""
    step = 0.05
    less, more = (seen(openings, B + sign * step, days)[2] for sign in (-1.0, 1.0))
    assert seen(openings, days=days)[3] == pytest.approx((more - less) / (2 * step), rel=2e-3)


SOCIETY = "population.n_users=3000"


def test_a_draw_changes_what_users_show_to_have_and_not_what_they_fear():
    config, start = world(SOCIETY)
    state, sample, env = start.copy(), draw_sample(start.n_users), PolicySchedule(config).at(0)
    choose_for_sample(state, sample, env, 0.0, Threads(1))
    every, scale = (1 << len(config.messengers)) - 1, np.full(MAX, 0.5, np.float32)
    draw(state, sample, env, Draw(every, 1.0, NOBODY, 0.0, 0.0, scale, np.uint64(1)), Threads(1))
    before, after = (s.public.choice_state[:-1].astype(np.int64) for s in (start, state))
    assert (before & FEARS > 0).mean() > 0.1
    assert (after & FEARS == before & FEARS).all()
    assert (after & USABLE == state.users.installed & state.users.account).all()
    assert 0.1 < ((after ^ before) & USABLE > 0).mean() < 0.9


def test_without_policies_people_keep_what_they_use_for_months():
    """Flurry 2015: 98 % of users of messengers from month to month, once they have settled."""
    config, start = world(SOCIETY, "+scenario=baseline")
    run = simulation(config, start)
    held = [run.state.users.installed & run.state.users.account]
    for _ in range(2):
        advanced(run, 4)
        held.append(run.state.users.installed & run.state.users.account)
    for name in config.case.observed_shares:
        bit = 1 << config.messengers.index(name)
        for before, after in pairwise(held):
            kept = (before & after & bit > 0).sum() / (before & bit > 0).sum()
            assert kept > (0.97 if name == "whatsapp" else 0.9), name
