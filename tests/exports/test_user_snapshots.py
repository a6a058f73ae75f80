"""Users on dates add up to the series of their run, and come from the same run taken again."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.commands.export import main
from sim.config.platforms import CELLULAR
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.exports.user_snapshots import steps_of, user_snapshots
from sim.report.run_folder import run_to_folder
from sim.runs.manifest import note_file
from sim.runs.tables import read_result
from tests.helpers.cli import REPO
from tests.helpers.exported import DAY, STEP, N
from tests.helpers.toys import from_fixed_point

KEYS = ["scenario", "replication", "date"]


@pytest.fixture(scope="module")
def folder(exported_run):
    return exported_run


@pytest.fixture(scope="module")
def result(folder):
    return read_result(folder)


@pytest.fixture(scope="module")
def found(result):
    return user_snapshots(
        result.config, [dt.date(2025, 6, 2), DAY], ["call_ban", "mandate_only"], [0, 1]
    )


def series(result, measure, channel="any"):
    """Return what the run's table says of group `all` at the dates of the snapshots."""
    rows = result.timeseries
    rows = rows[(rows["measure"] == measure) & (rows["group"] == "all")]
    rows = rows[(rows["channel"] == channel) & rows["scenario"].isin(["call_ban", "mandate_only"])]
    rows = rows[rows["date"].isin([pd.Timestamp("2025-06-02"), STEP])]
    keys = [*KEYS, *(["platform"] if (rows["platform"] != "any").any() else [])]
    return rows.astype({"scenario": str, "platform": str}).set_index(keys)["value"].sort_index()


@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("installed", "installed"), ("account", "account"), ("mandated", "mandated"),
        ("second_phone", "second_phone"),
    ],
)  # fmt: skip
def test_what_users_have_adds_up_to_the_series_exactly(found, result, measure, column):
    rows = found.platforms[found.platforms["platform"] != CELLULAR].astype({"platform": str})
    counts = rows.groupby([*KEYS, "platform"])[column].sum().astype(float) / N
    pd.testing.assert_series_equal(
        counts.sort_index(), series(result, measure), check_names=False, check_exact=True,
        check_index_type=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "channel", "column"),
    [
        ("vpn", "any", "vpn"), ("exposed", "any", "exposed"),
    ],
)  # fmt: skip
def test_what_happens_to_users_adds_up_to_the_series_exactly(
    found, result, measure, channel, column
):
    shares = found.users.groupby(KEYS)[column].sum() / N
    pd.testing.assert_series_equal(
        shares, series(result, measure, channel), check_names=False, check_exact=True,
        check_index_type=False,
    )  # fmt: skip


def test_daily_reach_of_users_is_that_of_the_series(found, result):
    """A run tells chances from 1 in single precision."""
    rows = found.platforms[found.platforms["platform"] != CELLULAR].astype({"platform": str})
    reach = rows.groupby([*KEYS, "platform"])["opens_daily"].mean().sort_index()
    expected = series(result, "dau")
    np.testing.assert_allclose(reach, expected, rtol=0, atol=6e-8)
    assert list(reach.index) == list(expected.index)


def test_primary_welfare_and_exposure_add_up(found, result):
    shares = found.users.groupby(KEYS)["primary"].value_counts(normalize=True).sort_index()
    expected = series(result, "primary")
    for key, value in expected.items():
        assert shares[key] == value
    welfare = found.users.groupby(KEYS)["welfare"].mean()
    np.testing.assert_allclose(welfare, series(result, "welfare"), rtol=1e-6)
    call = result.config.behaviour.call_share
    rows = found.platforms
    amounts = (1 - call) * rows["message"].astype(float) + call * rows["call"].astype(float)
    sent = amounts.groupby([rows[key] for key in (*KEYS, "user")]).sum()  # of all one would say
    users = found.users.set_index([*KEYS, "user"])
    weights = (users["intensity"].astype(float) * sent)[users["exposure"].notna()]
    read = users["exposure"] * weights
    mean = read.groupby(KEYS).sum() / weights.groupby(KEYS).sum()
    np.testing.assert_allclose(mean, series(result, "exposure"), rtol=1e-6)


def test_users_are_the_same_people_in_every_world(found):
    fixed = ["user", "age_band", "region", "type", "segments", "contacts", "intensity"]
    first = found.users[(found.users["scenario"] == "call_ban") & (found.users["date"] == STEP)]
    other = found.users[(found.users["scenario"] != "call_ban") & (found.users["date"] != STEP)]
    pd.testing.assert_frame_equal(
        first[fixed].reset_index(drop=True), other[fixed].reset_index(drop=True)
    )
    assert len(found.users) == 2 * 2 * 2 * N


def test_users_are_those_of_the_world(found, result):
    """Traits and contacts, as the run's own start has them."""
    config = result.config
    start, mine = prepare(config, Threads(1)), found.users.iloc[:N]
    users = start.users
    assert (mine["contacts"] == start.ties.degree).all()
    for name in ("online", "abroad"):
        assert mine[name].tolist() == (users[name] == 1).tolist()
        assert 0 < mine[name].mean() < 1
    regions = mine["region"].value_counts(normalize=True)
    for name, share in config.population.regions.items():
        assert regions[name] == pytest.approx(share, abs=1 / N)
    concern = from_fixed_point(concern=users.concern)
    np.testing.assert_allclose(mine["concern"], concern, rtol=1e-6)
    assert mine["concern"].std() == pytest.approx(config.population.concern_sd, rel=0.2)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_command_leaves_both_tables(folder, tmp_path, kind):
    main([
        "users", str(folder), "--at", "2025-08-13,2025-12-31", "--to", kind,
        "--into", str(tmp_path),
    ])  # fmt: skip
    read = pd.read_parquet if kind == "parquet" else pd.read_csv
    users = read(tmp_path / f"users.{kind}")
    assert len(users) == 2 * N
    assert len(read(tmp_path / f"platforms.{kind}")) == 2 * N * 6
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"platforms.{kind}", f"users.{kind}",
    ]  # fmt: skip


def test_a_run_that_cannot_be_had_again_is_refused(folder, tmp_path, capsys):
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("config.yaml", "manifest.json", "effects.parquet", "flows.parquet"):
        (copy / name).write_bytes((folder / name).read_bytes())
    table = pd.read_parquet(folder / "timeseries.parquet")
    table["value"] = np.nextafter(table["value"], 2.0)
    table.to_parquet(copy / "timeseries.parquet", index=False)
    note_file(copy / "timeseries.parquet")
    with pytest.raises(SystemExit):
        main(["users", str(copy)])
    assert "cannot be taken again" in capsys.readouterr().err
    assert not (copy / "export").exists()


def test_dates_may_be_those_of_a_table(result):
    """A pandas date is a date, and could not be compared with one."""
    asked = [pd.Timestamp("2025-06-02"), pd.Timestamp("2025-06-08 23:00"), dt.date(2025, 6, 9)]
    assert steps_of(result.config, asked, ["call_ban"], [0]) == [0, 1]
    with pytest.raises(ConfigError, match=r"^at: no date; allowed: 2025-06-02 to "):
        user_snapshots(result.config, [])


@pytest.mark.slow
def test_draws_from_a_posterior_are_taken_again_as_well(tmp_path):
    config = load_config(
        "+scenario=as_happened", "parameters=posterior", "compare_to=[]", "replications=2",
        "population.n_users=200",
    )  # fmt: skip
    run_to_folder(config, tmp_path)
    main(["users", str(tmp_path), "--replications", "0,1"])
    assert len(pd.read_parquet(tmp_path / "export/users.parquet")) == 400


def test_the_how_to_tells_of_every_column(found):
    text = (REPO / "docs/howto_export.md").read_text(encoding="utf-8")
    for table in (found.users, found.platforms):
        for column in table:
            name = re.sub(r"_(message|call)$", "_CHANNEL", column)
            assert f"`{name}`" in text, column
