import math

import numpy as np
import pandas as pd
import pytest

from sim import observed
from sim.errors import ConfigError

CASE = "russia_2025"
BASE = 123.0  # million people aged 12+


@pytest.fixture(scope="module")
def points():
    table = observed.observed_reach(CASE)
    return table.set_index(["platform", "measure", "date"]).sort_index()


@pytest.mark.parametrize(
    ("platform", "measure", "month", "million", "quality"),
    [
        ("whatsapp", "mau", "2025-12", 94.47, "measured"),
        ("whatsapp", "dau", "2025-12", 69.8, "measured"),
        ("whatsapp", "mau", "2025-07", 96.2, "measured"),  # not MTS AdTech's 93.5
        ("whatsapp", "mau", "2025-10", 96.2, "measured"),  # not the unnamed measurer's 96.5
        ("whatsapp", "mau", "2026-02", 80.3, "measured"),
        ("telegram", "mau", "2025-12", 93.637, "measured"),
        ("telegram", "mau", "2025-10", 91.0, "measured"),  # not 90.97
        ("telegram", "dau", "2024-12", 0.532 * BASE, "measured"),  # a share in percent
        ("telegram", "dau", "2024-08", 62.5, "derived"),
        ("telegram", "dau", "2026-04", 65.0, "company"),
        ("max", "dau", "2025-12", 42.0, "measured"),  # not the peak of 46.4
        ("max", "dau", "2025-09", 14.0, "measured"),  # not the peak of 16.4
        ("max", "dau", "2025-10", 18.2, "company"),
        ("max", "dau", "2026-01", 55.0, "company"),  # not the forecast of 60
        ("max", "mau", "2025-06", 2.6, "derived"),
        ("max", "mau", "2025-10", 0.39 * BASE, "measured"),
        ("imo", "mau", "2025-12", 9.82, "measured"),
        ("vk", "mau", "2025-12", 15.7, "measured"),
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
    assert set(points["quality"]) == {"measured", "derived", "company"}
    assert (points.index.get_level_values("date").day == 1).all()


@pytest.mark.parametrize(
    ("platform", "measure", "month"),
    [
        ("telegram", "mau", "2025-07"),  # only MTS AdTech
        ("telegram", "dau", "2018-04"),  # only cities
        ("telegram", "dau", "2026-02"),  # a change without a level
        ("max", "mau", "2025-07"),  # only registered accounts
    ],
)
def test_what_is_not_comparable_stays_out(points, platform, measure, month):
    assert (platform, measure, pd.Timestamp(month)) not in points.index


def test_the_panel_never_contradicts_itself():
    rows = pd.read_csv(observed.DATA / CASE / "audience.csv", dtype={"date": str})
    rows = rows[
        rows["platform"].isin(list(observed.PLATFORMS))
        & rows["metric"].isin(list(observed.METRICS))
        & rows["measurer"].str.startswith("Mediascope")
        & rows["population"].str.startswith("Russia 12+")
    ]
    measure = rows["metric"].map(observed.METRICS)
    assert not rows.assign(measure=measure).duplicated(["date", "platform", "measure"]).any()


def test_indicators():
    table = observed.observed_indicators().set_index("indicator")
    calls = table.loc["cellular_call_traffic_change"]
    assert [calls["low"], calls["value"], calls["high"]] == pytest.approx([0.15, 0.25, 0.35])
    assert (calls["from_date"], calls["to_date"]) == (
        pd.Timestamp("2025-08-01"),
        pd.Timestamp("2025-10-01"),
    )
    time = table.loc["whatsapp_time_per_user_change"]
    assert time["value"] == pytest.approx(161 / 219 - 1)
    assert math.isnan(time["low"])
    assert table["source"].str.startswith("https://").all()


def test_events_are_short_known_and_in_order():
    table = observed.events(CASE)
    assert table["date"].is_monotonic_increasing
    assert table["label"].str.len().max() <= 40
    assert table["label"].is_unique
    assert set(";".join(table["platforms"]).split(";")) <= set(observed.PLATFORMS.values())
    restricted = table[table["date"] == "2025-08-13"].iloc[0]
    assert restricted["platforms"] == "whatsapp;telegram"
    assert restricted["url"] == "https://www.kommersant.ru/doc/7974166"


def test_a_label_of_an_unknown_event_is_refused(tmp_path):
    (tmp_path / "events.csv").write_text(
        "date,event,platforms,url\n2025-08-13,a ban,Max,http://x\n"
    )
    (tmp_path / "labels.csv").write_text("date,event,label\n2025-08-14,a ban,Ban\n")
    with pytest.raises(ConfigError, match="2025-08-14 a ban"):
        observed.events(tmp_path)


def test_an_unknown_folder_names_what_is_allowed(tmp_path):
    for folder in ("russia_2026", tmp_path):
        with pytest.raises(ConfigError, match=r"audience\.csv.*allowed: russia_2025"):
            observed.observed_reach(folder)


def test_a_path_serves_as_well_as_a_name():
    by_path = observed.observed_reach(observed.DATA / CASE)
    pd.testing.assert_frame_equal(by_path, observed.observed_reach(CASE))


def daily(dates, values):
    return pd.DataFrame(
        {"date": pd.to_datetime(dates), "platform": "max", "replication": 0, "value": values}
    )


def test_a_month_weighs_steps_by_their_days_in_it():
    # 27 Jan has 5 days in January and 2 in February; the last step, too, lasts 7 days.
    starts = pd.date_range("2025-01-06", periods=8, freq="7D")
    means = observed.monthly_mean(daily(starts, range(8)))
    assert list(means["date"]) == [pd.Timestamp("2025-02-01")]  # January and March are cut
    expected = (2 * 3 + 7 * 4 + 7 * 5 + 7 * 6 + 5 * 7) / 28
    assert means["value"].item() == pytest.approx(expected, rel=1e-14)


def test_steps_of_unequal_length():
    means = observed.monthly_mean(
        daily(["2025-06-01", "2025-06-11", "2025-07-01"], [1.0, 4.0, 9.0])
    )
    june = means[means["date"] == "2025-06-01"]["value"].item()
    assert june == pytest.approx((10 * 1 + 20 * 4) / 30)


def test_every_series_is_averaged_for_itself_as_pandas_does():
    dates = pd.date_range("2025-06-01", "2025-08-31", freq="D")  # steps of a day: plain means
    frame = pd.MultiIndex.from_product(
        [dates, ["max", "imo"], range(3)], names=["date", "platform", "replication"]
    ).to_frame(index=False)
    steps = frame.assign(
        platform=frame["platform"].astype("category"),
        value=np.random.default_rng(1).random(len(frame)),
    )
    by_month = [
        steps["platform"].astype(str),
        steps["replication"],
        steps["date"].dt.to_period("M"),
    ]
    expected = steps["value"].groupby(by_month).mean()
    means = observed.monthly_mean(steps)
    assert list(means) == ["date", "platform", "replication", "value"]
    found = means.assign(
        date=means["date"].dt.to_period("M"), platform=means["platform"].astype(str)
    )
    found = found.set_index(["platform", "replication", "date"])["value"]
    pd.testing.assert_series_equal(found, expected, rtol=1e-13)


def test_a_single_step_covers_no_month():
    assert observed.monthly_mean(daily(["2025-06-02"], [0.5])).empty


def series(measure, dates, value_of):
    return pd.DataFrame(
        [
            ("ban", r, date, "all", "whatsapp", "any", measure, value_of(r))
            for r in range(21)
            for date in dates
        ],
        columns=[
            *("scenario", "replication", "date", "group"),
            *("platform", "channel", "measure", "value"),
        ],
    )


def test_comparison_with_the_observed_points():
    run = pd.concat(
        [
            series("dau", pd.date_range("2025-06-02", "2025-12-29", freq="7D"), lambda r: r / 20),
            series("mau", pd.date_range("2025-06-01", "2025-12-01", freq="MS"), lambda _: 0.8),
        ]
    )
    noise = run.assign(group="age=25-34", value=0.0)
    table = observed.compare_with_observed(pd.concat([noise, run]), "ban", CASE)
    assert list(table.columns) == observed.COMPARISON
    months = table[table["measure"] == "dau"]["date"].dt.month.tolist()
    assert months == [6, 8, 11, 12]  # June counts: 29 of its 30 days are covered
    assert table["date"].between("2025-06-01", "2025-12-01").all()
    row = table[(table["measure"] == "dau") & (table["date"] == "2025-12-01")].iloc[0]
    assert [row["low"], row["median"], row["high"]] == pytest.approx([0.05, 0.5, 0.95])
    assert row["error_points"] == pytest.approx(100 * (0.5 - 69.8 / BASE))
    monthly = table[(table["measure"] == "mau") & (table["date"] == "2025-12-01")].iloc[0]
    assert monthly["error_points"] == pytest.approx(100 * (0.8 - 94.47 / BASE))


def test_a_run_elsewhere_in_time_compares_with_nothing():
    run = series("dau", pd.date_range("2030-01-07", periods=9, freq="7D"), lambda _: 0.5)
    table = observed.compare_with_observed(run, "ban", CASE)
    assert table.empty
    assert list(table.columns) == observed.COMPARISON
