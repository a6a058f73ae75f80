"""What institutions, media and shops do to a user, rule by rule."""

import numpy as np
import pytest

from sim.rng import purpose_key
from sim.rules import push
from sim.rules.records import MANDATE, records
from tests.worlds import keys, someone, toy_now, toy_rules

pytestmark = pytest.mark.interpreted

NOW = toy_now([[1.2, 0.6], [0.3, 0.3]])


def a_mandate(**values):
    mandate = records(MANDATE, 1)
    mandate.segment, mandate.hazard, mandate.ceiling, mandate.reached = 0b100, 0.3, 1.0, 1.0
    mandate.key = purpose_key(1, 0, "rollout")
    for name, value in values.items():
        mandate[name] = value
    return mandate


@pytest.mark.parametrize(("ceiling", "reached"), [(1.0, 1.0), (0.6, 1.0), (0.6, 0.5), (0.0, 1.0)])
def test_a_mandate_reaches_its_segment_up_to_its_ceiling(ceiling, reached):
    mandate, share = a_mandate(ceiling=ceiling, reached=reached)[0], ceiling * reached
    member, other = someone(segments=0b110), someone(segments=0b011)
    hazards = np.array([push.mandate_hazard(i, member, mandate) for i in range(2000)])
    assert set(hazards) <= {0.0, 0.3}
    error = np.sqrt(share * (1 - share) / 2000)
    assert abs((hazards > 0).mean() - share) <= 4 * error
    assert push.mandate_hazard(0, other, mandate) == 0


def test_push_gives_the_app_the_account_and_the_demand():
    mandates = a_mandate(platform=1, hazard=99.0)
    user = someone(segments=0b100, account=0, aware=0)
    push.receive(0, user, NOW._replace(mandates=mandates), toy_rules(2), keys(0))
    assert user.installed == user.account == user.mandated == user.aware == 0b10
    offline = someone(segments=0b100, account=0, aware=0, online=0)
    push.receive(0, offline, NOW._replace(mandates=mandates), toy_rules(2), keys(0))
    assert offline.installed == offline.mandated == 0


def test_a_campaign_makes_people_aware_first_and_try_then():
    now, rules = toy_now([[1.2, 0.6], [0.3, 0.3]]), toy_rules(2)
    now.force.awareness[1], now.force.trial[1] = 99.0, 99.0
    user = someone(account=0, aware=0)
    push.hear(0, user, 1, now.force, rules, keys(0))
    assert (user.aware, user.installed) == (0b10, 0)
    push.hear(0, user, 1, now.force, rules, keys(1))
    assert user.installed == user.account == 0b10


def test_the_type_of_a_user_decides_how_soon_it_tries():
    now, rules = (
        toy_now([[1.2, 0.6], [0.3, 0.3]]),
        toy_rules(2, trial_type=1.0, state_access=[0, 1, 0, 0, 0, 0]),
    )
    now.force.trial[1] = 0.2
    for kind in (-1, 0, 1):
        tried = 0
        for i in range(1500):
            user = someone(account=0, type=kind)
            push.hear(i, user, 1, now.force, rules, keys(0))
            tried += int(user.installed) >> 1
        chance = 1 - np.exp(-0.2 * np.exp(kind))
        assert abs(tried / 1500 - chance) < 4 * np.sqrt(chance * (1 - chance) / 1500), kind


def test_a_new_phone_brings_the_app_and_no_account():
    now, user = toy_now([[1.2, 0.6], [0.3, 0.3]]), someone(account=0, aware=0)
    now.force.preinstall[1] = 99.0
    push.buy_phone(0, user, 1, now.force, keys(0))
    assert (user.installed, user.account, user.aware) == (0b10, 0, 0b10)


def test_a_new_phone_wakes_no_old_account():
    now, user = toy_now([[1.2, 0.6], [0.3, 0.3]]), someone(account=0b10, installed=0)
    now.force.preinstall[1] = 99.0
    push.buy_phone(0, user, 1, now.force, keys(0))
    assert user.installed == 0


@pytest.mark.parametrize("account", [0, 0b10])
def test_whoever_joins_in_whatever_way_passes_the_gate_unless_the_account_is_old(account):
    now, user = toy_now([[1.2, 0.6], [0.3, 0.3]]), someone(account=account, installed=0)
    now.force.passing[1] = 0.0
    push.join(0, user, 1, now.force, keys(0))
    assert user.installed == user.account == account
