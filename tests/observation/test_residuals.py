"""What was simulated beside what was observed, of runs and of sweeps alike."""

import numpy as np
import pandas as pd
import pytest

from sim import load_config, run
from sim.base.errors import ConfigError
from sim.engine.policy_schedule import PolicySchedule
from sim.measures.series import month_series, step_series
from sim.observation.observed import observations, period_of
from sim.observation.operators import OPERATORS, OWN
from sim.observation.residuals import available, readings, residuals, score
from sim.rules.records import MESSAGE
from sim.sweeps.design import Design
from sim.sweeps.points import Points

SERIES = ["group", "platform", "channel", "measure"]


@pytest.fixture(scope="module")
def config():
    return load_config("+scenario=as_happened", "population.n_users=300", "replications=2")


@pytest.fixture(scope="module")
def observed(config):
    return observations(config)


def test_operators_read_series_that_runs_have(config):
    known = {tuple(one) for one in (*step_series(config), *month_series(config))}
    for operator in OPERATORS.values():
        for platform, channel, measure in (*operator.over, *filter(None, [operator.per])):
            name = "max" if platform == OWN else platform
            assert (name, channel, measure) in known or measure == "available"


def rows(key, dates, value_of, n=21):
    return pd.DataFrame(
        [("ban", r, date, *key, value_of(r)) for r in range(n) for date in dates],
        columns=["scenario", "replication", "date", *SERIES, "value"],
    )


MONTHS = pd.date_range("2025-06-01", "2025-12-01", freq="MS")
WEEKS = pd.date_range("2025-06-02", "2025-12-29", freq="7D")


def test_where_nothing_was_observed_there_is_nothing_to_miss(observed):
    """A case may have figures to be fitted, and none of them of reach."""
    run = rows(("all", "whatsapp", "any", "mau"), MONTHS, lambda _: 0.8)
    table = residuals(run, observed.iloc[:0])
    assert table.empty
    assert {"median", "low", "high", "error_points", "standardised"} <= set(table)


def only(observed, operator, platform, use="fit"):
    keep = (observed["operator"] == operator) & (observed["platform"] == platform)
    return observed[keep & (observed["use"] == use)]


def test_levels_with_their_bands(observed):
    key = ("all", "whatsapp", "any")
    run = pd.concat(
        [rows((*key, "dau"), WEEKS, lambda r: r / 20), rows((*key, "mau"), MONTHS, lambda _: 0.8)]
    )
    daily = residuals(run, only(observed, "daily_reach", "whatsapp")).set_index("date")
    december = daily.loc["2025-12-01"]
    found = december[["low", "median", "high"]].tolist()
    assert found == pytest.approx([0.05, 0.5, 0.95])
    assert december["error_points"] == pytest.approx(100 * (0.5 - 69.8 / 123))
    assert december["standardised"] == pytest.approx(100 * (0.5 - 69.8 / 123))  # a panel: 1 point
    monthly = residuals(run, only(observed, "monthly_reach", "whatsapp")).set_index("date")
    assert monthly.loc["2025-12-01", "error_points"] == pytest.approx(100 * (0.8 - 94.47 / 123))
    assert np.isnan(monthly.loc["2026-02-01", "median"])  # beyond the run


def test_a_bound_is_met_on_its_side_a_sum_adds_up_and_points_are_differences(observed):
    run = pd.concat(
        [
            rows(("all", "whatsapp", "any", "mau"), MONTHS, lambda _: 0.3),
            rows(("all", "max", "any", "mau"), MONTHS, lambda _: 0.1),
        ]
    )
    one = only(observed, "monthly_reach", "whatsapp").iloc[[0]]
    november, december = pd.Period("2025-11"), pd.Period("2025-12")
    one = one.assign(period=[december])
    below, above = (one.assign(value=0.2, bound=bound, sigma=0.1) for bound in "<>")
    both = one.assign(platform="whatsapp+max", value=0.5, sigma=0.1)
    change = one.assign(
        operator="monthly_reach_change", period=[november], until_period=[december],
        value=0.05, in_points=True, sigma=0.1,
    )  # fmt: skip
    found = residuals(run, pd.concat([below, above, both, change], ignore_index=True))
    assert found["error_points"].tolist() == pytest.approx([10.0, 0.0, -10.0, -5.0])
    assert found["standardised"].tolist() == pytest.approx([1.0, 0.0, -1.0, -0.5])


def test_a_figure_is_read_over_its_own_period(observed):
    """Daily reach rises by a hundredth from week to week; a step is a week from Monday on."""
    weeks = pd.date_range("2025-07-28", periods=20, freq="7D")
    run = pd.concat(
        rows(("all", "max", "any", "dau"), [week], lambda _, k=k: k / 100, 2)
        for k, week in enumerate(weeks)
    )
    one = only(observed, "daily_reach", "max").iloc[[0]]
    texts = ("2025-08-13", "2025-08-16", "2025-W33", "2025-08", "2025-Q4", "2025-07-27")
    table = pd.concat([one] * len(texts), ignore_index=True)
    found = residuals(run, table.assign(period=[period_of(text) for text in texts]))["median"]
    assert found.iloc[:3].tolist() == pytest.approx([0.02] * 3)  # the third step, 11 to 17 August
    august = (6.5 * 1 + 7 * (2 + 3 + 4) + 3.5 * 5) / 31 / 100
    assert found.iloc[3] == pytest.approx(august)
    assert np.isnan(found.iloc[4])  # December is not whole
    assert np.isnan(found.iloc[5])  # before the run


def test_a_company_is_expected_to_overstate(observed):
    run = rows(("all", "max", "any", "dau"), WEEKS, lambda _: 0.2)
    table = residuals(run, only(observed, "daily_reach", "max", "show"))
    claim = table[(table["quality"] == "company") & (table["date"] == "2025-10-01")].iloc[0]
    assert claim["standardised"] == pytest.approx((0.2 + 0.025 - 18.2 / 123) / 0.025)


def test_adults_are_their_age_groups(observed):
    bands = ("12-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
    run = pd.concat(
        [
            rows((f"age={band}", "max", "any", "mau"), MONTHS, lambda _, k=k: k / 10)
            for k, band in enumerate(bands)
        ]
    )
    poll = only(observed, "monthly_reach", "max", "show")
    poll = poll[(poll["base"] == "18+") & (poll["date"] == "2025-08-01")]
    weights = poll["weights"].iloc[0]
    expected = sum(weights[f"age={band}"] * k / 10 for k, band in enumerate(bands) if k)
    assert residuals(run, poll)["median"].item() == pytest.approx(expected)


def test_changes_are_of_use_a_user_and_of_calls(observed):
    falling = {date: 1.0 - 0.01 * k for k, date in enumerate(MONTHS)}
    outcomes = pd.concat(
        [
            rows(("all", name, channel, measure), [date], lambda _, v=value * level: v)
            for date, level in falling.items()
            for name, channel, measure, value in (
                ("whatsapp", "message", "use", 0.3),
                ("whatsapp", "call", "use", 0.1),
                ("cellular", "call", "use", 0.2),
            )
        ]
        + [rows(("all", "whatsapp", "any", "mau"), MONTHS, lambda _: 0.8)]
    ).rename(columns={"replication": "run"})
    outcomes = outcomes.drop(columns="scenario")  # as a sweep keeps it
    use = residuals(outcomes, only(observed, "use_per_user_change", "whatsapp"))
    assert use["median"].item() == pytest.approx(-0.05)
    calls = residuals(outcomes, only(observed, "cellular_calls_change", "cellular"))
    assert calls["median"].item() == pytest.approx(0.96 / 0.99 - 1)


def test_scenarios_are_not_pooled(observed):
    one = rows(("all", "max", "any", "mau"), MONTHS, lambda _: 0.2)
    with pytest.raises(ConfigError, match="several scenarios: ban, none; allowed: those of one"):
        residuals(pd.concat([one, one.assign(scenario="none")]), observed)


def test_a_run_elsewhere_in_time_compares_with_nothing(observed):
    weeks = pd.date_range("2030-01-07", periods=9, freq="7D")
    table = residuals(rows(("all", "max", "any", "dau"), weeks, lambda _: 0.5), observed)
    assert len(table) == len(observed)
    assert table[["median", "error_points", "standardised"]].isna().all(axis=None)
    assert score(table).empty


def test_a_run_is_compared_with_everything_observed_in_it(config, observed):
    result = run(config)
    outcomes = pd.concat([result.timeseries, available(config)])
    table = residuals(outcomes, observed)
    within = observed["date"].between("2025-06-01", "2026-05-01")
    assert (table["median"].notna() == within).all()
    found = score(table).loc["fit"]
    fitted = table[(table["use"] == "fit") & within]
    assert found["n"].sum() == len(fitted)
    squares = (fitted["standardised"] ** 2).groupby(fitted["platform"]).sum()
    mine = (found["n"] * found["sigmas"] ** 2).groupby("platform").sum()
    pd.testing.assert_series_equal(mine, squares, check_names=False)


def test_what_policies_let_pass_is_known_without_a_run(config):
    table = available(config).query("replication == 0").set_index(["platform", "date"])["value"]
    assert table["whatsapp"].iloc[0] > 0.99  # mobile shutdowns reach into June 2025
    assert 0.09 < table["whatsapp"].iloc[-1] <= 0.1  # whatsapp_block: grade 0.9, and shutdowns
    schedule, sizes = PolicySchedule(config), list(config.population.regions.values())
    for step in range(config.n_steps):  # shutdowns fall into restrictions, too
        q = schedule.at(step).availability[:-1:2, MESSAGE]  # by region, without a VPN
        for p, name in enumerate(config.messengers):
            if config.platforms[name].circumvention == 0:  # no proxies of its own
                assert table[name].iloc[step] == pytest.approx(sizes @ q[:, p], rel=1e-6)


def test_every_run_has_its_reading(observed):
    run = rows(("all", "max", "any", "mau"), MONTHS, lambda r: r / 100)
    reach = only(observed, "monthly_reach", "max")
    found = readings(run, reach)
    assert found.shape == (len(reach), 21)
    assert found.loc[reach.index[reach["date"] == "2025-12-01"], 7].item() == pytest.approx(0.07)
    assert found.loc[reach["date"] == "2026-02-01"].isna().all(axis=None)


def test_a_sweep_of_another_case_is_read_as_its_runs_are():
    name = "russia_instagram_2022"
    design = Design(
        method="factorial",
        scenarios=(name,),
        replications=2,
        overrides=(f"case_dir={name}", "population.n_users=300"),
        factors={"seed": {"levels": (1,)}},
    )
    world = Points.compose(design).config({"seed": 1}, name)
    observed = observations(world)
    reach = observed[observed["base"] == "12+"]
    result = run(world.model_copy(update={"replications": 2}))
    by_run = readings(result.timeseries, reach)
    assert list(by_run) == [0, 1]
    assert by_run.notna().all(axis=None)
