"""Exports: what is read back is what was run, to the bit, and a bad request is refused at once."""

import datetime as dt
import re
from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import pytest
import xarray

from sim import extras, load_config
from sim.census import census
from sim.contacts import contacts, to_igraph, to_networkx, write
from sim.dataset import EFFECT, STATISTICS, to_xarray
from sim.errors import ConfigError
from sim.export import main
from sim.folder import run_to_folder
from sim.measures import month_series, step_series
from sim.platforms import CELLULAR
from sim.report import read_result
from sim.results import CHANGES
from sim.units import MEASURES, measure
from sim.world.cache import load_world
from tests.cli import REPO, python
from tests.sweeping import GRADE, begin, finish

DAY = dt.date(2025, 12, 31)  # in the step that begins on the 29th
STEP = pd.Timestamp("2025-12-29")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a run with its counterfactuals."""
    path = tmp_path_factory.mktemp("run")
    config = load_config("+scenario=call_ban", "population.n_users=300", "replications=2")
    run_to_folder(config, path)
    return path


@pytest.fixture(scope="module")
def result(folder):
    return read_result(folder)


@pytest.fixture(scope="module")
def found(result):
    return census(
        result.config, [dt.date(2025, 6, 2), DAY], ["call_ban", "mandate_only"], [0, 1]
    )  # fmt: skip


@pytest.fixture(scope="module")
def graph(result):
    return contacts(result.config, census(result.config, [DAY]))


def test_figures_are_those_of_the_run_as_pdf_and_the_same_bytes_each_time(folder, tmp_path):
    for into in ("first", "second"):
        main(["figures", str(folder), "--into", str(tmp_path / into)])
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert {Path(name).stem for name in first} == {path.stem for path in folder.glob("*.svg")}
    assert all(name.endswith(".pdf") and data.startswith(b"%PDF") for name, data in first.items())
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}


# -- tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["timeseries", "effects", "flows"])
def test_csv_read_back_is_the_table_to_the_bit(folder, tmp_path, name, capsys):
    main(["tables", str(folder), "--into", str(tmp_path)])
    assert str(tmp_path / f"{name}.csv") in capsys.readouterr().out
    there = pd.read_parquet(folder / f"{name}.parquet")
    dates = [column for column in there if column.endswith("date")]
    back = pd.read_csv(
        tmp_path / f"{name}.csv", parse_dates=dates,
        keep_default_na=False, na_values=[""],
    )  # fmt: skip
    for column in there:
        if column in dates:
            assert (back[column] == there[column]).all()
        elif isinstance(there[column].dtype, pd.CategoricalDtype):
            assert (back[column] == there[column].astype(str)).all()
        else:
            np.testing.assert_array_equal(back[column], there[column])


def test_a_table_of_units_names_every_column_and_measure(folder, tmp_path):
    main(["tables", str(folder), "--into", str(tmp_path)])
    units = pd.read_csv(tmp_path / "units.csv").set_index(["kind", "name"])
    rows = pd.read_parquet(folder / "timeseries.parquet")
    assert set(rows.columns) <= set(units.loc["column"].index)
    assert set(rows["measure"]) <= set(units.loc["measure"].index)
    assert units.loc[("measure", "welfare"), "unit"] == "utils"
    assert units["meaning"].notna().all()


def test_every_measure_has_a_unit_and_stands_in_the_docs(result):
    text = (REPO / "docs/measures.md").read_text(encoding="utf-8")
    series = [*step_series(result.config), *month_series(result.config), *CHANGES]
    for name in {one.measure for one in series}:
        assert measure(name).unit
    for name in MEASURES:
        assert f"`{name}`" in text
    with pytest.raises(KeyError):
        measure("nonsense")


def test_a_joined_sweep_becomes_csv_and_an_unjoined_one_is_told_how(tmp_path):
    sweep = begin(tmp_path / "sweep", {GRADE: {"levels": (0.0, 0.9)}})
    with pytest.raises(SystemExit):
        main(["tables", str(sweep.path)])
    finish(sweep)
    main(["tables", str(sweep.path)])
    back = pd.read_csv(sweep.path / "export/outcomes.csv")
    there = pd.read_parquet(sweep.path / "collected/outcomes.parquet")
    assert list(back.columns) == list(there.columns)
    np.testing.assert_array_equal(back["value"], there["value"])


def test_a_sweep_is_no_netcdf(tmp_path, capsys):
    sweep = begin(tmp_path / "sweep", {GRADE: {"levels": (0.5,)}})
    finish(sweep)
    with pytest.raises(SystemExit):
        main(["tables", str(sweep.path), "--to", "netcdf"])
    assert "to=netcdf" in capsys.readouterr().err


# -- xarray -----------------------------------------------------------------------------------


def test_a_dataset_holds_every_value_of_the_table_and_no_other(result):
    dataset = to_xarray(result)
    n_values = 0
    for row in result.timeseries.sample(3000, random_state=1).itertuples():
        place = {"scenario": row.scenario, "replication": row.replication, "group": row.group}
        place["month" if row.measure == "mau" else "date"] = row.date
        place |= {
            name: getattr(row, name)
            for name in ("platform", "channel")
            if name in dataset[row.measure].dims
        }
        value = dataset[row.measure].sel(place).item()
        assert value == row.value or (np.isnan(value) and np.isnan(row.value))
    for name in result.timeseries["measure"].unique():
        n_values += int(dataset[name].count())
    assert n_values == result.timeseries["value"].notna().sum()


def test_effects_stand_beside_levels_with_their_bands(result):
    dataset = to_xarray(result)
    rows = result.effects.query("measure == 'welfare' and group == 'all'")
    rows = rows[rows["counterfactual"] == "baseline"]
    there = dataset[f"{EFFECT}welfare"].sel(counterfactual="baseline", group="all")
    for statistic in STATISTICS:
        np.testing.assert_array_equal(there.sel(statistic=statistic), rows[statistic])
    assert dataset["newly_exposed"].count() > 0


def test_dimensions_and_units_are_named(result):
    dataset = to_xarray(result)
    assert dataset["use"].dims == (
        "scenario", "replication", "date", "group", "platform", "channel",
    )  # fmt: skip
    assert dataset["mau"].dims == ("scenario", "replication", "month", "group", "platform")
    assert dataset["welfare"].attrs["units"] == "utils"
    assert all(variable.attrs["units"] for variable in dataset.data_vars.values())
    assert CELLULAR in dataset["platform"]


def test_netcdf_read_back_is_the_dataset(folder, result, tmp_path):
    main(["tables", str(folder), "--to", "netcdf", "--into", str(tmp_path)])
    with xarray.open_dataset(tmp_path / "run.nc", engine="scipy") as back:
        xarray.testing.assert_equal(back.load(), to_xarray(result))
        assert back["dau"].attrs["units"] == "1"


def test_a_result_without_counterfactuals_has_no_effects():
    from sim import run

    config = load_config("population.n_users=200", "replications=1", "dur_days=14")
    dataset = to_xarray(run(config))
    assert "counterfactual" not in dataset.dims
    assert "month" not in dataset.dims


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch, result):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(extras, "import_module", absent)
    with pytest.raises(ConfigError, match=r"xarray: not installed.*requirements-extras"):
        to_xarray(result)


# -- users --------------------------------------------------------------------------------------

KEYS = ["scenario", "replication", "date"]


def series(result, measure, channel="any"):
    """Return what the run's table says of group `all` at the dates of the census."""
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
    counts = rows.groupby([*KEYS, "platform"])[column].sum().astype(float) / 300
    pd.testing.assert_series_equal(
        counts.sort_index(), series(result, measure), check_names=False, check_exact=True,
        check_index_type=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "channel", "column"),
    [
        ("vpn", "any", "vpn"), ("exposed", "any", "exposed"),
        ("isolation", "call", "isolated_call"), ("isolation", "message", "isolated_message"),
        ("cut_off", "call", "cut_off_call"), ("cut_off", "message", "cut_off_message"),
    ],
)  # fmt: skip
def test_what_happens_to_users_adds_up_to_the_series_exactly(
    found, result, measure, channel, column
):
    shares = found.users.groupby(KEYS)[column].sum() / 300
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
    users = found.users.dropna(subset="exposure")
    weighted = users["exposure"] * users["intensity"]
    mean = weighted.groupby([users[key] for key in KEYS]).sum() / users.groupby(KEYS)[
        "intensity"
    ].sum()  # fmt: skip
    np.testing.assert_allclose(mean, series(result, "exposure"), rtol=1e-6)


def test_users_are_the_same_people_in_every_world(found):
    fixed = ["user", "age_band", "region", "type", "segments", "contacts", "intensity"]
    first = found.users[(found.users["scenario"] == "call_ban") & (found.users["date"] == STEP)]
    other = found.users[(found.users["scenario"] != "call_ban") & (found.users["date"] != STEP)]
    pd.testing.assert_frame_equal(
        first[fixed].reset_index(drop=True), other[fixed].reset_index(drop=True)
    )
    assert len(found.users) == 2 * 2 * 2 * 300


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_command_leaves_both_tables(folder, tmp_path, kind):
    main([
        "users", str(folder), "--at", "2025-08-13,2025-12-31", "--to", kind,
        "--into", str(tmp_path),
    ])  # fmt: skip
    read = pd.read_parquet if kind == "parquet" else pd.read_csv
    users = read(tmp_path / f"users.{kind}")
    assert len(users) == 2 * 300
    assert len(read(tmp_path / f"platforms.{kind}")) == 2 * 300 * 6
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
    with pytest.raises(SystemExit):
        main(["users", str(copy)])
    assert "cannot be taken again" in capsys.readouterr().err
    assert not (copy / "export").exists()


def test_draws_from_a_posterior_are_taken_again_as_well(tmp_path):
    config = load_config(
        "+scenario=as_happened", "parameters=posterior", "compare_to=[]", "replications=2",
        "population.n_users=200",
    )  # fmt: skip
    run_to_folder(config, tmp_path)
    main(["users", str(tmp_path), "--replications", "0,1"])
    assert len(pd.read_parquet(tmp_path / "export/users.parquet")) == 400


# -- graph ----------------------------------------------------------------------------------------


def test_graphml_read_back_is_the_graph(graph, tmp_path):
    write(graph, tmp_path / "contacts.graphml")
    back = networkx.read_graphml(tmp_path / "contacts.graphml", node_type=int)
    ours = to_networkx(graph)
    assert back.nodes(data=True) == ours.nodes(data=True)
    assert dict(back.adj) == dict(ours.adj)
    assert back.graph["date"].startswith("2025-12-29")
    assert list(tmp_path.iterdir()) == [tmp_path / "contacts.graphml"]


def test_gexf_read_back_has_the_same_users_and_ties(graph, tmp_path):
    write(graph, tmp_path / "contacts.gexf")
    back, ours = networkx.read_gexf(tmp_path / "contacts.gexf", node_type=int), to_networkx(graph)
    assert {frozenset(edge) for edge in back.edges} == {frozenset(edge) for edge in ours.edges}
    for user, entry in ours.nodes(data=True):
        assert entry.items() <= back.nodes[user].items()
    for a, b, entry in ours.edges(data=True):
        assert entry.items() <= back.edges[a, b].items()


def test_igraph_is_the_same_graph(graph):
    ours, theirs = to_networkx(graph), to_igraph(graph)
    assert (theirs.vcount(), theirs.ecount()) == (len(ours), ours.number_of_edges())
    assert theirs.vs["primary"] == [ours.nodes[user]["primary"] for user in range(len(ours))]
    for edge in theirs.es:
        assert ours.edges[edge.tuple]["layer"] == edge["layer"]


def test_ties_are_those_that_users_talk_on(graph, result):
    rows = load_world(result.config).rows
    ours = to_networkx(graph)
    for user in range(300):
        assert set(ours[user]) == set(rows.of(user).tolist())
        assert ours.nodes[user]["contacts"] == len(ours[user])
    assert set(graph.ties["layer"]) > {"household", "kin"}


def test_an_exported_graph_can_be_run_on(graph, tmp_path):
    write(graph, tmp_path / "mine.graphml")
    config = load_config(
        "network=from_file", f"network.path={tmp_path / 'mine.graphml'}", "network.format=graphml",
        "population.n_users=300",
    )  # fmt: skip
    rows = load_world(config).rows
    assert sorted(rows.of(7).tolist()) == sorted(to_networkx(graph)[7])


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["users", "RUN", "--at", "2027-01-01"], "at=2027-01-01: outside the run; allowed: 2025-"),
        (["users", "RUN", "--scenarios", "full_block"], "allowed: call_ban, mandate_only, base"),
        (["users", "RUN", "--replications", "2"], "replications=2: not in this run; allowed: 0 t"),
        (["users", "RUN", "--replications", "two"], "two: allowed: numbers as 0,1,2"),
        (["users", "RUN", "--at", "August"], "August: allowed: dates as 2025-08-13"),
        (["users", "RUN", "--to", "xlsx"], "invalid choice: 'xlsx'"),
        (["users", "nowhere"], "nowhere: no run here that is done"),
        (["users", "+scenario=cal_ban"], "call_ban"),
        (
            ["users", "population.n_users=3000000", "--at", "2025-08-13,2025-12-31"],
            "6,000,000 rows; allowed: 5,000,000",
        ),
        (["graph", "RUN", "--at", "2025-08-13,2025-12-31"], "at: a graph shows one date"),
        (["graph", "population.n_users=200000"], "population.n_users=200000: allowed: a graph of"),
        (["tables", "nowhere"], "nowhere: neither a run that is done"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_allowed(folder, arguments, told, capsys):
    before = set(folder.iterdir())
    with pytest.raises(SystemExit) as stop:
        main([word.replace("RUN", str(folder)) for word in arguments])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_an_unknown_format_of_a_graph_is_refused(graph, tmp_path):
    with pytest.raises(ConfigError, match="allowed: graphml, gexf"):
        write(graph, tmp_path / "contacts.dot")


def test_the_how_to_runs_as_it_stands():
    text = (REPO / "docs/howto_export.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    printed = python("\n".join(blocks))
    assert "effect_on_welfare" in printed
    assert "clustering 0." in printed


def test_the_how_to_tells_of_every_column(found):
    text = (REPO / "docs/howto_export.md").read_text(encoding="utf-8")
    for table in (found.users, found.platforms):
        for column in table:
            name = re.sub(r"_(message|call)$", "_CHANNEL", column)
            assert f"`{name}`" in text, column
