"""Runs of the production rules against exact curves in time (docs/verification.md: T12, T14)."""

import datetime as dt

import numpy as np
import pytest

from sim.engine.accumulators import block_sums, flush, observe
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.state import make_users
from sim.engine.threads import BLOCK, Threads
from sim.kernel.compiled import rule_loop
from sim.measures.series import Recorder, Series, step_series
from sim.population.population import draw_population
from sim.rules.records import STEP_RECORD, records
from tests.helpers import theory
from tests.helpers.ties import equal_ties
from tests.helpers.toys import step_records_of, take_step, toy_params, toy_state, toy_users
from tests.helpers.worlds import keys, world

N = 20_000  # users
MAX_APP = 2  # position of max among the messengers
MANDATE = ("+policy=max_egov", "policies.max_egov.rate=0.03", "++policies.max_egov.ceiling=0.6")
SHOPS = ("+policy=max_preinstallation", "policies.max_preinstallation.rate=0.01")


def pushed(column, step_days, *overrides):
    """Return the days and the share of users with `column` set, after every step of 84 days."""
    config, _ = world("dur_days=84", f"step_days={step_days}", *overrides)
    users = toy_users(N, len(config.messengers))
    users.account[:], users.aware[:], users.segments[:] = 0, 0, 255
    state = toy_state(users, equal_ties([[]] * N), toy_params(len(config.messengers)))
    engine, schedule, shares = CompiledEngine(Threads(1)), PolicySchedule(config), []
    for k in range(config.n_steps):
        take_step(engine, state, schedule.at(k), keys(k))
        shares.append((users[column] >> MAX_APP & 1).mean())
    if column == "mandated":
        assert (users.installed == users.mandated).all()
    else:
        assert not users.account.any()
    return step_days * np.arange(1, config.n_steps + 1), np.array(shares)


@pytest.mark.parametrize("start", ["2025-06-02", "2025-06-05"])  # the latter is within a step
@pytest.mark.parametrize("step_days", [7, 3.5, 1.75])
@pytest.mark.parametrize(
    ("column", "policy", "rate", "ceiling"),
    [("mandated", MANDATE, 0.03, 0.6), ("installed", SHOPS, 0.01, 1.0)],
)
def test_t12_a_push_follows_its_exponential_whatever_the_step(
    column, policy, rate, ceiling, step_days, start
):
    name = policy[0].removeprefix("+policy=")
    days, shares = pushed(column, step_days, *policy, f"policies.{name}.start={start}")
    late = (dt.date.fromisoformat(start) - dt.date(2025, 6, 2)).days
    curve = theory.mandated(np.maximum(days - late, 0), rate, ceiling)
    error = np.sqrt(curve * (1 - curve) / N)  # every user is a coin of its own
    z = np.abs(shares - curve)[curve > 0] / error[curve > 0]
    print(
        f"T12 {column} steps of {step_days}, day {days[-1]:g}: theory {curve[-1]:.5f}, "
        f"run {shares[-1]:.5f}, s.e. {error[-1]:.5f}; largest deviation {z.max():.2f} s.e."
    )
    assert not shares[curve == 0].any()
    assert z.max() < 4


@rule_loop
def observe_rows(number, cuts, users, step_records, env, params, accumulators, sums):
    """Observe a task's users, block by block."""
    for base in range(cuts[0], cuts[-1], BLOCK):
        for i in range(base, min(base + BLOCK, cuts[-1])):
            observe(i, number, users[i], step_records[i], env, params, accumulators, sums)
        flush(sums, number, accumulators)


def observed(config, state, step_records):
    """Return daily reach and June's reach of the messengers, while everyone goes on as now."""
    recorder, schedule = Recorder(config, state), PolicySchedule(config)
    for k in range(5):
        env, accumulators = schedule.at(k), recorder.accumulators(k)
        Threads(1).run_chunks(
            observe_rows, state.n_users, state.users, step_records, env, state.params,
            accumulators, block_sums(accumulators),
        )  # fmt: skip
        recorder.record(k, env, state.abuse, accumulators)
    series = step_series(config)
    dau = [
        recorder.observations.steps[0][0, series.index(Series(m, "any", "dau"))]
        for m in config.messengers
    ]
    (month, reach), *_ = recorder.observations.months
    assert month == dt.date(2025, 6, 1)
    return np.array(dau), reach[0]


def test_t14_who_opens_equally_often_is_seen_as_poisson_says():
    config, start = world("dur_days=35")
    step_records, openings = (
        records(STEP_RECORD, start.n_users),
        np.array([0.25, 0.5, 1.375, 1.875, 0.0]),
    )
    step_records.openings[:, : len(openings)] = openings
    dau, mau = observed(config, start, step_records)
    # equal but for the rounding of single precision
    assert dau == pytest.approx(theory.seen(openings, 1), rel=1e-6)
    assert mau == pytest.approx(theory.seen(openings, 30), rel=1e-6)


def test_t14_who_opens_as_the_gamma_law_of_talk_is_seen_as_its_mean():
    config, start = world("dur_days=35")
    large = config.population.model_copy(update={"n_users": N})
    users = make_users(draw_population(large, config.case.data / large.ages, 5, seed=1))
    users.installed[:] = users.account[:] = 0b11111
    openings = np.array([0.05, 0.25, 0.41, 1.38, 1.87])
    most = 5.0
    appeals = theory.content_appeals(openings, most)
    params = toy_params(5, base_openings=[*appeals, 0], content_openings=most)
    state = toy_state(users, equal_ties([[]] * N), params, abuse=start.abuse)
    env = PolicySchedule(config).at(0)
    step_records = step_records_of(state, env)
    shape = large.intensity_shape
    for found, days in zip(observed(config, state, step_records), (1, 30), strict=True):
        expected = theory.seen_gamma(shape, openings / shape, days)
        error = theory.seen_gamma_sd(shape, openings / shape, days) / np.sqrt(N)
        print(f"T14 {days} days: theory {expected.round(5)}, run {found.round(5)}, "
              f"s.e. {error.round(5)}")  # fmt: skip
        assert (np.abs(found - expected) < 4 * error).all()
