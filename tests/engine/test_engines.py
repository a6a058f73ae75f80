"""One rule, two engines: the same bits from mesa agents, compiled rows and any threads."""

import datetime as dt
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from sim import compare, load_config
from sim.config.conf import CONF
from sim.engine.start import prepare
from sim.engine.threads import BLOCK, Threads
from sim.model.model import MigrationModel
from sim.policies.abuse import BankDelay, Moderation
from sim.policies.circumvention import VpnBlocking, VpnFine, VpnSupport
from sim.policies.compliance import Compliance
from sim.policies.information import InformationEvent, Shock
from sim.policies.promotion import Campaign, GroupMove, Mandate, Onboarding, Preinstallation, Trend
from sim.policies.restrictions import RegistrationGate, Restriction, Shutdown
from sim.runs.run import MOST_AT_ONCE, SMALL, side_by_side
from tests.helpers.worlds import advanced, different, outcome, simulation

SCENARIOS = ("as_happened", "give_in", "group_move", "mutual_help", "vpn_support")


def assert_same_bits(first, second):
    for name in ("timeseries", "effects", "flows"):
        assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)


def with_engine(config, name):
    return config.model_copy(update={"engine": config.engine.model_copy(update={"name": name})})


def test_the_scenarios_of_the_next_test_hold_every_kind_of_policy():
    worlds = [load_config(f"+scenario={name}", "compare_to=[]").policies for name in SCENARIOS]
    files = [path.read_text(encoding="utf-8") for path in (CONF / "policy").glob("*.yaml")]
    shipped = {kind for text in files for kind in re.findall(r"^kind: (\w+)", text, re.M)}
    assert {policy.kind for world in worlds for policy in world.values()} >= shipped


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_engines_give_the_same_bits_in_a_scenario(scenario):
    config = load_config(
        f"+scenario={scenario}", "population.n_users=24", "replications=1", "compare_to=[]",
        "step_days=14",
    )  # fmt: skip
    assert_same_bits(*(compare(with_engine(config, e)) for e in ("mesa", "compiled")))


@pytest.mark.parametrize("network", ["watts_strogatz", "barabasi_albert", "erdos_renyi"])
def test_both_engines_give_the_same_bits_on_other_graphs(network):
    config = load_config(
        "+scenario=call_ban_only", f"network={network}", "population.n_users=60",
        "replications=1", "dur_days=91",
    )  # fmt: skip
    assert_same_bits(*(compare(with_engine(config, e)) for e in ("mesa", "compiled")))


# A world in which all that can happen does: chats move by themselves and by order, a story spreads
# from contact to contact, VPNs are blocked and reconsidered, WhatsApp loses users and gives in.
SHOCK = "{state_averse: 2, indifferent: 1, foreign_averse: -1}"
EVENTFUL = (
    "behaviour.chat_rate=0.05", "behaviour.vpn_rate=0.05", "behaviour.pair_rate=0.02",
    "behaviour.word_of_mouth=0.02", "behaviour.drop_rate=0.05",
    "+policies.calls={kind: restriction, platforms: [whatsapp, telegram], channel: call, "
    "grade: 0.97, start: 2025-06-20}",
    "+policies.messages={kind: restriction, platforms: [whatsapp], channel: message, grade: 0.8, "
    "start: 2025-06-20}",
    "+policies.blocking={kind: vpn_blocking, rate: 0.05, start: 2025-07-01}",
    "+policies.order={kind: group_move, platform: max, segment: pupils, rate: 0.03, "
    "start: 2025-07-01}",
    f"+policies.story={{kind: information_event, platform: whatsapp, shock: {SHOCK}, "
    "awareness_rate: 0.002, contact_rate: 0.05, audience: [telegram], start: 2025-06-10}",
    f"+policies.obedience={{kind: compliance, platform: whatsapp, shock: {SHOCK}, "
    "lost_users: 0.1, awareness_rate: 0.02, start: 2025-07-01}",
    "+policies.labels={kind: moderation, platform: cellular, effort: 0.5, start: 2025-07-01}",
)  # fmt: skip


def assert_all_has_happened(start, run):
    """Fail where a run proves nothing of what it was made for."""
    state = run.state
    free = state.chats.bound == 0
    assert ((state.chats.platform != start.chats.platform) & free).any(), "no chat moved on"
    assert state.chats.bound.any(), "no chat was ordered"
    story = state.users.news & 1
    assert 0 < story.mean() < 1, "the story did not spread, or to all"
    assert (state.users.news & 2).any(), "nobody heard of the obedience"
    assert (state.users.place != start.users.place).any(), "no VPN was taken or dropped"
    assert list(run.onsets) == ["obedience"], "nobody gave in"
    assert abs(state.abuse.share - start.abuse.share).max() > 0.05, "offenders stayed"


def test_both_engines_give_the_same_bits_where_all_happens():
    config = load_config("population.n_users=150", "dur_days=140", *EVENTFUL)
    start = prepare(config, Threads(1))
    runs = [
        MigrationModel(with_engine(config, e), start=start).simulation
        for e in ("compiled", "mesa")
    ]
    compiled, mesa = (advanced(run, config.n_steps) for run in runs)
    assert_all_has_happened(start, compiled)
    assert different(outcome(compiled), outcome(mesa)) == set()
    assert compiled.onsets == mesa.onsets


MANY = (  # users and chats: several blocks of each
    "population.n_users=7000", "population.chats.friends.size=2",
    "population.chats.housing_chats.size=2",
)  # fmt: skip


def test_the_number_of_threads_changes_no_bit_where_all_happens():
    config = load_config(*MANY, "dur_days=84", *EVENTFUL)
    start = prepare(config, Threads(1))
    assert len(start.chats.platform) > BLOCK < 7000 / 3, "chats and users are shared out"
    one, *others = (
        advanced(simulation(config, start, n_threads=n), config.n_steps) for n in (1, 2, 3)
    )
    assert_all_has_happened(start, one)
    for other in others:
        assert different(outcome(one), outcome(other)) == set()
        assert one.onsets == other.onsets


def test_the_start_is_the_same_whatever_the_threads():
    config = load_config(*MANY)
    one, *others = (prepare(config, Threads(n)) for n in (1, 2, 3))
    for other in others:
        for name in ("users", "abuse"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
        for name in ("choice_state", "belief_state"):
            assert getattr(one.public, name).tobytes() == getattr(other.public, name).tobytes(), (
                name
            )
        assert one.params.tobytes() == other.params.tobytes()
        assert (one.chats.platform == other.chats.platform).all()


def test_runs_side_by_side_are_runs_one_by_one():
    """Replications share what is in force; which of them asks first must not matter."""
    size = ("population.n_users=60", "replications=6", "dur_days=84")
    config = load_config(*size, *EVENTFUL)
    several = compare(config)
    alone = config.model_copy(update={"engine": config.engine.model_copy(update={"threads": 1})})
    assert_same_bits(several, compare(alone))


@pytest.mark.parametrize(
    ("n_users", "n_threads", "replications", "expected"),
    [
        (SMALL - 1, 2, 1, True),  # too few users to divide
        (SMALL, 2, 7, False), (SMALL, 2, 8, True),
        (SMALL, 16, 8, False),  # most threads would have nothing to do
        (MOST_AT_ONCE // 2, 2, 8, True), (MOST_AT_ONCE // 2 + 1, 2, 8, False),
    ],
)  # fmt: skip
def test_many_runs_and_small_ones_are_taken_side_by_side(
    n_users, n_threads, replications, expected
):
    config = load_config(
        f"population.n_users={n_users}", f"engine.threads={n_threads}",
        f"replications={replications}",
    )  # fmt: skip
    assert side_by_side(config) is expected


SHORT = load_config(
    "population.n_users=200", "replications=1", "dur_days=42", "behaviour.vpn_rate=0.05",
    "behaviour.chat_rate=0.05",
)  # fmt: skip

platforms = st.sampled_from(SHORT.messengers)
several = st.lists(platforms, min_size=1, max_size=3, unique=True).map(tuple)
shares = st.sampled_from([0.0, 0.3, 0.97, 1.0])
days = st.integers(0, 30).map(lambda k: {"start": SHORT.start + dt.timedelta(days=k)})
ramps = st.sampled_from([0.0, 10.0])
rates = st.sampled_from([0.01, 1.0])
segments = st.sampled_from(sorted(SHORT.population.segments))
with_chats = st.sampled_from(sorted(SHORT.population.chats))
shocks = st.just(Shock(state_averse=2.0, indifferent=1.0, foreign_averse=-1.0))


def built(kind, **parts):
    return st.builds(lambda when, **keys: kind(**keys, **when), days, **parts)


policies = st.one_of(
    built(
        Restriction, platforms=several, grade=shares, ramp_days=ramps,
        channel=st.sampled_from(["message", "call", "any"]),
        regions=st.sampled_from(["all", ("moscow", "volga")]),
    ),
    built(RegistrationGate, platforms=several, grade=shares),
    built(
        Mandate, platform=platforms, segment=segments, rate=rates, ceiling=shares, ramp_days=ramps
    ),
    built(Campaign, platform=platforms, awareness_rate=rates, trial_rate=rates),
    built(Preinstallation, platform=platforms, rate=rates),
    built(Trend, platform=platforms, rate=st.sampled_from([-3.0, 3.0])),
    built(Shutdown, whitelist=several, grade=shares, ramp_days=ramps),
    built(GroupMove, platform=platforms, segment=with_chats, rate=rates, ceiling=shares),
    built(Onboarding, platform=platforms, help=st.just(2.0)),
    built(VpnBlocking, rate=rates),
    built(VpnFine, cost=rates),
    built(VpnSupport, help=rates, repair_rate=rates),
    built(
        InformationEvent, platform=platforms, shock=shocks, awareness_rate=rates,
        contact_rate=rates, audience=several,
    ),
    built(
        Compliance, platform=platforms, shock=shocks, awareness_rate=rates, degree=shares,
        relief=shares, lost_users=st.sampled_from([None, 0.0, 0.05]),
    ),
    built(Moderation, platform=platforms, effort=shares),
    built(BankDelay, prevented=shares),
)  # fmt: skip


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(policies, min_size=1, max_size=8), st.integers(0, 2**63 - 1))
def test_both_engines_give_the_same_bits_under_any_policies(happening, seed):
    named = {f"policy_{k}": policy for k, policy in enumerate(happening)}
    config = SHORT.model_copy(update={"policies": named, "seed": seed})
    assert_same_bits(*(compare(with_engine(config, e)) for e in ("mesa", "compiled")))


@pytest.mark.parametrize(
    ("n_users", "days"),
    [
        pytest.param(7_000, 28, id="replications side by side"),
        pytest.param(SMALL + 1, 14, id="parts of one run side by side"),
    ],
)
def test_the_number_of_threads_changes_no_bit(n_users, days):
    assert n_users > 3 * BLOCK, "threads share out blocks: fewer blocks would prove nothing"
    size = (f"population.n_users={n_users}", f"dur_days={days}", "replications=2")
    one, *others = (compare(load_config(f"engine.threads={n}", *size)) for n in (1, 2, 3))
    for other in others:
        assert_same_bits(one, other)
