"""How strongly channels are restricted in a step, what lifts it, and what nothing lifts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.config.platforms import CHANNELS
from sim.policies.compliance import Compliance
from sim.policies.grades import shut
from sim.policies.restrictions import Restriction, Shutdown
from sim.rules import circumvention
from sim.rules.records import CALL, MAX, MESSAGE
from tests.helpers.in_force import (
    MAX_APP,
    MOSCOW,
    NEWS,
    SLICES,
    START,
    STEP,
    TELEGRAM,
    VK,
    WHATSAPP,
    WORLD,
    at,
    day,
    grades,
    restriction,
    shutdown,
)
from tests.helpers.toys import toy_params

VPN = WORLD.behaviour.vpn_efficacy


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


def test_a_ramp_that_ends_inside_a_step_is_held_against_another_grade_until_its_end():
    """It passes the steady 0.6 after two of its three days, and stays at 0.9 for four."""
    _, call = grades(0, restriction(0.6), restriction(0.9, ramp=3.0))
    assert call == pytest.approx((2 * 0.6 + 1 * 0.75 + 4 * 0.9) / 7)


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
        env = np.where((first <= moments) & (moments < last), p.grade * rise, 0)
        for c in range(2) if p.channel == "any" else [CHANNELS.index(p.channel)]:
            expected[:, c] = np.maximum(expected[:, c], env)
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


# A shutdown leaves nothing to get around.


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
    assert (shut(WORLD, [everything], WORLD.step_span(0)) == 0).all()
    assert (at(0, everything).availability == 1).all()


def test_nobody_abroad_is_restricted_or_shut_down():
    assert (at(0, restriction(0.9, channel="any"), shutdown()).availability[-1] == 1).all()


def test_nobody_gets_around_an_outage():
    """Neither by a VPN nor by what is built into the app; a block they do."""
    block, outage = (
        restriction(0.9, channel="message").model_copy(update={"circumventable": way})
        for way in (True, False)
    )
    behind_vpn = 2 * MOSCOW + 1
    for policy, without, with_one in ((block, 0.1, 0.1 + 0.9 * VPN), (outage, 0.1, 0.1)):
        q = at(0, policy).availability[:, MESSAGE, WHATSAPP]
        assert q[[2 * MOSCOW, behind_vpn]] == pytest.approx([without, with_one])
    assert not circumvention.opens_something(behind_vpn, at(0, outage), toy_params(6))
