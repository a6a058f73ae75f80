"""The steps, moves and months of a run, however long its steps are."""

import pytest

from sim import load_config
from sim.runs.run import compare, n_steps_in_all, run
from tests.helpers.cli import python


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_every_step_of_every_run_is_counted(engine):
    config = load_config(
        "compare_to=[]", "population.n_users=60", "replications=3", "dur_days=28",
        f"engine={engine}",
    )  # fmt: skip
    calls = []
    compare(config, lambda: calls.append(1))
    assert len(calls) == n_steps_in_all(config) == 3 * 4


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_an_exception_in_the_callback_stops_the_run(engine):
    config = load_config(
        "population.n_users=60", "replications=40", "dur_days=28", f"engine={engine}"
    )
    calls = []

    def stop():
        calls.append(1)
        if len(calls) >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(config, stop)
    assert 3 <= len(calls) < n_steps_in_all(config) / 2


@pytest.mark.slow
def test_sim_run_stays_a_function_however_often_it_is_asked_for():
    assert "function function" in python(
        "import sim\n"
        "first, second = sim.run, sim.run\n"
        "print(type(first).__name__, type(second).__name__)"
    )
    assert "function" in python("from sim import compare, run\nprint(type(run).__name__)")


def test_steps_of_part_of_a_day_keep_their_hour():
    config = load_config(
        "population.n_users=100", "replications=1", "step_days=1.75", "dur_days=7"
    )
    dates = run(config).timeseries["date"].unique()
    assert [str(date) for date in dates] == [
        "2025-06-02 00:00:00", "2025-06-03 18:00:00", "2025-06-05 12:00:00", "2025-06-07 06:00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("days", [14, 21, 28, 63])
def test_moves_of_a_short_run_are_counted_once(days):
    config = load_config("population.n_users=100", "replications=1", f"dur_days={days}")
    flows = run(config).flows
    sums = flows.groupby(["from_date", "to_date"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("step", [0.7, 1.4, 2.8, 5.6, 7])
def test_steps_that_are_no_binary_fractions_lose_no_month(step):
    size = (
        "population.n_users=50",
        "replications=1",
        "dur_days=151.2" if step != 7 else "dur_days=147",
    )
    t = run(load_config(*size, f"step_days={step}")).timeseries
    months = t[t["measure"] == "mau"]["date"].unique()
    assert [f"{month:%m}" for month in months] == ["06", "07", "08", "09", "10"][
        : 5 if step != 7 else 4
    ]


def test_a_month_at_the_end_counts_if_nine_tenths_of_it_were_run():
    for days, n_months in ((21, 0), (28, 1)):
        t = run(
            load_config("population.n_users=50", "replications=1", f"dur_days={days}")
        ).timeseries
        assert t[t["measure"] == "mau"]["date"].nunique() == n_months


@pytest.mark.parametrize(("days", "n_months"), [(26, 0), (27, 1)])
def test_nine_tenths_of_a_month_to_the_day_are_enough(days, n_months):
    t = run(load_config(
        "population.n_users=50", "replications=1", "start=2025-06-01", f"dur_days={days}",
        f"step_days={days}", "behaviour.install_rate=0.01", "behaviour.drop_rate=0.01",
    )).timeseries  # fmt: skip
    assert t[t["measure"] == "mau"]["date"].nunique() == n_months


def test_effects_of_nothing_still_have_their_columns():
    effects = compare(load_config("population.n_users=50", "replications=1", "dur_days=7")).effects
    assert effects.empty
    assert list(effects.columns)[-3:] == ["median", "low", "high"]


def test_the_month_in_which_the_last_step_ends_keeps_its_name():
    """One step of 30 days from 31 May: one day of May, 29 of the 30 days of June."""
    size = ("population.n_users=50", "replications=1", "start=2025-05-31")
    slow = ("behaviour.install_rate=0.01", "behaviour.drop_rate=0.01")
    t = run(load_config(*size, *slow, "dur_days=30", "step_days=30")).timeseries
    months = t[t["measure"] == "mau"]["date"].unique()
    assert [f"{month:%Y-%m}" for month in months] == ["2025-06"]
