"""Rules that observe, and whole steps, small enough to be interpreted."""

import datetime as dt
import re

import numpy as np
import pytest

from sim import load_config
from sim.engine import start
from sim.engine.accumulators import is_exposed, primary
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.stationary import stationary
from sim.engine.threads import Threads
from sim.kernel.compiled import jit_loop
from sim.kernel.vec8 import write
from sim.measures.series import Series, step_series
from sim.policies.abuse import BankDelay, Moderation
from sim.policies.circumvention import VpnBlocking, VpnFine, VpnSupport
from sim.policies.compliance import Compliance
from sim.policies.information import InformationEvent, Shock
from sim.policies.promotion import Campaign, GroupMove, Mandate, Onboarding, Preinstallation, Trend
from sim.policies.restrictions import RegistrationGate, Restriction, Shutdown
from sim.rules.chance import sigmoid
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, STEP_RECORD, records
from tests.helpers.toys import (
    as_toy,
    chats_by_messenger,
    from_fixed_point,
    in_steps,
    someone,
    step_records_of,
    toy_env,
    toy_params,
    toy_users,
)
from tests.helpers.worlds import advanced, simulation

pytestmark = pytest.mark.interpreted


def test_the_primary_messenger_carries_most_communication():
    step_record, params = records(STEP_RECORD, 1)[0], toy_params(3)
    user = someone()  # messages count .8, calls .2
    assert primary(user, step_record, params) == CELLULAR
    step_record.use[MESSAGE, CELLULAR], step_record.use[CALL, 2] = 0.9, 0.3
    assert primary(user, step_record, params) == 2
    step_record.use[MESSAGE, 1] = 0.1
    assert primary(user, step_record, params) == 1


@jit_loop
def keep(users, step_records, env, params, scale, found):
    """Write what is stationary of each user, a row each of `Stationary`."""
    for i in range(len(users)):
        s = stationary(users[i], step_records[i], env, params, scale)
        write(found[i, 0], s.enter)
        write(found[i, 1], s.leave)
        write(found[i, 2], s.held)
        write(found[i, 3], s.habit)


def test_what_keeps_a_messenger_does_not_depend_on_having_it():
    params = toy_params(
        1, network_value=3.0, keep_value=2.0, install_rate=0.02, drop_rate=0.01,
        failure_exit=2.0, taste_persistence=0.64,
    )  # fmt: skip
    users, step_records, env = (
        toy_users(2, 1),
        records(STEP_RECORD, 2),
        toy_env([[1.2], [0.3]], days=7.0),
    )
    # .6 is a whole number of steps
    users.installed[0], users.habit[0, 0], step_records.value[:, 0] = 1, in_steps(habit=0.6), 0.4
    scale = np.full(MAX, 0.6 / -np.expm1(-0.4), np.float32)
    found = np.zeros((2, 4, MAX), np.float32)
    keep(users, step_records, env, params, scale, found)
    one, other = found[:, :, 0]
    assert one == pytest.approx(other, rel=1e-6)
    enter, leave, held, habit = one
    a, b = 0.14 * sigmoid(1.2 / 0.6), 0.07 * sigmoid(-(1.2 + 2.0 * 0.6) / 0.6)
    assert held == pytest.approx(a / (a + b), rel=1e-6)
    assert enter == pytest.approx(held * -np.expm1(-a - b), rel=1e-5)
    assert leave == pytest.approx((1 - held) * -np.expm1(-a - b), rel=1e-5)
    assert habit == pytest.approx(0.6, rel=1e-6)


def test_who_would_take_it_up_would_not_use_more_than_all_of_it():
    """Habits of newcomers follow what it adds, by a scale that holds for the average user."""
    users, step_records, env = toy_users(1, 1), records(STEP_RECORD, 1), toy_env([[1.0]])
    step_records.value[0, 0] = 4.0
    found = np.zeros((1, 4, MAX), np.float32)
    keep(
        users,
        step_records,
        env,
        toy_params(1, install_rate=0.1, drop_rate=0.1),
        np.full(MAX, 1.5, np.float32),
        found,
    )
    assert found[0, 3, 0] == 1.0


FIRST = {"start": dt.date(2025, 6, 4)}
SHOCK = Shock(state_averse=2.0, indifferent=1.0, foreign_averse=-0.5)
EVERY_KIND = {
    "calls": Restriction(platforms=("whatsapp", "telegram"), channel="call", grade=1.0, **FIRST),
    "outage": Restriction(
        platforms=("telegram",), channel="message", grade=0.6, regions=("moscow", "volga"), **FIRST
    ),
    "gate": RegistrationGate(platforms=("whatsapp", "telegram"), grade=1.0, **FIRST),
    "order": Mandate(platform="max", segment="egov", rate=0.3, ceiling=0.8, **FIRST),
    "shops": Preinstallation(platform="max", rate=0.05, **FIRST),
    "media": Campaign(platform="max", awareness_rate=0.2, trial_rate=0.1, **FIRST),
    "fashion": Trend(platform="telegram", rate=0.6, **FIRST),
    "blackout": Shutdown(whitelist=("max", "vk"), grade=0.5, regions=("volga",), **FIRST),
    "chats": GroupMove(platform="max", segment="friends", rate=0.05, **FIRST),
    "relatives": Onboarding(platform="max", help=1.0, **FIRST),
    "hunt": VpnBlocking(rate=0.05, **FIRST),
    "fines": VpnFine(cost=0.5, **FIRST),
    "servers": VpnSupport(help=0.3, repair_rate=0.1, **FIRST),
    "leak": InformationEvent(
        platform="max", shock=SHOCK, awareness_rate=0.05, contact_rate=0.1, **FIRST
    ),
    "obedience": Compliance(
        platform="vk", shock=SHOCK, awareness_rate=0.05, lost_users=0.0, **FIRST
    ),
    "effort": Moderation(platform="whatsapp", effort=0.5, **FIRST),
    "banks": BankDelay(prevented=0.5, **FIRST),
}


@pytest.fixture
def started(monkeypatch):
    """Return a run about to start whose society is brought there in two sweeps."""
    monkeypatch.setattr(start, "N_SWEEPS", 2)
    config = load_config(
        "population.n_users=150", "network=watts_strogatz", "network.mean_degree=8",
        "dur_days=35", "behaviour.pair_rate=0.5", "behaviour.vpn_rate=0.1",
        "behaviour.chat_rate=0.1",
    )  # fmt: skip
    config = config.model_copy(update={"policies": EVERY_KIND})
    return simulation(config, start.prepare(config, Threads(1)))


def observed_step(run):
    """Take a step; return the users before it, and how all talked in it."""
    before = as_toy(run.state)
    run.step()
    for name in ("platform", "moved", "bound"):  # chats move before users look
        getattr(before.chats, name)[:] = getattr(run.state.chats, name)
    users = before.users.copy()
    return users, step_records_of(before, run.env)


def test_whole_steps_under_policies_of_every_kind_add_up(started):
    run = advanced(started, 4)
    _, step_records = observed_step(run)
    users = run.state.users
    series = step_series(run.config)
    values = {s: run.recorder.observations.steps[-1][0, k] for k, s in enumerate(series)}
    assert np.isfinite(list(values.values())).all()
    amounts = r"welfare|multihoming|use|chats|\w+_(attempts|incidents|losses)"
    shares = [v for s, v in values.items() if not re.fullmatch(amounts, s.measure)]
    assert min(shares) >= 0
    assert max(shares) <= 1 + 1e-6
    assert sum(v for s, v in values.items() if s.measure == "primary") == pytest.approx(1)
    said = sum(v for s, v in values.items() if s.measure in ("use", "unsent"))
    assert said == pytest.approx(from_fixed_point(intensity=users.intensity).mean(), rel=1e-5)
    max_app = run.config.messengers.index("max")
    assert (users.mandated >> max_app & 1).sum() > 20
    assert (users.installed & ~users.account).any()  # a new phone
    assert 0 < (users.news > 0).mean() < 1
    assert (run.state.chats.bound > 0).any()
    assert set(run.onsets) == {"obedience"}
    anew = run.state.copy()
    anew.publish(Threads(1))  # what all show from now on is what they are now
    assert (anew.public.choice_state == run.state.public.choice_state).all()
    assert (anew.public.belief_state == run.state.public.belief_state).all()
    assert step_records.openings.min() >= 0
    assert len(run.recorder.observations.months) == 1
    assert run.recorder.observations.flows[0].table.sum() == pytest.approx(1)


def test_what_is_recorded_is_what_the_users_have(started):
    run = advanced(started, 2)
    users, step_records = observed_step(run)
    row = dict(zip(step_series(run.config), run.recorder.observations.steps[-1][0], strict=True))

    def found(measure, platform="any", channel="any"):
        return row[Series(platform, channel, measure)]

    bits = {
        "installed": users.installed, "account": users.account, "mandated": users.mandated,
        "second_phone": users.second,
    }  # fmt: skip
    for p, name in enumerate(run.config.messengers):
        for measure, column in bits.items():
            assert found(measure, name) == pytest.approx((column >> p & 1).mean()), measure
        assert found("chats", name) == pytest.approx(chats_by_messenger(step_records)[:, p].mean())
        seen = -np.expm1(-step_records.openings[:, p].astype(float))
        assert found("dau", name) == pytest.approx(seen.mean())
    assert found("welfare") == pytest.approx(step_records.welfare.astype(float).mean())
    assert found("vpn") == pytest.approx((users.place & 1).mean())
    for a, kind in enumerate(run.config.abuse):
        assert found(f"{kind}_victims") == pytest.approx((users.victim >> a & 1).mean())
    abroad = users.abroad == 1
    for c, channel in enumerate(("message", "call")):
        for measure in ("reachable", "secure"):
            assert found(measure, "any", channel) == pytest.approx(
                step_records[measure][:, c].mean()
            )
        there = step_records.abroad[abroad, c].mean()
        assert found("reachable_abroad", "any", channel) == pytest.approx(there)
    assert step_records.chats.any()
    assert users.second.any()


@pytest.mark.parametrize(
    ("use", "access", "expected"),
    [
        ([0.5, 0.5], [0.0, 1.0], 1),
        ([0.92, 0.08], [0.0, 1.0], 0),
        ([0.88, 0.12], [0.0, 1.0], 1),
        ([0.5, 0.5], [0.05, 0.1], 0),
        ([0.0, 0.0], [1.0, 1.0], 0),  # who talks by phone alone
    ],
)
def test_a_user_is_exposed_of_whose_talk_by_messenger_the_state_reads_a_tenth(
    use, access, expected
):
    step_record, env = records(STEP_RECORD, 1)[0], toy_env([[1.2, 0.6], [0.3, 0.3]])
    step_record.use[:, :2], step_record.use[:, CELLULAR] = use, 1.0
    env.effects.access[:2], env.effects.access[CELLULAR] = access, 1.0
    assert is_exposed(someone(), step_record, env, toy_params(2)) == expected


def test_conditions_without_policies_are_the_same_in_every_step(started):
    quiet = PolicySchedule(started.config.model_copy(update={"policies": {}}))
    first, later = quiet.at(0), quiet.at(4)
    assert first.effects == later.effects
    assert first.attraction is later.attraction
