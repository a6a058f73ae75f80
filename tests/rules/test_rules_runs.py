"""Rules that move pairs, rules that observe, and whole steps, small enough to be interpreted."""

import datetime as dt
import re

import numpy as np
import pytest

from sim import load_config
from sim.engine import start
from sim.engine.accumulators import is_exposed, primary
from sim.engine.engines import agreements
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
from sim.population.graph import Graph
from sim.rules import pairing
from sim.rules.candidates import candidate_buffer
from sim.rules.chance import sigmoid
from sim.rules.contact import contact
from sim.rules.packed_state import aware_of, pack_belief_state, pack_choice_state, usable
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, STEP_RECORD, records
from sim.rules.step import after_choice
from sim.rules.surveillance_attitude import surveillance_attitude
from tests.helpers.ties import equal_ties, ties_of
from tests.helpers.worlds import (
    HABIT_UNIT,
    advanced,
    as_toy,
    chats_by_messenger,
    from_fixed_point,
    in_steps,
    keys,
    simulation,
    someone,
    step_records_of,
    toy_env,
    toy_params,
    toy_state,
    toy_users,
)

pytestmark = pytest.mark.interpreted

VALUES = [[1.2, 0.6, 0.9], [0.3, 0.3, 1.0]]
QUANTILES = (np.arange(3000) + 0.5) / 3000


def blocked(*calls):
    """Return what is in force where calls on each messenger newly succeed with chances `calls`."""
    env = toy_env(VALUES, q=np.array([[[1.0, 1.0, 1.0], calls]]))
    env.surprise[:, CALL, :3] = 1.0 - np.array(calls)
    return env


def test_the_contact_at_a_quantile_follows_the_weights_of_the_ranks():
    star = Graph.from_pairs(5, np.array([(0, k) for k in range(1, 5)]), seed=1)
    ties = ties_of(star.indptr, star.indices)
    chosen = np.array([contact(0, ties, u) for u in QUANTILES])
    shares = [(chosen == other).mean() for other in star.indices[:4]]
    weights = np.arange(1, 5) ** -0.9
    assert shares == pytest.approx(weights / weights.sum(), abs=1 / 3000)
    assert contact(0, ties, 0.0) == star.indices[0]
    assert contact(0, ties, 1 - 2**-53) == star.indices[3]


def test_a_user_without_ties_has_no_contact():
    assert contact(1, equal_ties([[2], [], [0]]), 0.3) == -1


def pair_params(**values):
    appeals = np.array([-np.inf, 0.0, -1.0, -np.inf, -np.inf, -np.inf])
    return toy_params(3, pair_appeal=appeals, **values)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_the_destination_of_a_pair_follows_the_logit_of_appeals(kind):
    params = pair_params(risk_value=0.8)
    users, env = toy_users(1, 3), blocked(0.1, 1.0, 0.5)
    users.type[:], users.concern[:] = kind, in_steps(concern=1.2)
    users.belief[0, :3] = in_steps(belief=(5.0, 0.9, -1.1))
    pulls = [np.exp(0.8 * surveillance_attitude(users[0], p)) for p in range(3)]
    weights = np.array([0, pulls[1], 0.5 * np.exp(-1) * pulls[2]])  # calls on 2 half succeed
    chosen = np.array([pairing.destination(users[0], env, params, u) for u in QUANTILES])
    shares = np.bincount(chosen, minlength=3) / 3000
    assert shares == pytest.approx(weights / weights.sum(), abs=1 / 3000)


def test_there_is_nowhere_to_go_where_no_call_succeeds():
    assert pairing.destination(toy_users(1, 3)[0], blocked(1, 0, 0), pair_params(), 0.5) == -1


def test_what_moves_pairs_is_the_share_of_habits_that_newly_fails():
    users, params, env = toy_users(1, 3), pair_params(), blocked(0.1, 1.0, 0.5)
    users.habit[0, :3] = in_steps(habit=(0.5, 0.3, 0.1))
    env.surprise[:, MESSAGE, 1] = 0.6
    calls, messages = 0.5 * 0.9 + 0.1 * 0.5, 0.3 * 0.6
    failed = pairing.sudden_failure(users[0], env, params)
    assert failed == pytest.approx(0.2 * calls + 0.8 * messages, abs=HABIT_UNIT)


def test_who_asks_does_so_at_the_hazard_of_all_that_newly_fails():
    """Habits may add up to more than 1: so they do for some, at the start."""
    users, params, env = toy_users(3000, 3), pair_params(pair_rate=2.0), blocked(0.0, 0.0, 1.0)
    users.habit[:, :3] = in_steps(habit=(0.9, 0.6, 1.0))
    found = [
        pairing.asks_to_move_calls(i, user, env, params, keys(0)) for i, user in enumerate(users)
    ]
    chance = 1 - np.exp(-2.0 * 0.2 * 1.5)
    assert np.mean(found) == pytest.approx(chance, abs=3 * np.sqrt(chance * (1 - chance) / 3000))


def asked(rate=1e6, calls=(0.0, 1.0, 0.0), new=1.0, **traits):
    """Let user 0 look at its one contact, and perhaps ask it; returns all that takes part.

    Of the failure of calls the share `new` is what nobody is used to.
    """
    users = toy_users(2, 3)
    users.account[:], users.habit[:, 0] = 0, in_steps(habit=0.5)
    for name, values in traits.items():
        users[name] = values
    env, params, agreed = blocked(*calls), pair_params(pair_rate=rate), agreements(2)
    env.surprise[:] *= new
    state = toy_state(users, equal_ties([[1], [0]]), params)
    belief_state, key = state.public.belief_state, keys(0)
    after_choice(
        0, 1, users, state.step_records, belief_state, state.ties, env, params, key, agreed,
        candidate_buffer(1),
    )  # fmt: skip
    return state, agreed, env


def test_when_calls_fail_both_ends_move_to_where_they_succeed():
    state, agreed, env = asked()
    users, public, params = state.users, state.public, state.params
    assert agreed.n[0] == 2
    assert agreed.who[:2].tolist() == [0, 1]
    assert agreed.platform[:2].tolist() == [1, 1]
    assert not users.installed.any()  # nobody changes while others still look
    before = public.choice_state.copy()
    pairing.apply_agreements(users, public, agreed, env, params, keys(0))
    assert (users.installed == 0b10).all()
    assert (users.account == 0b10).all()
    assert agreed.n[0] == 0
    assert (public.choice_state == before).all()
    for i, user in enumerate(users):  # all see it from the next step on
        assert public.next_choice_state[i] == np.uint64(pack_choice_state(user, params))
        assert usable(public.next_choice_state[i]) == 0b10
        assert public.next_belief_state[i] == np.uint64(pack_belief_state(user))
        assert aware_of(public.next_belief_state[i]) >> 1 & 1
    assert public.next_choice_state[2] == 0  # that of nobody


def test_whatever_others_agree_on_a_gate_lets_no_new_account_pass():
    state, agreed, env = asked(account=[0b10, 0])
    env.effects.passing[1] = 0.0
    pairing.apply_agreements(state.users, state.public, agreed, env, state.params, keys(0))
    assert state.users.installed.tolist() == [0b10, 0]
    assert state.users.account.tolist() == [0b10, 0]


def test_several_agreements_are_kept_and_one_made_twice_is_made_once():
    users, agreed = toy_users(5, 3), agreements(5)
    state, env = toy_state(users, equal_ties([[]] * 5), pair_params()), blocked(1, 1, 1)
    pairs = ((0, 1, 1), (2, 1, 2), (1, 0, 1))  # who, whom and where to
    for who, whom, platform in pairs:
        n = agreed.n[0]
        agreed.who[n : n + 2], agreed.platform[n : n + 2] = (who, whom), platform
        agreed.n[0] = n + 2
    pairing.apply_agreements(users, state.public, agreed, env, state.params, keys(0))
    assert users.installed.tolist() == [0b010, 0b110, 0b100, 0, 0]
    assert not state.public.next_choice_state[3:].any()


@pytest.mark.parametrize(
    "reason",
    [{"rate": 0.0}, {"calls": (1.0, 1.0, 1.0)}, {"calls": (0.0, 0.0, 0.0)},
     {"new": 0.0}, {"online": [0, 1]}, {"online": [1, 0]}],
    ids=["no rate", "calls succeed", "nowhere to go", "no surprise", "offline", "contact offline"],
)  # fmt: skip
def test_nobody_moves_without(reason):
    _, agreed, _ = asked(**reason)
    assert agreed.n[0] == 0


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
