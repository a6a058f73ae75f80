"""Questions to whole paths: when it tips, what comes back."""

import pandas as pd
import pytest

from sim.base.errors import ConfigError
from sim.runs.outcomes import monthly, regained, time_to_tip

DATES = pd.date_range("2025-06-01", periods=4, freq="MS")


def paths(**by_platform):
    """Return a table of primary shares: a list of runs, each a list of values, by platform."""
    rows = [
        ("here", r, date, "all", platform, "any", "primary", value)
        for platform, runs in by_platform.items()
        for r, values in enumerate(runs)
        for date, value in zip(DATES, values, strict=True)
    ]
    columns = ["scenario", "replication", "date", "group", "platform", "channel", "measure"]
    return pd.DataFrame(rows, columns=[*columns, "value"])


def test_a_platform_that_is_not_there_is_named_with_those_that_are():
    """It would else never tip, without a word."""
    with pytest.raises(ConfigError, match="platforms=maks: not in this table; allowed: max, vk"):
        time_to_tip(paths(max=[[0, 1, 1, 1]], vk=[[0] * 4]), ["max", "maks"], 0.5)


def test_a_run_tips_when_the_platforms_together_pass_the_share():
    table = paths(max=[[0, 0.2, 0.3, 0.4], [0, 0, 0, 0.1]], vk=[[0.1, 0.2, 0.25, 0.3], [0.1] * 4])
    tipped = time_to_tip(table, ["max", "vk"], 0.5)
    assert tipped["here", 0] == DATES[2]
    assert pd.isna(tipped["here", 1])
    assert time_to_tip(table, ["max", "vk"], 0.05)["here", 1] == DATES[0]
    assert time_to_tip(table, ["max"], 0.25)["here", 0] == DATES[2]  # together: a month earlier


def test_half_is_not_more_than_half_and_a_group_is_not_all():
    table = paths(max=[[0.5, 0.5, 0.5, 0.625]])
    of_some = table.assign(group="age=12-17", value=0.9)
    tipped = time_to_tip(pd.concat([table, of_some]), ["max"], 0.5)
    assert tipped["here", 0] == DATES[3]


@pytest.mark.parametrize("other", [{"scenario": "there"}, {"channel": "call"}])
def test_a_monthly_series_is_of_one_group_channel_and_scenario(other):
    table = paths(max=[[0.0, 0.2, 0.3, 0.4]]).assign(measure="mau")
    both = pd.concat([table.assign(**other, value=0.7), table])
    both = pd.concat([both, table.assign(group="age=12-17", value=0.9)])
    assert monthly(both, "here", "max", "mau")[0].tolist() == [0.0, 0.2, 0.3, 0.4]
    assert (monthly(both, "here", "max", "mau", group="age=12-17")[0] == 0.9).all()


@pytest.mark.parametrize(
    ("end", "share"), [(0.8, 1.0), (0.4, 0.0), (0.6, 0.5), (0.3, -0.25), (0.9, 1.25)]
)
def test_what_is_regained_is_a_share_of_what_was_lost(end, share):
    path = pd.Series([0.9, 0.8, 0.4, end], DATES)  # what it was long before is no matter
    assert regained(path, DATES[1], DATES[2]) == pytest.approx(share)


def test_nothing_lost_cannot_be_regained():
    assert pd.isna(regained(pd.Series([0.5] * 4, DATES), DATES[0], DATES[2]))


def test_a_monthly_series_has_a_column_a_replication():
    table = paths(max=[[0.0, 0.2, 0.3, 0.4], [0.1] * 4])
    days = pd.date_range("2025-06-01", "2025-08-31")
    daily = pd.concat([table.assign(date=d, value=float(d.day)) for d in days])
    wide = monthly(daily.drop_duplicates(["replication", "date"]), "here", "max", "primary")
    assert list(wide.columns) == [0, 1]
    assert wide[0].tolist() == pytest.approx([15.5, 16.0, (0.5 + 464 + 1.5 * 31) / 31])


def test_an_unknown_series_is_refused_by_name():
    with pytest.raises(ConfigError, match="imo"):
        monthly(paths(max=[[0] * 4]), "here", "imo", "primary")
