"""Measures are entries: what they say of themselves holds, and own ones are like built-in ones."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from experiments.measures import PAGE, page
from sim import Measure, compare, fact_table, facts, load_config, register_measure
from sim.base.errors import ConfigError
from sim.config.platforms import CELLULAR
from sim.engine.accumulators import N_COLUMNS, SLOTS
from sim.engine.ranges import RangesEngine
from sim.exports.dataset import to_xarray
from sim.exports.flat import write_csv
from sim.exports.user_snapshots import user_snapshots
from sim.measures.measure import Series
from sim.measures.registry import (
    BUILT_IN,
    FAMILIES,
    find,
    meaning,
    measures,
    step_series,
    unregister_measure,
)
from sim.report.glossary import caption, words
from sim.report.run_folder import run_to_folder
from sim.sweeps.executors import Processes, Serial
from tests.helpers.worlds import advanced, simulation, world

SMALL = ("+scenario=call_ban", "population.n_users=150", "replications=1", "compare_to=[baseline]")
OFFLINE = Measure(
    "offline", "1", "people with no messenger in use",
    value=lambda sums: sums.mean("primary")[..., -1],
    lines={("any", "any"): "No messenger"}, form="percent",
)  # fmt: skip
OPENINGS = Measure(
    "openings", "times a day", "openings of messengers", platform="messenger",
    of_user=lambda seen: seen.step_records.openings,
)  # fmt: skip


@contextmanager
def registered(*own):
    for one in own:
        register_measure(one)
    try:
        yield
    finally:
        for one in own:
            unregister_measure(one.name)


def test_the_page_of_measures_is_what_its_command_writes():
    assert page() == PAGE.read_text(encoding="utf-8")


def test_names_are_taken_once_and_slots_share_no_column():
    assert len(BUILT_IN) == sum(len(family.MEASURES) for family in FAMILIES)
    taken = np.zeros((1, N_COLUMNS), int)
    for slot in SLOTS.values():
        slot.of(taken)[...] += 1
    assert (taken == 1).all()


def test_every_line_of_the_report_is_a_series_of_the_measure():
    config = load_config(*SMALL)
    for one in measures():
        expected = len(one.lines) * len(one.names(config))
        assert len(list(one.printed(config))) == expected, one.name


def test_compliance_reads_daily_reach_wherever_it_stands():
    config, start = world()
    run = advanced(simulation(config, start), 3)
    steps = run.recorder.observations.steps
    k = step_series(config).index(Series("telegram", "any", "dau"))
    steps[0][0, k], steps[-1][0, k] = 0.5, 0.4
    assert run.recorder.lost_users("telegram") == pytest.approx(0.2)


def test_measures_of_users_are_the_means_of_their_groups():
    """Of built-in measures, snapshots and series are computed apart."""
    config, start = world()
    doubles = [
        Measure(
            f"{one.name}_again", one.unit, one.meaning, platform=one.platform,
            channel=one.channel, of_user=one.of_user,
        )
        for one in measures() if one.of_user
    ]  # fmt: skip
    assert len(doubles) > 8
    with registered(*doubles):
        run = advanced(simulation(config, start), 4)
        series = step_series(config)
        values = run.recorder.observations.steps[-1]
    for k, (platform, channel, name) in enumerate(series):
        if name.endswith("_again"):
            original = series.index(Series(platform, channel, name.removesuffix("_again")))
            np.testing.assert_allclose(values[:, k], values[:, original], rtol=2e-6, atol=1e-7)


@pytest.fixture(scope="module")
def result():
    """Return a run with two registered measures."""
    with registered(OFFLINE, OPENINGS):
        return compare(load_config(*SMALL))


def test_an_own_measure_is_in_tables_effects_units_and_report(result):
    rows = result.timeseries
    everybody = rows[rows["group"] == "all"]
    primary = everybody[(everybody["measure"] == "primary") & (everybody["platform"] == CELLULAR)]
    offline = everybody[everybody["measure"] == "offline"]
    assert offline["value"].tolist() == primary["value"].tolist()
    openings = everybody[everybody["measure"] == "openings"]
    assert set(openings["platform"]) == set(result.config.messengers)
    assert {"offline", "openings"} <= set(result.effects["measure"])
    with registered(OFFLINE, OPENINGS):
        assert "No messenger" in fact_table(facts(result)).index
        assert words()["offline"] == "people with no messenger in use [1]."
        assert "No messenger [1]." in caption(result.config)
        assert meaning("openings").unit == "times a day"
        assert to_xarray(result)["openings"].attrs["units"] == "times a day"


def test_openings_fit_daily_reach(result):
    """1 - exp(-n) is concave in openings n, so reach stays below that of the mean user."""
    rows = result.timeseries
    table = rows[rows["group"] == "all"].pivot_table(
        "value", ["scenario", "date", "platform"], "measure", observed=True
    )
    some = table[table["openings"] > 0].dropna(subset="dau")
    assert len(some) > 100
    assert (some["dau"] <= 1 - np.exp(-some["openings"]) + 1e-6).all()
    assert (some["dau"] > 0).all()


@pytest.mark.slow
def test_both_engines_give_the_same_bits(result):
    with registered(OFFLINE, OPENINGS):
        mesa = compare(load_config(*SMALL, "engine=mesa"))
    pd.testing.assert_frame_equal(mesa.timeseries, result.timeseries, check_exact=True)


def test_built_in_measures_stay_as_they_are(result):
    others = result.timeseries[~result.timeseries["measure"].isin(["offline", "openings"])]
    plain = compare(load_config(*SMALL)).timeseries
    assert others["value"].tolist() == pytest.approx(plain["value"].tolist(), abs=0, nan_ok=True)
    assert others["measure"].astype(str).tolist() == plain["measure"].astype(str).tolist()


def test_a_snapshot_of_users_has_a_column_of_it(result):
    with registered(OPENINGS):
        found = user_snapshots(result.config, [result.config.start])
    assert (found.platforms.loc[found.platforms["platform"] != CELLULAR, "openings"] >= 0).all()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "dau"}, "measure dau: there is one of this name"),
        ({"name": "homes"}, "measure homes: there is one of this name"),
        ({"name": "has"}, "measure has: there is one of this name"),
        ({"name": "fraud_victims"}, "names a measure of abuse"),
        ({"name": "my measure"}, "allowed: letters, digits and _"),
        ({"every": "month"}, "every=month, abuse=''; allowed: every=step"),
        ({"value": None}, "neither value nor of_user"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(wrong, told):
    entry = {"name": "mine", "unit": "1", "meaning": "it", "value": np.zeros_like, **wrong}
    with pytest.raises(ConfigError, match=told):
        register_measure(Measure(**entry))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value": lambda sums: sums.mean("use")}, r"measure mine: values of shape \(2, 8\)"),
        (
            {"of_user": lambda seen: seen.step_records.use},
            r"\(2, 7\) for each user; allowed",
        ),
    ],
)
def test_an_array_of_another_shape_is_refused(wrong, told):
    config, start = world()
    with registered(Measure("mine", "1", "it", **wrong)):
        run = advanced(simulation(config, start), 1) if "value" in wrong else None
        with pytest.raises(ConfigError, match=told):
            run.recorder.work_out() if run else advanced(simulation(config, start), 1)


def test_processes_that_would_not_know_it_are_refused():
    config = load_config(*SMALL)
    with registered(OFFLINE):
        Serial().check([config])
        with pytest.raises(ConfigError, match=r"executor=processes: .* measures offline; allowed"):
            Processes().check([config])
    Processes().check([config])
    with pytest.raises(ConfigError, match="engine=mpi"):
        RangesEngine.__new__(RangesEngine).recording()


def test_a_folder_names_its_measures_to_a_process_that_does_not_know_them(tmp_path):
    with registered(OFFLINE):
        run_to_folder(load_config(*SMALL), tmp_path / "run")
    manifest = (tmp_path / "run/manifest.json").read_text(encoding="utf-8")
    assert OFFLINE.meaning in manifest
    with pytest.raises(KeyError):
        find("offline")
    write_csv(tmp_path / "run", tmp_path / "csv")
    units = pd.read_csv(tmp_path / "csv/units.csv").set_index("name")
    assert "manifest.json" in units.loc["offline", "meaning"]
