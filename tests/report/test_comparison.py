"""Runs side by side: differences are paired where they can be, and what differs is told."""

import re

import numpy as np
import pandas as pd
import pytest

from sim import ConfigError, compare, load_config
from sim.observation.months import monthly_mean

SMALL = ("+scenario=call_ban", "population.n_users=300", "replications=3", "dur_days=245")
READ = ("exposure_phone", "any", "any")
DECEMBER = pd.Timestamp("2025-12-01")


@pytest.fixture(scope="module")
def banned():
    return compare(load_config(*SMALL))


@pytest.fixture(scope="module")
def half():
    return compare(load_config(*SMALL, "policies.call_restriction.grade=0.5"))


@pytest.fixture(scope="module")
def both(banned, half):
    return compare(banned, half)


def december(result):
    """Return what the state reads by phone, one value a replication."""
    rows = result.timeseries.query(
        "scenario == 'call_ban' and group == 'all' and measure == 'exposure_phone' "
        "and channel == 'any'"
    )
    return monthly_mean(rows).query("date == @DECEMBER").set_index("replication")["value"]


def row(found, run="B"):
    """Return the line of what the state reads by phone."""
    table = found.table.set_index(["measure", "channel", "platform", "run"])
    return table.loc[(*READ, run)]


def test_differences_are_paired_replication_by_replication(both, banned, half):
    less = december(half) - december(banned)
    low, median, high = np.quantile(less, [0.05, 0.5, 0.95])
    found = row(both)
    assert found["paired"]
    ends = found[["difference_low", "difference", "difference_high"]].to_numpy(float)
    np.testing.assert_allclose(ends, [low, median, high], atol=1e-12)
    assert both.month == DECEMBER


def test_another_society_is_not_paired_and_all_pairs_of_replications_are_its_interval(banned):
    other = compare(load_config(*SMALL, "seed=2"))
    found = compare(banned, other)
    every = np.subtract.outer(december(other).to_numpy(), december(banned).to_numpy())
    line = row(found)
    assert not line["paired"]
    np.testing.assert_allclose(line["difference_high"], np.quantile(every, 0.95), atol=1e-12)
    assert found.differing == ["seed: 1 in A, 2 in B"]
    assert "B" in found.pairing


def test_what_differs_is_told_once(both, banned):
    assert both.differing == ["policies.call_restriction.grade: 0.97 in A, 0.5 in B"]
    assert compare(banned, banned).differing == []


def test_policies_of_one_run_alone_are_told_with_their_date(banned):
    nothing = compare(load_config("+scenario=baseline", *SMALL[1:]))
    told = [one for one in compare(banned, nothing).differing if "only in A" in one]
    assert any("2025-08-13" in one for one in told)
    assert len(told) == len(banned.config.policies)


def test_a_run_differs_in_nothing_from_itself(banned):
    found = compare(banned, banned).table
    less = found.loc[found["run"] == "B", "difference"]
    assert len(less) > 20
    assert (less == 0.0).all()


def test_the_page_stands_alone_and_holds_the_table(both, tmp_path):
    page = both.save(tmp_path).read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page)
    assert page.count("<svg") == 2
    for word in (*both.differing, *both.titles.values(), *both.table["label"]):
        assert word in page
    kept = pd.read_csv(tmp_path / "comparison.csv")
    np.testing.assert_allclose(kept["median"], both.table["median"])


def test_runs_without_a_month_in_common_are_refused(banned):
    later = compare(
        load_config("+scenario=baseline", *SMALL[1:3], "start=2026-06-01", "dur_days=63")
    )
    with pytest.raises(ConfigError, match=r"Jun 2025 to Jan 2026; Jun 2026"):
        compare(banned, later)
    with pytest.raises(ConfigError, match="1 runs; allowed: 2"):
        compare(banned)
