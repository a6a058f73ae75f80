"""What policies mean in a step: gates, hazards, mandates, and the tables that pairs read."""

import numpy as np
import pytest

from sim.engine.policy_schedule import PolicySchedule
from sim.policies.promotion import Campaign, Preinstallation, Trend
from sim.policies.restrictions import RegistrationGate
from sim.rules.records import CALL, CELLULAR, MESSAGE
from tests.helpers.in_force import (
    STEP,
    TELEGRAM,
    WHATSAPP,
    WORLD,
    at,
    day,
    mandate,
    restriction,
    world,
)


def test_nothing_in_force_hinders_nobody():
    env = at(0)
    assert (env.availability == 1).all()
    assert (env.effects.passing == 1).all()
    assert (env.effects.trend_openings == 1).all()
    assert len(env.mandates) == len(env.orders) == len(env.news) == 0
    for effect in ("awareness", "trial", "preinstall", "trend", "onboarding"):
        assert (env.effects[effect] == 0).all()
    assert (env.effects.vpn_cost, env.effects.loss) == (0, 1)
    for k, name in (*enumerate(WORLD.messengers), (CELLULAR, "cellular")):
        assert env.effects.access[k] == WORLD.platforms[name].state_access
        assert env.effects.detection[k] == WORLD.platforms[name].moderation


def test_a_messenger_is_safe_of_which_the_state_reads_less_than_half():
    platforms = {
        name: platform.model_copy(update={"state_access": access})
        for (name, platform), access in zip(
            WORLD.platforms.items(), (0.0, 0.49, 0.5, 1.0, 0.2, 0.0), strict=True
        )
    }
    assert at(0, platforms=platforms).effects.unreadable == 0b10011


def test_no_call_fails_on_a_messenger_that_carries_none():
    """Else people would be fed up with calls that they never made, and move others'."""
    name = WORLD.messengers[WHATSAPP]
    silent = WORLD.platforms[name].model_copy(update={"channels": ("message",)})
    env = at(0, restriction(0.6, channel="any"), platforms=WORLD.platforms | {name: silent})
    assert (env.availability[:, CALL] == 1).all()
    assert env.availability[0, MESSAGE, WHATSAPP] == pytest.approx(0.4)


def gate(grade, start=0):
    return RegistrationGate(platforms=("whatsapp",), grade=grade, start=day(start))


def test_two_gates_have_to_be_passed_one_after_the_other():
    assert at(0, gate(0.5), gate(0.2)).effects.passing[WHATSAPP] == pytest.approx(0.5 * 0.8)
    assert at(0, gate(0.7, start=2)).effects.passing[WHATSAPP] == pytest.approx(1 - 0.7 * 5 / 7)
    assert at(0, gate(0.5)).effects.passing[TELEGRAM] == 1


def test_a_trend_runs_until_its_stop_and_then_stays():
    trend = Trend(platform="telegram", rate=0.6, start=day(3), stop=day(21))
    years = [at(step, trend).effects.trend[TELEGRAM] / 0.6 * 365.25 for step in range(5)]
    # days, the mean over each step: in the first, four days that end at 4
    assert years == pytest.approx([4 * 2 / 7, 7.5, 14.5, 18, 18])
    effects = at(3, trend).effects
    assert effects.trend_openings[TELEGRAM] == pytest.approx(np.exp(0.6 * 18 / 365.25))


HAZARDS = [
    Campaign(platform="max", awareness_rate=0.03, trial_rate=0.02, start=day(3), stop=day(18)),
    Campaign(platform="max", awareness_rate=0.01, start=day(9)),
    Preinstallation(platform="max", rate=0.001, start=day(5), stop=day(25)),
]


@pytest.mark.parametrize("hazard", ["awareness", "trial", "preinstall"])
def test_hazards_add_up_however_time_is_cut(hazard):
    p = WORLD.messengers.index("max")
    sums = [
        sum(at(k, *HAZARDS, step_days=STEP / n).effects[hazard][p] for k in range(4 * n))
        for n in (1, 2, 7)
    ]
    rates = {"awareness": 0.03 * 15 + 0.01 * 19, "trial": 0.02 * 15, "preinstall": 0.001 * 20}
    assert sums == pytest.approx([rates[hazard]] * 3, rel=3e-7)  # 28 single-precision numbers


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


SINGLE = 1e-6  # relative: tables are kept in single precision
BLOCKS = [
    restriction(0.9, channel="any", regions=("moscow", "volga")),
    restriction(0.6),
]


def test_what_a_pair_can_do_is_the_same_from_both_ends():
    env = at(0, *BLOCKS)
    assert np.array_equal(env.attraction, env.attraction.swapaxes(0, 1))
    assert np.array_equal(env.quality, env.quality.swapaxes(0, 1))
    assert len(env.attraction) == 5  # Moscow and Volga, others, each by VPN; abroad


def test_the_attraction_of_a_pair_is_its_formula():
    env, b = at(0, *BLOCKS), WORLD.behaviour
    q = env.availability[:, None] * env.availability[None]  # of both ends
    places = env.place_class[: len(q)]
    pull, quality = (table[places][:, places] for table in (env.attraction, env.quality))
    for p, name in enumerate(WORLD.messengers):
        platform = WORLD.platforms[name]
        for c, (value, loss) in enumerate(
            [(platform.message_value, b.message_loss), (platform.call_value, b.call_loss)]
        ):
            expected = q[:, :, c, p] * np.exp(value - loss * (1 - q[:, :, c, p]))
            assert pull[:, :, c, p] == pytest.approx(expected, rel=SINGLE)
            assert quality[:, :, c, p] == pytest.approx(q[:, :, c, p], rel=SINGLE)


def test_a_messenger_without_a_channel_attracts_nobody_there():
    platforms = dict(WORLD.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"channels": ("message",)})
    env = at(0, platforms=platforms)
    assert (env.attraction[:, :, CALL, WHATSAPP] == 0).all()
    assert (env.quality[:, :, CALL, WHATSAPP] == 0).all()
    assert (env.quality[:, :, MESSAGE, WHATSAPP] == 1).all()


def test_columns_beyond_the_messengers_attract_nobody():
    n = len(WORLD.messengers)
    env = at(0)
    assert (env.attraction[..., n:] == 0).all()
    assert (env.quality[..., n:] == 0).all()


def test_steps_with_the_same_availability_share_their_tables():
    schedule = PolicySchedule(world(restriction(0.9, start=7)))
    assert schedule.at(1).attraction is schedule.at(5).attraction
    assert schedule.at(0).attraction is not schedule.at(1).attraction
