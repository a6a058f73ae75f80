from textwrap import indent

import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.conf import CONF
from sim.observation import observed
from sim.observation.events import events
from sim.observation.operators import people_by_band, weights
from sim.observation.sources import DESIGN_EFFECT, GRADES, WORDING
from tests.helpers.case_copy import GLOBAL, append

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


def elsewhere(config, folder):
    """Return the same case with its data in FOLDER/data."""
    (folder / "data").mkdir()
    for group in ("case", "platforms", "population"):
        text = (CONF / group / "russia_2025.yaml").read_text(encoding="utf-8")
        whole = f"{GLOBAL}case:\n{indent(text, '  ')}" if group == "case" else text
        append(folder, f"conf/{group}/there.yaml", whole)
    for path in config.case.data.iterdir():
        (folder / "data" / path.name).write_bytes(path.read_bytes())
    return config.model_copy(
        update={"case": config.case.model_copy(update={"folder": str(folder)})}
    )


def test_a_folder_serves_as_well_as_what_is_shipped(config, table, tmp_path):
    pd.testing.assert_frame_equal(observed.observations(elsewhere(config, tmp_path)), table)


def test_events_come_by_date_whatever_the_order_of_their_labels(config, tmp_path):
    there, table = elsewhere(config, tmp_path), events(config)
    path = tmp_path / "data/labels.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *reversed(lines)]), encoding="utf-8")
    found = events(there)
    assert found["date"].tolist() == table["date"].tolist()
    assert set(found["label"]) == set(table["label"])


def test_a_day_that_is_none_is_named_with_its_line(config, tmp_path):
    there = elsewhere(config, tmp_path)
    for name in ("events.csv", "labels.csv"):
        path = tmp_path / "data" / name
        path.write_text(path.read_text(encoding="utf-8").replace("2025-08-13", "2025-08-32"))
    with pytest.raises(ConfigError, match=r"labels\.csv, line \d+: date='2025-08-32'"):
        events(there)


def test_a_case_marks_events_by_labels_or_has_neither(config, tmp_path):
    there = elsewhere(config, tmp_path)
    (tmp_path / "data/labels.csv").unlink()
    with pytest.raises(ConfigError, match=r"labels\.csv: no such file.*; allowed: both files"):
        events(there)  # said nothing, and the figure marked nothing
    (tmp_path / "data/events.csv").unlink()
    assert events(there).empty


def test_a_label_of_an_unknown_event_is_refused(config, tmp_path):
    there = elsewhere(config, tmp_path)
    (tmp_path / "data/labels.csv").write_text("date,event,label\n2025-08-14,a ban,Ban\n")
    with pytest.raises(ConfigError, match=r"line 2: not in events\.csv: 2025-08-14 a ban"):
        events(there)


GOOD = {
    "date": "2025-08", "platform": "max", "metric": "reach", "operator": "monthly_reach",
    "group": "all", "value": "26.2", "unit": "percent", "base": "12+", "measurer": "somebody",
    "quality": "panel", "use": "fit", "source": "https://example.org",
}  # fmt: skip


def of_lines(config, folder, *lines):
    """Return what was observed of a case with a table of these lines."""
    there = elsewhere(config, folder)
    rows = [{**dict.fromkeys(observed.COLUMNS, ""), **GOOD, **line} for line in lines]
    path = folder / "data" / observed.OBSERVATIONS
    pd.DataFrame(rows, columns=list(observed.COLUMNS)).to_csv(path, index=False)
    return observed.observations(there)


def refusal(config, folder, *lines):
    """Return why a table of these lines is refused."""
    with pytest.raises(ConfigError) as refused:
        of_lines(config, folder, *lines)
    return str(refused.value)


def test_figures_of_other_people_or_months_say_nothing_twice_and_may_lie_at_the_ends(
    config, tmp_path
):
    change = {"operator": "daily_reach_change", "value": "-100"}
    lines = [
        {"value": "0"}, {"group": "age=18-24", "value": "100"}, {"base": "18+"},
        {**change, "until": "2025-10"}, {**change, "until": "2025-11"},
    ]  # fmt: skip
    found = of_lines(config, tmp_path, *lines)
    assert found["value"].tolist() == [0.0, 1.0, 0.262, -1.0, -1.0]
    assert found["weights"].iloc[1] == {"age=18-24": 1.0}


def test_bounds_sums_points_and_sources_without_an_address(config, tmp_path):
    change = {"operator": "monthly_reach_change", "until": "2025-10", "unit": "points"}
    lines = [
        {"value": "<10"}, {"platform": "max+telegram", "value": "> 60"},
        {**change, "value": "-4", "source": "no address: a pollster's press release"},
        {**change, "value": "3", "until": "2025-11", "quality": "poll"},
    ]  # fmt: skip
    found = of_lines(config, tmp_path, *lines)
    assert found["value"].tolist() == [0.1, 0.6, -0.04, 0.03]
    assert found["bound"].tolist() == ["<", ">", "", ""]
    assert found["in_points"].tolist() == [False, False, True, True]
    assert found["sigma"].iloc[2:].tolist() == pytest.approx([0.01 * 2**0.5, 0.04])
    drawn = observed.observed_reach(found)
    assert drawn.empty  # neither bounds nor sums are points of a curve


def test_what_is_to_be_fitted_is_drawn_else_the_smallest_claim(config, tmp_path):
    claim = {"quality": "company", "use": "show"}
    lines = [
        claim | {"value": "20"}, {"value": "26"}, {"base": "18+", "value": "22"},
        {"group": "age=18-24", "value": "21"},
        *(claim | {"date": "2025-09", "value": value} for value in ("33", "30", "34")),
        claim | {"quality": "press", "date": "2025-09", "value": "10"},
    ]  # fmt: skip
    found = observed.observed_reach(of_lines(config, tmp_path, *lines))
    assert found["value"].tolist() == [0.26, 0.30]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"platform": "wahtsapp"}, "unknown; allowed: whatsapp, telegram"),
        ({"operator": "reach"}, "unknown; allowed: monthly_reach"),
        ({"operator": "vpn_use"}, "platform='max': unknown; allowed: any"),
        ({"group": "region=paris"}, "unknown; allowed: all, age=12-17"),
        ({"value": "101"}, "allowed: 0 to 100 percent"),
        ({"value": "many"}, "allowed: 0 to 100 percent"),
        ({"value": "124", "unit": "million"}, "allowed: 0 to 123 million"),
        ({"unit": "persons"}, "unknown; allowed: percent, million"),
        ({"unit": "million", "base": "18+"}, "allowed: base 12+"),
        ({"base": "cities"}, "no operator knows it; allowed: ages as 12+"),
        ({"base": "18+", "group": "age=18-24"}, "allowed: all, or base 12+"),
        ({"date": "2025-13"}, "allowed: a month from 2000 on as 2025-08"),
        ({"date": "0001-01"}, "allowed: a month from 2000 on"),
        ({"date": "9999-01"}, "allowed: a month from 2000 on"),
        ({"until": "2025-10"}, "allowed: nothing, but for changes"),
        ({"operator": "daily_reach_change"}, "until='': a change needs the later month"),
        ({"quality": "good"}, "unknown; allowed: panel, derived, probe, poll, company, press"),
        ({"quality": "company"}, "quality company is not to be fitted; allowed: show"),
        (
            {"operator": "daily_reach_change", "until": "2025-08"},
            "until='2025-08': a change needs",
        ),
        (
            {"operator": "daily_reach_change", "until": "2025-10", "unit": "million"},
            "millions can only be shared by everybody",
        ),
        ({"n": "0"}, "allowed: a number above 0, or nothing"),
        ({"n": "inf"}, "allowed: a number above 0, or nothing"),
        ({"sigma": "inf"}, "allowed: a number above 0, or nothing"),
        ({"source": "a friend"}, "allowed: an address that begins with http"),
        ({"platform": "max+wahtsapp"}, "unknown; allowed: whatsapp, telegram"),
        ({"value": "<"}, "allowed: 0 to 100 percent, or a bound: <10"),
        ({"unit": "points"}, "points are of a change of a share; allowed: monthly_reach_change"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number(config, tmp_path, change, reason):
    said = refusal(config, tmp_path, {"date": "2025-07"}, change)
    assert said.startswith("observations.csv, line 3: ")
    assert reason in said
    assert "line 2" not in said


def test_of_two_measurers_of_a_figure_one_is_fitted(config, tmp_path):
    said = refusal(config, tmp_path, {}, {"measurer": "another", "date": "2025-08-13"})
    assert said == "observations.csv, line 3: use='fit': as line 2; allowed: one, others show"


def test_all_problems_are_reported_at_once(config, tmp_path):
    said = refusal(config, tmp_path, {"value": "-1", "base": "?"}, {"use": "maybe"})
    assert len(said.splitlines()) == 3


def test_other_columns_are_refused(config, tmp_path):
    there = elsewhere(config, tmp_path)
    (tmp_path / "data" / observed.OBSERVATIONS).write_text("date,reach\n2025-08,1\n")
    with pytest.raises(ConfigError, match=r"line 1: unknown columns: \['reach'\], missing: \['un"):
        observed.observations(there)


def test_a_column_that_stands_twice_is_refused(config, tmp_path):
    """The last of them counted."""
    there = elsewhere(config, tmp_path)
    head = ",".join((*observed.COLUMNS, "value"))
    (tmp_path / "data" / observed.OBSERVATIONS).write_text(f"{head}\n")
    with pytest.raises(ConfigError, match=r"missing: none, twice: \['value'\]"):
        observed.observations(there)


def test_a_label_that_no_figure_has_room_for_is_refused(config, tmp_path):
    there = elsewhere(config, tmp_path)
    path = tmp_path / "data/labels.csv"
    date, event = path.read_text(encoding="utf-8").splitlines()[1].rsplit(",", 1)[0].split(",", 1)
    path.write_text(f"date,event,label\n{date},{event},{'x' * 41}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2: label='xxx.*: allowed: up to 40 characters"):
        events(there)
    path.write_text(f"date,event,label\n{date},{event},{'x' * 40}\n", encoding="utf-8")
    assert events(there)["label"].tolist() == ["x" * 40]


def test_a_table_that_is_not_there_is_named(config, tmp_path):
    there = elsewhere(config, tmp_path)
    (tmp_path / "data" / observed.OBSERVATIONS).unlink()
    with pytest.raises(ConfigError, match=r"observations\.csv: cannot read the table"):
        observed.observations(there)
