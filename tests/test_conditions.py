"""What policies mean in a step: grades, gates, hazards, and the tables that pairs read."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import load_config
from sim.conditions import Conditions, restriction_grades
from sim.platforms import CHANNELS
from sim.policies import (
    Campaign,
    Mandate,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Trend,
)
from sim.rules.records import CALL, MAX, MESSAGE

WORLD = load_config()
START = WORLD.start
STEP = WORLD.step_days
WHATSAPP, TELEGRAM = (WORLD.messengers.index(name) for name in ("whatsapp", "telegram"))
MOSCOW = WORLD.regions.index("moscow")
SLICES = 16  # of a day, in the brute-force sums


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


def grades(step, *policies):
    """Return the grades of WhatsApp in Moscow by channel."""
    span = (step * STEP, (step + 1) * STEP, START)
    return restriction_grades(world(*policies), span)[MOSCOW, :, WHATSAPP]


def test_nothing_in_force_hinders_nobody():
    now = at(0)
    assert (now.availability == 1).all()
    assert (now.force.passing == 1).all()
    assert (now.force.trend_openings == 1).all()
    assert len(now.mandates) == 0
    for hazard in ("awareness", "trial", "preinstall", "trend"):
        assert (now.force[hazard] == 0).all()


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


@settings(max_examples=50)
@given(st.lists(restrictions, max_size=4), st.integers(0, 4))
def test_grades_are_the_mean_of_the_strongest_at_every_moment(policies, step):
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
    assert grades(step, *policies) == pytest.approx(expected.mean(axis=0), abs=2e-3)


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
    assert q[:, [WHATSAPP, TELEGRAM]] == pytest.approx(0.5)
    others = [p for p in range(MAX) if p not in (WHATSAPP, TELEGRAM)]
    assert (q[:, others] == 1).all()


def test_a_vpn_and_built_in_proxies_lift_a_restriction():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"circumvention": 0.25})
    q = at(0, restriction(0.8), platforms=platforms).availability[:, CALL, WHATSAPP]
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
    assert np.array_equal(now.works, now.works.swapaxes(0, 1))


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
            assert np.array_equal(now.works[:, :, c] >> p & 1, q[:, :, c, p] >= 0.5)


def test_a_messenger_without_a_channel_attracts_nobody_there():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"channels": ("message",)})
    now = at(0, platforms=platforms)
    assert (now.attraction[:, :, CALL, WHATSAPP] == 0).all()
    assert not (now.works[:, :, CALL] >> WHATSAPP & 1).any()
    assert (now.works[:, :, MESSAGE] >> WHATSAPP & 1).all()


def test_columns_beyond_the_messengers_attract_nobody():
    n = len(WORLD.messengers)
    now = at(0)
    assert (now.attraction[..., n:] == 0).all()
    assert (now.works < 1 << n).all()


def test_steps_with_the_same_availability_share_their_tables():
    conditions = Conditions(world(restriction(0.9, start=7)))
    assert conditions.at(1).attraction is conditions.at(5).attraction
    assert conditions.at(0).attraction is not conditions.at(1).attraction
