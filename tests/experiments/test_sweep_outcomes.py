"""What a sweep keeps of a run is what the run's own tables say, by calendar month."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim import load_config, run
from sim.base.errors import ConfigError
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.watch import Watch
from sim.observation.months import monthly_mean
from sim.runs.run import take_run
from sim.sweeps.outcomes import _frame, check_outcomes, outcomes
from tests.helpers.sweeping import GRADE, SHORT, begin, finish

SERIES = ["platform", "channel", "measure"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Return the outcomes of a sweep of one point, its design, and the run by itself."""
    folder = begin(
        tmp_path_factory.mktemp("outcomes") / "sweep", {GRADE: {"levels": (0.4,)}},
        replications=2, overrides=(*SHORT, "seed=3"),
    )  # fmt: skip
    finish(folder)
    table = pd.read_parquet(folder.path / "collected" / "outcomes.parquet")
    config = load_config(
        "+scenario=call_ban_only", *SHORT, "seed=3", "replications=2", "compare_to=[]",
        f"{GRADE}=0.4",
    )  # fmt: skip
    return table, run(config).timeseries


def test_monthly_reach_is_the_run_s_own_to_the_bit(swept):
    table, timeseries = swept
    reach = timeseries[(timeseries["measure"] == "mau") & (timeseries["group"] == "all")]
    wanted = by_platform(reach)
    assert len(wanted)
    pd.testing.assert_series_equal(
        by_platform(table[table["measure"] == "mau"]), wanted, check_exact=True
    )


def by_platform(rows):
    rows = rows.astype({"platform": str})
    return rows.set_index(["replication", "date", "platform"])["value"].sort_index()


@pytest.mark.slow
def test_what_is_observed_every_step_is_averaged_by_days(swept):
    table, timeseries = swept
    rows = timeseries[(timeseries["measure"] != "mau") & (timeseries["group"] == "all")]
    seen = 0
    for series, steps in rows.groupby(SERIES, observed=True):
        wanted = monthly_mean(steps).set_index(["date", "replication"])["value"].sort_index()
        mine = table[(table[SERIES].astype(str) == list(series)).all(axis=1)]
        found = mine.set_index(["date", "replication"])["value"].sort_index()
        assert list(found.index) == list(wanted.index)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        seen += len(found)
    assert seen == (table["measure"] != "mau").sum() > 100


def test_groups_stand_as_they_were_asked_for_whatever_their_order():
    config = load_config("population.n_users=200", "dur_days=63", "replications=1")
    timeseries, seen = run(config).timeseries, taken(config)
    table = outcomes(config, seen, 0, ("age=65+", "all")).to_pandas()
    assert list(dict.fromkeys(table["group"])) == ["age=65+", "all"]
    for group in ("age=65+", "all"):
        mau = timeseries[(timeseries["measure"] == "mau") & (timeseries["group"] == group)]
        mine = table[(table["measure"] == "mau") & (table["group"] == group)]
        assert len(mine)
        assert mine["value"].tolist() == mau["value"].tolist()
        vpn = timeseries[(timeseries["measure"] == "vpn") & (timeseries["group"] == group)]
        july = monthly_mean(vpn).set_index("date")["value"]["2025-07-01"]
        mine = table[(table["measure"] == "vpn") & (table["group"] == group)].set_index("date")
        assert mine["value"]["2025-07-01"] == pytest.approx(july)


def taken(config):
    """Return what is observed of a run."""
    threads = Threads(1)
    start = prepare(config, threads)
    return take_run(PolicySchedule(config), 0, start, threads, Watch(), lambda: None)


@pytest.mark.parametrize(("n_steps", "last"), [(16, "2025-08-01"), (17, "2025-09-01")])
def test_a_month_is_kept_that_is_nearly_whole(n_steps, last):
    """Of 17 weeks from 2 June on 28 of 30 days of September are left, of 16 weeks 21."""
    months = _frame(dt.date(2025, 6, 2), n_steps, 7.0, ()).months
    wanted = pd.date_range("2025-06-01", last, freq="MS")
    assert list(months) == [month.date() for month in wanted]


def test_groups_that_a_world_has_not_are_refused():
    config = load_config()
    check_outcomes(config, ("all", "age=12-17"))
    with pytest.raises(ConfigError, match="age=0-11: no such group; allowed: all, age=12-17"):
        check_outcomes(config, ("age=0-11",))


def test_runs_that_would_leave_nothing_are_refused(tmp_path):
    short = ("population.n_users=200", "dur_days=14")
    with pytest.raises(ConfigError, match=r"dur_days=14 .*covers no calendar month"):
        begin(tmp_path / "sweep", {"seed": {"levels": (1, 2)}}, ("baseline",), overrides=short)
    assert not list(tmp_path.iterdir())
