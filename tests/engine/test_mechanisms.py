"""Every mechanism can be switched off, and off means gone: the same bits as a model without it.

Two ways to say so. *Inert*: with a mechanism off, nothing that belongs to it (its other
parameters, its policies) can change a bit of what is observed. *Deleted*: a mesa user whose
method for it does nothing gives the same bits as the switch.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim import load_config
from sim.config.mechanisms import MECHANISMS
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.measures.series import step_series
from sim.model.agents import User
from sim.model.model import MigrationModel
from sim.rules import beliefs
from sim.rules.packed_state import aware_of
from tests.helpers.worlds import advanced, simulation

EVENTFUL = (
    "+scenario=as_happened",
    "population.n_users=400",
    "behaviour.word_of_mouth=0.05",
    "behaviour.second_phone=0.5",
    "behaviour.call_share_sd=1",
    "+policies.story={kind: information_event, platform: max, start: 2025-07-01, "
    "awareness_rate: 0.05, contact_rate: 0.02, "
    "shock: {state_averse: 2, indifferent: 1, foreign_averse: 0}}",
    "+policies.vk_for_pupils={kind: mandate, platform: vk, segment: pupils, start: 2025-06-02, "
    "stop: 2025-07-15, rate: 0.1}",
)
N_STEPS = 20
# What belongs to a mechanism and must not matter once it is off.
INERT = {
    "network": [],
    "habit": [],
    "call_shares": [],
    "failure": [],
    "lasting_taste": [],
    "pairs": ["platforms.imo.pair_appeal=-3", "platforms.max.pair_appeal=4"],
    "chats": ["behaviour.chat_choice=9", "behaviour.chat_quorum=0.1", "population.chats={}"],
    "beliefs": [
        "population.concern_median=3",
        "platforms.whatsapp.belief={state_averse: 5, indifferent: 0, foreign_averse: -5}",
        "behaviour.peer_rate=0.2",
        "behaviour.forget_rate=0.3",
        "policies.story.shock.state_averse=-4",
    ],
    "chilling": ["behaviour.chilling_value=9"],
    "attention": [],
    "habit_break": [],
    "peers": [],
    "word_of_mouth": [],
    "circumvention": ["behaviour.vpn_value=20", "behaviour.vpn_search=9"],
    "abroad": ["population.abroad.weight=0.7", "population.abroad.call_price=20"],
    "second_phone": [],
    "lapse": [],
    "abuse": [],
}


def does_nothing(_):
    """Take the place of a method."""


def weighs_no_vpn(user):
    user.step_record.vpn_gain = np.nan


def learns_without_looking_around(user):
    User.learn(user)
    user.record.alert = 0


def learns_without_losing_habit(user):
    before = user.record.habit.copy()
    User.learn(user)
    user.record.habit[:] = before


def hears_of_no_messenger(user):
    User.converse(user)
    user.step_record.peer -= np.uint64(aware_of(user.step_record.peer[0]))  # its lowest bits


def follows_no_opinion(user):
    still, params = user._relaxation._replace(follow=0.0), user._state.params
    beliefs.learn(user.row, user.record, user.step_record, user._env, still, params, user._keys)


DELETED = {
    "pairs": {"ask_contact": does_nothing},
    "circumvention": {"weigh_vpn": weighs_no_vpn},
    "attention": {"learn": learns_without_looking_around},
    "habit_break": {"learn": learns_without_losing_habit},
    "word_of_mouth": {"converse": hears_of_no_messenger},
    "peers": {"learn": follows_no_opinion},
    "abuse": {"draw_victimisation": does_nothing},
}
RARE = {  # so that it happens to sixty users
    "pairs": ["behaviour.pair_rate=0.3"],
    "abuse": ["abuse.fraud.incident_rate=0.01"],
}
OWN = {"chats": "chats", "abroad": "reachable_abroad"}  # what only the mechanism itself shows


@cache
def observed(*overrides):
    """Return the series and what is observed in a run."""
    config = load_config(*EVENTFUL, *overrides)
    run = advanced(simulation(config, prepare(config, Threads(1))), N_STEPS)
    return step_series(config), run.recorder.observations


def seen(overrides, name=""):
    """Return the bits of all that is observed but what mechanism `name` and abuse show."""
    series, observations = observed(*overrides)
    hidden = ("fraud", "recruitment", OWN.get(name, "nothing"))
    kept = [k for k, s in enumerate(series) if not s.measure.startswith(hidden)]
    steps = [values[:, kept].tobytes() for values in observations.steps]
    return [*steps, *(m.tobytes() for _, m in observations.months)]


def test_every_mechanism_is_tested_here():
    assert set(INERT) == set(MECHANISMS)


@pytest.mark.parametrize("name", [n for n in MECHANISMS if INERT[n]])
def test_what_belongs_to_a_mechanism_is_inert_once_it_is_off(name):
    off = MECHANISMS[name].off
    assert seen(off, name) == seen((*off, *INERT[name]), name)


@pytest.mark.parametrize("name", [n for n in MECHANISMS if INERT[n]])
def test_and_it_is_not_inert_while_it_is_on(name):
    assert seen((), name) != seen(INERT[name], name)


@pytest.mark.parametrize("name", [n for n in MECHANISMS if n != "abuse"])
def test_switching_a_mechanism_off_changes_something(name):
    assert seen((), name) != seen(MECHANISMS[name].off, name)


def test_abuse_feeds_back_into_nothing():
    assert seen(()) == seen(MECHANISMS["abuse"].off)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(DELETED))
def test_off_equals_a_model_whose_users_lack_the_mechanism(name):
    objects = (*EVENTFUL, "engine=mesa", "population.n_users=60")
    off = load_config(*objects, *MECHANISMS[name].off)
    on = load_config(*objects, *RARE.get(name, ()))
    start = prepare(off, Threads(1))
    without = type("Without", (User,), DELETED[name])
    models = [
        MigrationModel(off, start=start),
        MigrationModel(on, start=_same_but(start, on), user_class=without),
        MigrationModel(on, start=_same_but(start, on)),
    ]
    for model in models:
        for _ in range(12):
            model.step()
    switched, deleted, whole = (model.simulation.state.users for model in models)
    if name == "abuse":  # a rare harm that nothing follows from
        assert not switched["victim"].any()
        assert not deleted["victim"].any()
        assert whole["victim"].any()
    else:
        assert switched.tobytes() == deleted.tobytes() != whole.tobytes()


def _same_but(start, config):
    """Return the same start under the rules of `config`."""
    state = start.copy()
    prepared = prepare(config, Threads(1))
    params = prepared.params.copy()
    params.standalone[:] = start.params.standalone
    params.base_openings[:] = start.params.base_openings
    return replace(state, params=params, abuse=state.abuse if len(state.abuse) else prepared.abuse)
