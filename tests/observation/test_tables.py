"""Tables of a case: read by their lines, and refused with them."""

from textwrap import indent

import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.conf import CONF
from sim.observation import observed
from sim.observation.events import events
from tests.helpers.case_copy import GLOBAL, append


@pytest.fixture(scope="module")
def config():
    return load_config()


@pytest.fixture(scope="module")
def table(config):
    return observed.observations(config)


@pytest.fixture(scope="module")
def points(table):
    return observed.observed_reach(table).set_index(["platform", "measure", "date"]).sort_index()


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
