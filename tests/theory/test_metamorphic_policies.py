"""What must hold of policies in whole runs: none at no strength, unknown before their day."""

import datetime as dt

import numpy as np
import pytest

from sim.measures.series import Series, step_series
from sim.policies.abuse import BankDelay, Moderation
from sim.policies.circumvention import VpnBlocking, VpnFine, VpnSupport
from sim.policies.compliance import Compliance
from sim.policies.information import InformationEvent, Shock
from sim.policies.promotion import Campaign, GroupMove, Mandate, Onboarding, Preinstallation, Trend
from sim.policies.restrictions import RegistrationGate, Restriction, Shutdown
from tests.helpers.worlds import advanced, different, outcome, simulation, world

BAN = "+scenario=call_ban"
WEEKS = 30


def happening(**policies):
    """Return what comes of ``call_ban_only`` with policies added."""
    config, start = world("+scenario=call_ban_only")
    more = config.model_copy(update={"policies": {**config.policies, **policies}})
    return outcome(advanced(simulation(more, start), WEEKS))


START = {"start": dt.date(2025, 7, 1)}
READ = Shock(state_averse=2.0, indifferent=1.0, foreign_averse=0.5)
NOTHING = {
    "a restriction of grade 0": Restriction(
        platforms=("max", "telegram"), channel="any", grade=0.0, **START
    ),
    "a gate of grade 0": RegistrationGate(platforms=("telegram",), grade=0.0, **START),
    "a mandate with ceiling 0": Mandate(
        platform="max", segment="egov", rate=0.5, ceiling=0.0, **START
    ),
    "a mandate of rate 0": Mandate(platform="max", segment="egov", rate=0.0, **START),
    "a campaign of rate 0": Campaign(platform="max", awareness_rate=0.0, **START),
    "pre-installation of rate 0": Preinstallation(platform="max", rate=0.0, **START),
    "a trend of rate 0": Trend(platform="max", rate=0.0, **START),
    "a shutdown of grade 0": Shutdown(whitelist=("max",), grade=0.0, **START),
    "an order to no chat": GroupMove(
        platform="max", segment="pupils", rate=0.5, ceiling=0.0, **START
    ),
    "an order of rate 0": GroupMove(platform="max", segment="pupils", rate=0.0, **START),
    "no help": Onboarding(platform="max", help=0.0, **START),
    "VPN blocking of rate 0": VpnBlocking(rate=0.0, **START),
    "a fine of 0": VpnFine(cost=0.0, **START),
    "support that gives nothing": VpnSupport(help=0.0, **START),
    "a story nobody tells": InformationEvent(
        platform="max", shock=READ, awareness_rate=0.0, contact_rate=1.0, **START
    ),
    "moderation without effort": Moderation(platform="telegram", effort=0.0, **START),
    "a bank delay that prevents nothing": BankDelay(prevented=0.0, **START),
    "compliance to no degree": Compliance(
        platform="telegram", degree=0.0, relief=0.0, shock=READ, awareness_rate=0.0, **START
    ),
    "compliance that waits in vain": Compliance(
        platform="telegram", lost_users=1.0, shock=READ, awareness_rate=1.0, **START
    ),
}


@pytest.mark.parametrize("policy", NOTHING.values(), ids=NOTHING)
def test_a_policy_of_no_strength_is_none(policy):
    assert happening(policy=policy) == happening()


LATE = {"start": dt.date(2025, 10, 8)}  # a Wednesday, in the step that begins on Monday, the 6th
SOMETHING = {
    "restriction": Restriction(platforms=("whatsapp",), channel="message", grade=0.9, **LATE),
    "gate": RegistrationGate(platforms=("telegram", "vk"), grade=1.0, **LATE),
    "mandate": Mandate(platform="max", segment="egov", rate=0.1, **LATE),
    "campaign": Campaign(platform="max", awareness_rate=0.1, trial_rate=0.1, **LATE),
    "pre-installation": Preinstallation(platform="max", rate=0.1, **LATE),
    "trend": Trend(platform="telegram", rate=5.0, **LATE),
    "shutdown": Shutdown(whitelist=("max",), grade=0.9, **LATE),
    "order to chats": GroupMove(platform="max", segment="friends", rate=0.1, **LATE),
    "onboarding": Onboarding(platform="max", help=3.0, **LATE),
    "VPN blocking": VpnBlocking(rate=0.2, **LATE),
    "VPN fine": VpnFine(cost=5.0, **LATE),
    "VPN support": VpnSupport(help=5.0, **LATE),
    "story": InformationEvent(platform="max", shock=READ, awareness_rate=0.1, **LATE),
    "compliance": Compliance(platform="telegram", shock=READ, awareness_rate=0.1, **LATE),
    "moderation": Moderation(platform="telegram", effort=0.9, **LATE),
    "bank delay": BankDelay(prevented=0.5, **LATE),
}


@pytest.mark.parametrize("policy", SOMETHING.values(), ids=SOMETHING)
def test_before_a_policy_starts_no_bit_knows_of_it(policy):
    config, start = world("+scenario=call_ban_only")
    more = config.model_copy(update={"policies": {**config.policies, "late": policy}})
    runs = [simulation(c, start) for c in (config, more)]
    step = (LATE["start"] - config.start).days // 7
    assert outcome(advanced(runs[0], step)) == outcome(advanced(runs[1], step))
    assert outcome(advanced(runs[0], 8)) != outcome(advanced(runs[1], 8))


def test_a_gate_that_lets_nobody_pass_stops_pairs_as_well():
    """Pairs are how imo grows; behind a closed gate no account is added."""
    closed = RegistrationGate(platforms=("imo",), grade=1.0, start=dt.date(2025, 6, 2))
    config, start = world("+scenario=call_ban_only")
    gated = config.model_copy(update={"policies": {**config.policies, "gate": closed}})
    free, shut = (advanced(simulation(c, start), WEEKS) for c in (config, gated))
    bit = 1 << config.messengers.index("imo")
    n_free, n_shut = (int((run.state.users.account & bit > 0).sum()) for run in (free, shut))
    assert n_shut == int((start.users.account & bit > 0).sum()) < n_free


# A platform that gives in does so for its losses.


def giving_in(lost, start, **changes):
    """Return a run in which WhatsApp is blocked and complies after a loss, step by step."""
    config, world_start = world("+scenario=baseline")
    policies = {
        "block": Restriction(
            platforms=("whatsapp",), channel="any", grade=0.95, start=dt.date(2025, 6, 16)
        ),
        "obedience": Compliance(
            platform="whatsapp", lost_users=lost, shock=READ, awareness_rate=0.1,
            start=start, **changes,
        ),
    }  # fmt: skip
    run = simulation(config.model_copy(update={"policies": policies}), world_start)
    k = step_series(run.config).index(Series("whatsapp", "any", "dau"))
    daily, access, news = [], [], []
    for _ in range(WEEKS):
        run.step()
        daily.append(run.recorder.observations.steps[-1][0, k])
        access.append(float(run.env.effects.access[0]))
        news.append(len(run.env.news))
    return run, np.array(daily), np.array(access), np.array(news)


@pytest.mark.parametrize("start", [dt.date(2025, 6, 2), dt.date(2025, 11, 3)])
def test_a_platform_complies_in_the_step_after_its_loss_and_not_before_its_date(start):
    run, daily, access, news = giving_in(0.2, start)
    lost = 1 - daily / daily[0] >= 0.2
    may = 7 * (np.arange(WEEKS) + 1) > (start - run.config.start).days
    first = int(np.argmax(lost & may)) + 1  # the step after
    assert 2 < first < WEEKS - 1
    assert (access[:first] == 0).all()
    assert (access[first:] == 1).all()
    assert (news > 0).tolist() == (np.arange(WEEKS) >= first).tolist()
    assert run.onsets == {"obedience": 7.0 * first}
    assert run.env.availability[0, 0, 0] == 1  # relieved of the block


def test_a_platform_that_does_not_lose_enough_never_complies():
    run, daily, access, news = giving_in(0.99, dt.date(2025, 6, 2))
    assert (1 - daily / daily[0]).max() < 0.99
    assert run.onsets == {}
    assert not access.any()
    assert not news.any()


def test_banks_that_wait_lower_losses_and_nothing_else():
    config, start = world("+scenario=call_ban_only")
    delay = BankDelay(prevented=0.6, **START)
    usual, held = (
        outcome(advanced(simulation(config.model_copy(update={"policies": p}), start), 12))
        for p in (config.policies, {**config.policies, "delay": delay})
    )
    assert different(usual, held) == {"steps.fraud_losses"}


def test_moderation_lowers_incidents_there_and_moves_attempts_on():
    slow = ("abuse.fraud.response=1.0", "abuse.fraud.elasticity=1.0")
    config, start = world("+scenario=baseline", "population.n_users=2000", *slow)
    effort = Moderation(platform="whatsapp", effort=0.9, start=config.start)
    series = step_series(config)
    runs = [
        advanced(simulation(config.model_copy(update={"policies": p}), start), 20)
        for p in ({}, {"effort": effort})
    ]
    usual, moderated = (
        dict(zip(series, run.recorder.observations.steps[-1][0], strict=True)) for run in runs
    )
    incidents = Series("any", "any", "fraud_incidents")
    assert moderated[incidents] < usual[incidents] - 0.05
    attempts = [Series(p, "any", "fraud_attempts") for p in ("whatsapp", "cellular")]
    assert moderated[attempts[0]] < usual[attempts[0]]
    assert moderated[attempts[1]] > usual[attempts[1]]
    assert (runs[0].state.users.installed == runs[1].state.users.installed).all()
