"""What platforms, media, moderators, banks and helpers mean in a step."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import sim.engine.policy_schedule
from sim.engine.policy_schedule import PolicySchedule
from sim.policies.abuse import BankDelay, Moderation
from sim.policies.circumvention import VpnBlocking, VpnFine, VpnSupport
from sim.policies.compliance import Compliance
from sim.policies.information import InformationEvent
from sim.policies.promotion import GroupMove, Onboarding
from sim.rules.networks import INVITED, ORDERED
from sim.rules.records import CALL, CELLULAR
from tests.helpers.in_force import (
    MAX_APP,
    NEWS,
    TELEGRAM,
    VK,
    WHATSAPP,
    WORLD,
    at,
    day,
    mandate,
    restriction,
    shutdown,
    world,
)

# A platform that obeys is read, and no longer restricted.


def compliance(**changes):
    keys = {
        "platform": "whatsapp", "degree": 0.8, "relief": 0.5, "shock": NEWS,
        "awareness_rate": 0.1, "contact_rate": 0.02, "start": day(3),
    }  # fmt: skip
    return Compliance(**keys | changes)


def test_who_complies_is_read_and_its_restrictions_fall():
    block = restriction(0.6, channel="any")
    before, half, after = (at(k, block, compliance(start=day(10))) for k in range(3))
    access = [env.effects.access[WHATSAPP] for env in (before, half, after)]
    assert access == pytest.approx([0, 0.8 * 4 / 7, 0.8])
    calls = [env.availability[0, CALL, WHATSAPP] for env in (before, half, after)]
    assert calls == pytest.approx([0.4, 1 - 0.6 * (1 - 0.5 * 4 / 7), 1 - 0.6 * 0.5])
    assert [env.effects.unreadable >> WHATSAPP & 1 for env in (before, half, after)] == [1, 1, 0]
    assert after.effects.access[TELEGRAM] == 0
    assert (after.availability[:, :, TELEGRAM] == 1).all()


def test_compliance_closes_nothing_that_was_open_to_the_state():
    assert at(1, compliance(platform="max", degree=0.3)).effects.access[MAX_APP] == 1


def test_compliance_does_not_end_a_shutdown():
    q = at(1, shutdown(), compliance(relief=1.0)).availability
    assert q[0, :, WHATSAPP] == pytest.approx(0.2)


def test_compliance_that_waits_for_losses_comes_with_them():
    """Nothing before; from the day of the loss on, at the earliest on its start."""
    policy = compliance(lost_users=0.2, start=day(10))
    schedule = PolicySchedule(world(policy))
    assert schedule.at(3).effects.access[WHATSAPP] == 0
    assert len(schedule.at(3).news) == 0
    for onset, expected in ((5.0, [0, 0.8 * 4 / 7, 0.8]), (21.0, [0, 0, 0, 0.8])):
        found = [schedule.at(k, {"policy_0": onset}).effects.access[WHATSAPP] for k in range(4)]
        assert found[: len(expected)] == pytest.approx(expected)
    assert schedule.at(3).effects.access[WHATSAPP] == 0  # another run's loss is not this one's


# Stories.


def story(platform="telegram", **changes):
    keys = {"platform": platform, "shock": NEWS, "awareness_rate": 0.1, "start": day(3)}
    return InformationEvent(**keys | changes)


def test_a_story_spreads_on_its_days_with_its_shock():
    policy = story(contact_rate=0.02, stop=day(10))
    news = [at(k, policy).news for k in range(3)]
    assert [len(n) for n in news] == [1, 1, 0]
    assert [n[0].media for n in news[:2]] == pytest.approx([0.4, 0.3])
    assert [n[0].contact for n in news[:2]] == pytest.approx([0.08, 0.06])
    one = news[0][0]
    assert one.platform == TELEGRAM
    assert one.shock.tolist() == [2.0, 1.0, -0.5]


def test_a_story_keeps_its_bit_and_its_draws_while_others_come_and_go():
    stories = [story(stop=day(7)), story("whatsapp"), compliance(lost_users=0.5), story("vk")]
    schedule = PolicySchedule(world(*stories))
    first, later = schedule.at(0).news, schedule.at(4).news
    assert first.bit.tolist() == [0, 1, 3]
    assert later.bit.tolist() == [1, 3]
    assert schedule.at(4, {"policy_2": 14.0}).news.bit.tolist() == [1, 2, 3]
    assert first.salt[1:].tolist() == later.salt.tolist()
    assert len(set(first.salt.tolist())) == 3


def test_a_story_has_its_draws_by_name_whatever_other_stories_spread():
    alone = PolicySchedule(WORLD.model_copy(update={"policies": {"leak": story()}}))
    among = PolicySchedule(
        WORLD.model_copy(update={"policies": {"a": story("vk"), "leak": story()}})
    )
    assert alone.at(0).news[0].salt == among.at(0).news[1].salt


@pytest.mark.parametrize(
    ("audience", "bits"),
    [((), 0), (("telegram",), 1 << TELEGRAM), (("vk", "max"), 1 << VK | 1 << MAX_APP)],
)
def test_media_of_a_platform_reach_its_users(audience, bits):
    assert at(0, story(audience=audience)).news[0].audience == bits


def test_everybody_hears_of_compliance():
    assert at(0, compliance()).news[0].audience == 0


# Abuse, banks, VPNs, help, orders to chats.


def test_what_one_moderator_misses_the_next_may_find():
    effort = [Moderation(platform="telegram", effort=e, start=day(0)) for e in (0.5, 0.2)]
    start = WORLD.platforms["telegram"].moderation
    for policies, missed in (([], 1.0), (effort[:1], 0.5), (effort, 0.4)):
        detection = at(0, *policies).effects.detection
        assert detection[TELEGRAM] == pytest.approx(1 - (1 - start) * missed)
        assert detection[WHATSAPP] == WORLD.platforms["whatsapp"].moderation


def test_calls_from_strangers_can_be_labelled():
    labels = Moderation(platform="cellular", effort=0.5, start=day(3))
    missed = 1 - WORLD.platforms["cellular"].moderation
    assert at(0, labels).effects.detection[CELLULAR] == pytest.approx(
        1 - missed * (1 - 0.5 * 4 / 7)
    )


def test_banks_prevent_one_after_the_other():
    delays = [BankDelay(prevented=p, start=day(3)) for p in (0.5, 0.2)]
    assert at(1, *delays).effects.loss == pytest.approx(0.5 * 0.8)
    assert at(0, delays[0]).effects.loss == pytest.approx(1 - 0.5 * 4 / 7)


def test_fines_cost_and_help_saves():
    fine, support = VpnFine(cost=1.5, start=day(3)), VpnSupport(help=0.5, start=day(0))
    assert at(0, fine, support).effects.vpn_cost == pytest.approx(1.5 * 4 / 7 - 0.5)
    assert at(1, fine, support).effects.vpn_cost == pytest.approx(1.0)


def test_blocked_vpns_lift_less_and_less_of_a_restriction():
    blocking = VpnBlocking(rate=0.05, start=day(7))
    q = [at(k, restriction(0.8), blocking).availability[1, CALL, WHATSAPP] for k in range(4)]
    lifted = 1 - (1 - np.array(q)) / 0.8
    assert lifted[0] == pytest.approx(WORLD.behaviour.vpn_efficacy, rel=2e-7)  # stored as f4
    assert (np.diff(lifted) < -0.01).all()
    without = [at(k, restriction(0.8), blocking).availability[0, CALL, WHATSAPP] for k in (0, 3)]
    assert without == pytest.approx([0.2, 0.2])


def test_steps_may_be_asked_for_in_any_order():
    policies = restriction(0.8), VpnBlocking(rate=0.05, start=day(7))
    forth, back = PolicySchedule(world(*policies)), PolicySchedule(world(*policies))
    one = [forth.at(k).availability.tobytes() for k in range(6)]
    other = [back.at(k).availability.tobytes() for k in reversed(range(6))]
    assert one == other[::-1]


def test_runs_in_several_threads_may_ask_at_once(monkeypatch):
    slowly = sim.engine.policy_schedule.efficacy_after
    policies = restriction(0.8), VpnBlocking(rate=0.05, start=day(7))
    alone = PolicySchedule(world(*policies))
    expected = [alone.at(k).availability.tobytes() for k in range(12)]

    def waiting(*arguments):
        time.sleep(0.002)  # others get their turn
        return slowly(*arguments)

    monkeypatch.setattr(sim.engine.policy_schedule, "efficacy_after", waiting)
    shared = PolicySchedule(world(*policies))
    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(
            lambda _: [shared.at(k).availability.tobytes() for k in range(12)], "x" * 8
        )
    assert all(run == expected for run in runs)


def test_help_with_taking_up_a_platform_counts_its_days():
    helps = [Onboarding(platform="max", help=h, start=day(3)) for h in (0.7, 1.4)]
    assert at(0, *helps).effects.onboarding[MAX_APP] == pytest.approx(2.1 * 4 / 7)
    assert at(1, helps[0]).effects.onboarding.tolist() == [0, 0, np.float32(0.7), 0, 0, 0]


def group_move(**changes):
    keys = {"platform": "max", "segment": "students", "rate": 0.02, "start": day(3)}
    return GroupMove(**keys | changes)


def test_an_order_to_chats_acts_on_its_days_and_reaches_one_after_another():
    policy = group_move(stop=day(18), ramp_days=10.0, ceiling=0.8)
    found = [at(step, policy) for step in range(4)]
    assert [len(env.orders) for env in found] == [1, 1, 1, 0]
    assert [len(env.mandates) for env in found] == [0] * 4
    orders = [env.orders[0] for env in found[:3]]
    assert [m.hazard for m in orders] == pytest.approx([0.08, 0.14, 0.08])
    assert [m.reached for m in orders] == pytest.approx([0.2, (6 * 0.7 + 1 * 1.0) / 7, 1.0])
    assert (orders[0].platform, orders[0].ceiling) == (MAX_APP, 0.8)
    assert orders[0].kind == list(WORLD.population.chats).index("students")
    assert orders[0].key != at(0, mandate(segment="students")).mandates[0].key


@pytest.mark.parametrize(("by", "outcome"), [("order", ORDERED), ("invitation", INVITED)])
def test_chats_move_by_order_or_invitation(by, outcome):
    assert at(0, group_move(by=by)).orders[0].outcome == outcome


def test_what_a_platform_does_is_a_fact_and_what_is_said_of_it_an_impression():
    assert at(0, compliance(), story()).news.lasting.tolist() == [1, 0]
