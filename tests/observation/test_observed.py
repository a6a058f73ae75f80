import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.observation import observed
from sim.observation.events import events
from sim.observation.operators import people_by_band, weights
from sim.observation.sources import DESIGN_EFFECT, GRADES, WORDING

BASE = 123.0  # million people aged 12+


@pytest.fixture(scope="module")
def config():
    return load_config()


@pytest.fixture(scope="module")
def table(config):
    return observed.observations(config)


@pytest.fixture(scope="module")
def points(table):
    return observed.observed_reach(table).set_index(["platform", "measure", "date"]).sort_index()


@pytest.mark.parametrize(
    ("platform", "measure", "month", "million", "quality"),
    [
        ("whatsapp", "mau", "2025-12", 94.47, "panel"),
        ("whatsapp", "dau", "2025-12", 69.8, "panel"),
        ("whatsapp", "mau", "2025-07", 96.2, "panel"),  # not MTS AdTech's 93.5
        ("whatsapp", "mau", "2025-10", 96.2, "panel"),  # not the unnamed measurer's 96.5
        ("whatsapp", "mau", "2026-02", 80.3, "panel"),
        ("telegram", "mau", "2025-12", 93.637, "panel"),
        ("telegram", "mau", "2025-10", 91.0, "panel"),  # not 90.97
        ("telegram", "dau", "2026-04", 65.0, "company"),
        ("max", "dau", "2025-12", 42.0, "panel"),  # not the peak of 46.4
        ("max", "dau", "2025-09", 14.0, "panel"),  # not the peak of 16.4
        ("max", "dau", "2025-10", 18.2, "company"),
        ("max", "dau", "2026-01", 55.0, "company"),  # not the forecast of 60
        ("max", "mau", "2025-06", 2.6, "derived"),
        ("max", "mau", "2025-10", 0.39 * BASE, "panel"),  # a share in percent
        ("imo", "mau", "2025-12", 9.82, "panel"),
    ],
)
def test_reach_is_what_the_sources_say(points, platform, measure, month, million, quality):
    row = points.loc[(platform, measure, pd.Timestamp(month))]
    assert row["value"] == pytest.approx(million / BASE, rel=1e-12)
    assert row["quality"] == quality
    assert row["source"].startswith("http")


def test_reach_is_tidy(points):
    assert points.index.is_unique
    assert points["value"].between(0, 1).all()
    assert set(points["quality"]) == {"panel", "derived", "company"}
    assert (points.index.get_level_values("date").day == 1).all()


@pytest.mark.parametrize(
    ("platform", "measure", "month"),
    [
        ("telegram", "mau", "2025-07"),  # only MTS AdTech
        ("telegram", "dau", "2026-02"),  # a change without a level
        ("max", "mau", "2025-07"),  # only registered accounts
        ("whatsapp", "mau", "2025-06"),  # the start is solved at it, so it is shown alone
        ("whatsapp", "dau", "2025-06"),
        ("vk", "mau", "2025-12"),
    ],
)
def test_what_is_not_comparable_or_holds_anyway_stays_out(points, platform, measure, month):
    assert (platform, measure, pd.Timestamp(month)) not in points.index


def test_every_level_stands_in_the_table_of_the_audience(config, table):
    rows = pd.read_csv(config.case.data / "audience.csv", dtype={"date": str})
    known = set(zip(rows["metric"], rows["url"], strict=True))
    levels = table[table["operator"].isin(["monthly_reach", "daily_reach"])]
    levels = levels[(levels["base"] == "12+") & (levels["quality"] != "poll")]
    assert len(levels) > 50
    for row in levels.itertuples():
        assert (row.metric, row.source) in known
        same = rows[(rows["metric"] == row.metric) & (rows["url"] == row.source)]
        shares = same["value"] * same["unit"].map({"persons": 1e-6 / BASE, "percent": 0.01})
        assert (shares - row.value).abs().min() < 1e-9


def test_each_source_has_its_error(table):
    assert set(table["quality"]) == set(GRADES)
    of = table[~table["operator"].str.endswith("change")].groupby("quality")["sigma"]
    assert of.max()["panel"] == of.min()["panel"] == 0.01
    assert of.min()["company"] == 0.025
    assert (table.loc[table["quality"] == "company", "bias"] == 0.025).all()
    assert (table.loc[table["quality"] != "company", "bias"] == 0.0).all()
    assert not (table["quality"].isin(["company", "press"]) & (table["use"] == "fit")).any()


def test_a_poll_errs_by_its_sample_and_its_wording(table):
    poll = table[(table["measurer"].str.startswith("MAR")) & (table["platform"] == "max")].iloc[0]
    sampling = DESIGN_EFFECT * 0.5 * 0.5 / 900
    assert poll["sigma"] == pytest.approx(np.sqrt(sampling + (WORDING / 100) ** 2))
    assert poll["base"] == "online 18-65"


def test_changes_are_relative_and_between_two_months(table):
    calls = table[(table["operator"] == "cellular_calls_change") & (table["use"] == "fit")].iloc[0]
    assert [calls["value"], calls["sigma"]] == pytest.approx([0.25, 0.10])
    assert (calls["date"], calls["until"]) == (
        pd.Timestamp("2025-07-01"),
        pd.Timestamp("2025-10-01"),
    )
    time = table[(table["operator"] == "use_per_user_change") & (table["use"] == "fit")].iloc[0]
    assert time["value"] == pytest.approx(161 / 219 - 1)


def test_a_base_is_read_by_the_ages_in_it(table):
    adults = table[table["base"] == "18+"]["weights"].iloc[0]
    assert "age=12-17" not in adults
    assert sum(adults.values()) == pytest.approx(1.0)
    online = table[table["base"] == "online 18-65"]["weights"].iloc[0]
    assert 1.0 < sum(online.values()) < 1.15  # who is offline uses nothing, and was not asked
    assert online["age=65+"] < 0.1 * adults["age=65+"]  # one year of the band is in it
    assert table[table["base"] == "12+"]["weights"].iloc[0] == {"all": 1.0}


def test_bases_that_follow_each_other_share_nobody_and_leave_out_nobody(config):
    younger, older = people_by_band(config, 12, 39), people_by_band(config, 40)
    assert younger + older == pytest.approx(people_by_band(config))
    assert people_by_band(config).sum() == pytest.approx(1.0)
    ages = np.arange(12, 18)  # the youngest band, year by year
    by_year = [people_by_band(config, first, first)[0] for first in ages]
    assert min(by_year) > 0
    assert sum(by_year) == pytest.approx(younger[0])


def test_shares_of_those_online_are_as_much_larger_as_they_are_fewer(config):
    """Of five one is offline, at every age: a share of the others is 5/4 of that of all."""

    def of_online(share):
        offline = dict.fromkeys(config.population.no_internet, share)
        population = config.population.model_copy(update={"no_internet": offline})
        return weights("online 18-65", config.model_copy(update={"population": population}))

    assert sum(of_online(0.2).values()) == pytest.approx(1.25)
    with pytest.raises(ConfigError, match="nobody in"):
        of_online(1.0)


def test_events_are_short_known_and_in_order(config):
    table = events(config)
    assert table["date"].is_monotonic_increasing
    assert table["label"].str.len().max() <= 40
    assert table["label"].is_unique
    assert set(";".join(table["platforms"]).split(";")) <= set(config.messengers)
    restricted = table[table["date"] == "2025-08-13"].iloc[0]
    assert restricted["platforms"] == "whatsapp;telegram"
    assert restricted["url"] == "https://www.kommersant.ru/doc/7974166"
