"""One rule, two engines: the same bits from mesa agents, compiled rows and any threads."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from sim import compare, load_config
from sim.engines import BLOCK
from sim.policies import (
    Campaign,
    Mandate,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Trend,
)
from sim.runs import SMALL
from sim.schema import CONF

SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))


def assert_same_bits(first, second):
    for name in ("timeseries", "effects", "flows"):
        assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)


def with_engine(config, name):
    return config.model_copy(update={"engine": config.engine.model_copy(update={"name": name})})


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_engines_give_the_same_bits_in_every_scenario(scenario):
    config = load_config(f"+scenario={scenario}", "population.n_users=60", "replications=2")
    assert_same_bits(*(compare(with_engine(config, e)) for e in ("mesa", "compiled")))


@pytest.mark.parametrize("network", ["watts_strogatz", "barabasi_albert", "erdos_renyi"])
def test_both_engines_give_the_same_bits_on_other_graphs(network):
    config = load_config(
        "+scenario=call_ban_only", f"network={network}", "population.n_users=60",
        "replications=1", "dur_days=91",
    )  # fmt: skip
    assert_same_bits(*(compare(with_engine(config, e)) for e in ("mesa", "compiled")))


SHORT = load_config("population.n_users=200", "replications=1", "dur_days=42")
platforms = st.sampled_from(SHORT.messengers)
several = st.lists(platforms, min_size=1, max_size=3, unique=True).map(tuple)
shares = st.sampled_from([0.0, 0.3, 0.97, 1.0])
days = st.integers(0, 30).map(lambda k: {"start": SHORT.start + dt.timedelta(days=k)})
ramps = st.sampled_from([0.0, 10.0])
rates = st.sampled_from([0.01, 1.0])
segments = st.sampled_from(sorted(SHORT.population.segments))


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
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(policies, min_size=1, max_size=5), st.integers(0, 2**63 - 1))
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
