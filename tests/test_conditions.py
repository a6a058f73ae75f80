"""What policies mean in a step: grades, gates, hazards, and the tables that pairs read."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.conditions
from sim import load_config
from sim.conditions import Conditions
from sim.grades import as_restrictions, mean_grades
from sim.platforms import CHANNELS
from sim.policies import (
    BankDelay,
    Campaign,
    Compliance,
    GroupMove,
    InformationEvent,
    Mandate,
    Moderation,
    Onboarding,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Shock,
    Shutdown,
    Trend,
    VpnBlocking,
    VpnFine,
    VpnSupport,
)
from sim.rules.records import CALL, CELLULAR, INVITED, MAX, MESSAGE, ORDERED

WORLD = load_config()
START = WORLD.start
STEP = WORLD.step_days
WHATSAPP, TELEGRAM, MAX_APP, VK = (
    WORLD.messengers.index(name) for name in ("whatsapp", "telegram", "max", "vk")
)
MOSCOW = WORLD.regions.index("moscow")
SLICES = 16  # of a day, in the brute-force sums
NEWS = Shock(state_averse=2.0, indifferent=1.0, foreign_averse=-0.5)


def day(k):
    return START + dt.timedelta(days=k)


def world(*policies, **changes):
    """Return the configuration in which `policies`, and nothing else, happen."""
    named = {f"policy_{k}": policy for k, policy in enumerate(policies)}
    return WORLD.model_copy(update={"policies": named, **changes})


def at(step, *policies, **changes):
    return Conditions(world(*policies, **changes)).at(step)


def restriction(grade, start=0, stop=None, ramp=0.0, channel="call", regions="all"):
    return Restriction(
        platforms=("whatsapp",),
        channel=channel,
        grade=grade,
        ramp_days=ramp,
        regions=regions,
        start=day(start),
        stop=None if stop is None else day(stop),
    )


def grades(step, *policies, obeyed=()):
    """Return the grades of WhatsApp in Moscow by channel."""
    span = (step * STEP, (step + 1) * STEP, START)
    return mean_grades(world(*policies), list(policies), span, obeyed)[MOSCOW, :, WHATSAPP]


def test_nothing_in_force_hinders_nobody():
    now = at(0)
    assert (now.availability == 1).all()
    assert (now.force.passing == 1).all()
    assert (now.force.trend_openings == 1).all()
    assert len(now.mandates) == len(now.orders) == len(now.news) == 0
    for effect in ("awareness", "trial", "preinstall", "trend", "onboarding"):
        assert (now.force[effect] == 0).all()
    assert (now.force.vpn_cost, now.force.loss) == (0, 1)
    for k, name in (*enumerate(WORLD.messengers), (CELLULAR, "cellular")):
        assert now.force.access[k] == WORLD.platforms[name].state_access
        assert now.force.detection[k] == WORLD.platforms[name].moderation


def test_a_messenger_is_safe_of_which_the_state_reads_less_than_half():
    platforms = {
        name: platform.model_copy(update={"state_access": access})
        for (name, platform), access in zip(
            WORLD.platforms.items(), (0.0, 0.49, 0.5, 1.0, 0.2, 0.0), strict=True
        )
    }
    assert at(0, platforms=platforms).force.unreadable == 0b10011


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([restriction(0.4), restriction(0.9), restriction(0.6)], 0.9),  # the strongest
        ([restriction(0.7, start=2)], 0.7 * 5 / 7),  # from Wednesday
        ([restriction(0.7, start=2, stop=3)], 0.7 / 7),  # one day
        ([restriction(0.7, start=7)], 0.0),  # next week
        ([restriction(0.3, stop=4), restriction(0.8, start=3)], (3 * 0.3 + 4 * 0.8) / 7),
        ([restriction(0.8, ramp=7.0)], 0.4),
        ([restriction(0.8, ramp=14.0)], 0.2),
        ([restriction(0.8, ramp=2.0)], 0.8 * 6 / 7),
        ([restriction(0.8, start=3, ramp=2.0)], 0.8 * 3 / 7),
    ],
)
def test_a_step_counts_the_grade_of_each_of_its_days(policies, expected):
    assert grades(0, *policies) == pytest.approx([0, expected])


def test_a_ramp_counts_only_on_the_days_on_which_it_is_the_strongest():
    """It passes the steady 0.25 after a quarter of its four days, as in March 2026."""
    _, call = grades(0, restriction(0.25, stop=4), restriction(1.0, stop=4, ramp=4.0))
    assert call == pytest.approx((1 * 0.25 + 3 * 0.625) / 7)


restrictions = st.builds(
    lambda grade, start, length, ramp, channel: restriction(
        grade / 10, start, start + length, ramp, channel
    ),
    st.integers(0, 10),
    st.integers(0, 20),
    st.integers(1, 20),
    st.integers(0, 9).map(float),
    st.sampled_from(["message", "call", "any"]),
)


obeyed = st.builds(
    lambda relief, start, length: Compliance(
        platform="whatsapp", relief=relief / 10, shock=NEWS, awareness_rate=0.0,
        start=day(start), stop=day(start + length),
    ),
    st.integers(0, 10),
    st.integers(0, 20),
    st.integers(1, 20),
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(restrictions, max_size=4), st.lists(obeyed, max_size=2), st.integers(0, 4))
def test_grades_are_the_mean_of_the_strongest_at_every_moment(policies, relieved, step):
    """Less what a platform is relieved of that obeys."""
    moments = step * STEP + (np.arange(STEP * SLICES) + 0.5) / SLICES
    expected = np.zeros((len(moments), 2))
    for p in policies:
        first, last = (p.start - START).days, (p.stop - START).days
        rise = np.ones(len(moments))
        if p.ramp_days:
            rise = np.clip((moments - first) / p.ramp_days, 0, 1)
        now = np.where((first <= moments) & (moments < last), p.grade * rise, 0)
        for c in range(2) if p.channel == "any" else [CHANNELS.index(p.channel)]:
            expected[:, c] = np.maximum(expected[:, c], now)
    for p in relieved:
        first, last = (p.start - START).days, (p.stop - START).days
        expected[(first <= moments) & (moments < last)] *= 1 - p.relief
    found = grades(step, *policies, obeyed=relieved)
    assert found == pytest.approx(expected.mean(axis=0), abs=2e-3)


def test_a_region_is_restricted_alone():
    q = at(0, restriction(0.7, regions=("moscow",))).availability
    places = np.zeros(len(q), bool)
    places[[2 * MOSCOW, 2 * MOSCOW + 1]] = True
    assert q[2 * MOSCOW, CALL, WHATSAPP] == pytest.approx(0.3)
    assert (q[~places] == 1).all()
    assert (q[:, MESSAGE] == 1).all()


def test_both_channels_of_every_named_platform_fail_and_no_other():
    both = Restriction(platforms=("whatsapp", "telegram"), channel="any", grade=0.5, start=START)
    q = at(0, both).availability[0]  # no VPN
    assert WORLD.platforms["telegram"].circumvention == 0.1
    assert q[:, [WHATSAPP, TELEGRAM]] == pytest.approx(np.tile([0.5, 1 - 0.5 * 0.9], (2, 1)))
    others = [p for p in range(MAX) if p not in (WHATSAPP, TELEGRAM)]
    assert (q[:, others] == 1).all()


def test_a_vpn_and_built_in_proxies_lift_a_restriction():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"circumvention": 0.25})
    q = at(0, restriction(0.8), platforms=platforms).availability[:-1, CALL, WHATSAPP]
    assert q[::2] == pytest.approx(1 - 0.8 * 0.75)
    assert q[1::2] == pytest.approx(1 - 0.8 * 0.75 * (1 - WORLD.behaviour.vpn_efficacy))


def gate(grade, start=0):
    return RegistrationGate(platforms=("whatsapp",), grade=grade, start=day(start))


def test_two_gates_have_to_be_passed_one_after_the_other():
    assert at(0, gate(0.5), gate(0.2)).force.passing[WHATSAPP] == pytest.approx(0.5 * 0.8)
    assert at(0, gate(0.7, start=2)).force.passing[WHATSAPP] == pytest.approx(1 - 0.7 * 5 / 7)
    assert at(0, gate(0.5)).force.passing[TELEGRAM] == 1


def test_a_trend_runs_until_its_stop_and_then_stays():
    trend = Trend(platform="telegram", rate=0.6, start=day(3), stop=day(21))
    years = [at(step, trend).force.trend[TELEGRAM] / 0.6 * 365.25 for step in range(5)]
    # days, the mean over each step: in the first, four days that end at 4
    assert years == pytest.approx([4 * 2 / 7, 7.5, 14.5, 18, 18])
    force = at(3, trend).force
    assert force.trend_openings[TELEGRAM] == pytest.approx(np.exp(0.6 * 18 / 365.25))


HAZARDS = [
    Campaign(platform="max", awareness_rate=0.03, trial_rate=0.02, start=day(3), stop=day(18)),
    Campaign(platform="max", awareness_rate=0.01, start=day(9)),
    Preinstallation(platform="max", rate=0.001, start=day(5), stop=day(25)),
]


@pytest.mark.parametrize("hazard", ["awareness", "trial", "preinstall"])
def test_hazards_add_up_however_time_is_cut(hazard):
    p = WORLD.messengers.index("max")
    sums = [
        sum(at(k, *HAZARDS, step_days=STEP / n).force[hazard][p] for k in range(4 * n))
        for n in (1, 2, 7)
    ]
    rates = {"awareness": 0.03 * 15 + 0.01 * 19, "trial": 0.02 * 15, "preinstall": 0.001 * 20}
    assert sums == pytest.approx([rates[hazard]] * 3, rel=1e-12)


def mandate(**changes):
    keys = {"platform": "max", "segment": "pupils", "rate": 0.02, "start": day(3)}
    return Mandate(**keys | changes)


def test_a_mandate_acts_on_its_days_and_reaches_one_after_another():
    policy = mandate(stop=day(18), ramp_days=10.0, ceiling=0.8)
    found = [at(step, policy).mandates for step in range(4)]
    assert [len(m) for m in found] == [1, 1, 1, 0]
    assert [m[0].hazard for m in found[:3]] == pytest.approx([0.08, 0.14, 0.08])
    assert [m[0].reached for m in found[:3]] == pytest.approx([0.2, (6 * 0.7 + 1 * 1.0) / 7, 1.0])
    m = found[0][0]
    assert (m.platform, m.ceiling) == (WORLD.messengers.index("max"), 0.8)
    assert m.segment == 1 << list(WORLD.population.segments).index("pupils")


def test_a_mandates_hazard_adds_up_however_time_is_cut():
    policy = mandate(stop=day(18))
    for n in (1, 2, 7):
        steps = (at(k, policy, step_days=STEP / n).mandates for k in range(4 * n))
        assert sum(m.hazard.sum() for m in steps) == pytest.approx(0.02 * 15, rel=1e-12)


def test_a_segment_is_reached_in_the_same_order_by_whatever_mandate():
    keys = {at(1, mandate(**c)).mandates[0].key for c in ({}, {"rate": 0.5}, {"start": day(7)})}
    assert len(keys) == 1
    other = at(1, mandate(segment="students")).mandates[0].key
    assert other not in keys
    assert at(1, mandate(), seed=2).mandates[0].key not in keys


BLOCKS = [
    restriction(0.9, channel="any", regions=("moscow", "volga")),
    restriction(0.6),
]


def test_what_a_pair_can_do_is_the_same_from_both_ends():
    now = at(0, *BLOCKS)
    assert np.array_equal(now.attraction, now.attraction.swapaxes(0, 1))
    assert np.array_equal(now.best, now.best.swapaxes(0, 1))


def test_the_attraction_of_a_pair_is_its_formula():
    now, b = at(0, *BLOCKS), WORLD.behaviour
    q = now.availability[:, None] * now.availability[None]  # of both ends
    for p, name in enumerate(WORLD.messengers):
        platform = WORLD.platforms[name]
        for c, (value, loss) in enumerate(
            [(platform.message_value, b.message_loss), (platform.call_value, b.call_loss)]
        ):
            expected = np.exp(value - loss * (1 - q[:, :, c, p]))
            assert now.attraction[:, :, c, p] == pytest.approx(expected, rel=1e-12)
            assert now.best[:, :, c, 1 << p] == pytest.approx(q[:, :, c, p], rel=1e-6)


def test_a_messenger_without_a_channel_attracts_nobody_there():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"channels": ("message",)})
    now = at(0, platforms=platforms)
    assert (now.attraction[:, :, CALL, WHATSAPP] == 0).all()
    assert (now.best[:, :, CALL, 1 << WHATSAPP] == 0).all()
    assert (now.best[:, :, MESSAGE, 1 << WHATSAPP] == 1).all()


def test_columns_beyond_the_messengers_attract_nobody():
    n = len(WORLD.messengers)
    now = at(0)
    assert (now.attraction[..., n:] == 0).all()
    nobodys = [bits for bits in range(2**MAX) if bits % 2**n == 0]
    assert (now.best[..., nobodys] == 0).all()


def test_steps_with_the_same_availability_share_their_tables():
    conditions = Conditions(world(restriction(0.9, start=7)))
    assert conditions.at(1).attraction is conditions.at(5).attraction
    assert conditions.at(0).attraction is not conditions.at(1).attraction


# A shutdown leaves nothing to get around.


def shutdown(grade=0.8, start=0, **changes):
    return Shutdown(whitelist=("max", "vk"), grade=grade, start=day(start), **changes)


def test_a_shutdown_spares_its_whitelist_and_no_vpn_or_proxy_helps():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"circumvention": 0.9})
    q = at(0, shutdown(), platforms=platforms).availability[:-1, :, : len(WORLD.messengers)]
    spared = np.isin(np.arange(len(WORLD.messengers)), [MAX_APP, VK])
    assert (q[:, :, spared] == 1).all()
    assert q[:, :, ~spared] == pytest.approx(0.2)


def test_a_shutdown_comes_on_top_of_what_a_restriction_leaves():
    q = at(0, restriction(0.6), shutdown()).availability[:-1, :, WHATSAPP]
    lifted = WORLD.behaviour.vpn_efficacy
    assert q[::2] == pytest.approx(np.tile([0.2, 0.4 * 0.2], (len(q) // 2, 1)))
    with_vpn = [0.2, (1 - 0.6 * (1 - lifted)) * 0.2]
    assert q[1::2] == pytest.approx(np.tile(with_vpn, (len(q) // 2, 1)))


def test_a_shutdown_has_its_regions_and_days_and_its_ramp():
    policy = shutdown(start=3, stop=day(5), regions=("moscow",))
    q = at(0, policy).availability
    assert q[2 * MOSCOW : 2 * MOSCOW + 2, :, WHATSAPP] == pytest.approx(1 - 0.8 * 2 / 7)
    assert (np.delete(q, [2 * MOSCOW, 2 * MOSCOW + 1], axis=0) == 1).all()
    assert at(0, shutdown(ramp_days=14.0)).availability[0, 0, 0] == pytest.approx(1 - 0.8 / 4)


def test_a_shutdown_that_spares_everything_is_none():
    everything = Shutdown(whitelist=WORLD.messengers, grade=0.8, start=day(0))
    assert as_restrictions(WORLD, [everything]) == []
    assert (at(0, everything).availability == 1).all()


def test_nobody_abroad_is_restricted_or_shut_down():
    assert (at(0, restriction(0.9, channel="any"), shutdown()).availability[-1] == 1).all()


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
    access = [now.force.access[WHATSAPP] for now in (before, half, after)]
    assert access == pytest.approx([0, 0.8 * 4 / 7, 0.8])
    calls = [now.availability[0, CALL, WHATSAPP] for now in (before, half, after)]
    assert calls == pytest.approx([0.4, 1 - 0.6 * (1 - 0.5 * 4 / 7), 1 - 0.6 * 0.5])
    assert [now.force.unreadable >> WHATSAPP & 1 for now in (before, half, after)] == [1, 1, 0]
    assert after.force.access[TELEGRAM] == 0
    assert (after.availability[:, :, TELEGRAM] == 1).all()


def test_compliance_closes_nothing_that_was_open_to_the_state():
    assert at(1, compliance(platform="max", degree=0.3)).force.access[MAX_APP] == 1


def test_compliance_does_not_end_a_shutdown():
    q = at(1, shutdown(), compliance(relief=1.0)).availability
    assert q[0, :, WHATSAPP] == pytest.approx(0.2)


def test_compliance_that_waits_for_losses_comes_with_them():
    """Nothing before; from the day of the loss on, at the earliest on its start."""
    policy = compliance(lost_users=0.2, start=day(10))
    conditions = Conditions(world(policy))
    assert conditions.at(3).force.access[WHATSAPP] == 0
    assert len(conditions.at(3).news) == 0
    for onset, expected in ((5.0, [0, 0.8 * 4 / 7, 0.8]), (21.0, [0, 0, 0, 0.8])):
        found = [conditions.at(k, {"policy_0": onset}).force.access[WHATSAPP] for k in range(4)]
        assert found[: len(expected)] == pytest.approx(expected)
    assert conditions.at(3).force.access[WHATSAPP] == 0  # another run's loss is not this one's


# Stories.


def story(platform="telegram", **changes):
    keys = {"platform": platform, "shock": NEWS, "awareness_rate": 0.1, "start": day(3)}
    return InformationEvent(**keys | changes)


def test_a_story_is_told_on_its_days_with_its_shock():
    policy = story(contact_rate=0.02, stop=day(10))
    news = [at(k, policy).news for k in range(3)]
    assert [len(n) for n in news] == [1, 1, 0]
    assert [n[0].media for n in news[:2]] == pytest.approx([0.4, 0.3])
    assert [n[0].contact for n in news[:2]] == pytest.approx([0.08, 0.06])
    one = news[0][0]
    assert one.platform == TELEGRAM
    assert one.shock.tolist() == [2.0, 1.0, -0.5]


def test_a_story_keeps_its_bit_and_its_luck_while_others_come_and_go():
    stories = [story(stop=day(7)), story("whatsapp"), compliance(lost_users=0.5), story("vk")]
    conditions = Conditions(world(*stories))
    first, later = conditions.at(0).news, conditions.at(4).news
    assert first.bit.tolist() == [0, 1, 3]
    assert later.bit.tolist() == [1, 3]
    assert conditions.at(4, {"policy_2": 14.0}).news.bit.tolist() == [1, 2, 3]
    assert first.salt[1:].tolist() == later.salt.tolist()
    assert len(set(first.salt.tolist())) == 3


def test_a_story_has_its_luck_by_name_whatever_else_is_told():
    alone = Conditions(WORLD.model_copy(update={"policies": {"leak": story()}}))
    among = Conditions(WORLD.model_copy(update={"policies": {"a": story("vk"), "leak": story()}}))
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
        detection = at(0, *policies).force.detection
        assert detection[TELEGRAM] == pytest.approx(1 - (1 - start) * missed)
        assert detection[WHATSAPP] == WORLD.platforms["whatsapp"].moderation


def test_calls_from_strangers_can_be_labelled():
    labels = Moderation(platform="cellular", effort=0.5, start=day(3))
    missed = 1 - WORLD.platforms["cellular"].moderation
    assert at(0, labels).force.detection[CELLULAR] == pytest.approx(1 - missed * (1 - 0.5 * 4 / 7))


def test_banks_prevent_one_after_the_other():
    delays = [BankDelay(prevented=p, start=day(3)) for p in (0.5, 0.2)]
    assert at(1, *delays).force.loss == pytest.approx(0.5 * 0.8)
    assert at(0, delays[0]).force.loss == pytest.approx(1 - 0.5 * 4 / 7)


def test_fines_cost_and_help_saves():
    fine, support = VpnFine(cost=1.5, start=day(3)), VpnSupport(help=0.5, start=day(0))
    assert at(0, fine, support).force.vpn_cost == pytest.approx(1.5 * 4 / 7 - 0.5)
    assert at(1, fine, support).force.vpn_cost == pytest.approx(1.0)


def test_blocked_vpns_lift_less_and_less_of_a_restriction():
    blocking = VpnBlocking(rate=0.05, start=day(7))
    q = [at(k, restriction(0.8), blocking).availability[1, CALL, WHATSAPP] for k in range(4)]
    lifted = 1 - (1 - np.array(q)) / 0.8
    assert lifted[0] == pytest.approx(WORLD.behaviour.vpn_efficacy, rel=1e-12)
    assert (np.diff(lifted) < -0.01).all()
    without = [at(k, restriction(0.8), blocking).availability[0, CALL, WHATSAPP] for k in (0, 3)]
    assert without == pytest.approx([0.2, 0.2])


def test_steps_may_be_asked_for_in_any_order():
    policies = restriction(0.8), VpnBlocking(rate=0.05, start=day(7))
    forth, back = Conditions(world(*policies)), Conditions(world(*policies))
    one = [forth.at(k).availability.tobytes() for k in range(6)]
    other = [back.at(k).availability.tobytes() for k in reversed(range(6))]
    assert one == other[::-1]


def test_runs_in_several_threads_may_ask_at_once(monkeypatch):
    slowly = sim.conditions.efficacy_after
    policies = restriction(0.8), VpnBlocking(rate=0.05, start=day(7))
    alone = Conditions(world(*policies))
    expected = [alone.at(k).availability.tobytes() for k in range(12)]

    def waiting(*arguments):
        time.sleep(0.002)  # others get their turn
        return slowly(*arguments)

    monkeypatch.setattr(sim.conditions, "efficacy_after", waiting)
    shared = Conditions(world(*policies))
    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(
            lambda _: [shared.at(k).availability.tobytes() for k in range(12)], "x" * 8
        )
    assert all(run == expected for run in runs)


def test_help_with_taking_up_a_platform_counts_its_days():
    helps = [Onboarding(platform="max", help=h, start=day(3)) for h in (0.7, 1.4)]
    assert at(0, *helps).force.onboarding[MAX_APP] == pytest.approx(2.1 * 4 / 7)
    assert at(1, helps[0]).force.onboarding.tolist() == [0, 0, 0.7, 0, 0, 0]


def group_move(**changes):
    keys = {"platform": "max", "segment": "students", "rate": 0.02, "start": day(3)}
    return GroupMove(**keys | changes)


def test_an_order_to_chats_acts_on_its_days_and_reaches_one_after_another():
    policy = group_move(stop=day(18), ramp_days=10.0, ceiling=0.8)
    found = [at(step, policy) for step in range(4)]
    assert [len(now.orders) for now in found] == [1, 1, 1, 0]
    assert [len(now.mandates) for now in found] == [0] * 4
    orders = [now.orders[0] for now in found[:3]]
    assert [m.hazard for m in orders] == pytest.approx([0.08, 0.14, 0.08])
    assert [m.reached for m in orders] == pytest.approx([0.2, (6 * 0.7 + 1 * 1.0) / 7, 1.0])
    assert (orders[0].platform, orders[0].ceiling) == (MAX_APP, 0.8)
    assert orders[0].kind == list(WORLD.population.chats).index("students")
    assert orders[0].key != at(0, mandate(segment="students")).mandates[0].key


@pytest.mark.parametrize(("by", "outcome"), [("order", ORDERED), ("invitation", INVITED)])
def test_chats_are_told_to_move_by_order_or_invitation(by, outcome):
    assert at(0, group_move(by=by)).orders[0].outcome == outcome


def test_what_a_platform_does_is_a_fact_and_what_is_said_of_it_an_impression():
    assert at(0, compliance(), story()).news.lasting.tolist() == [1, 0]
