"""Replications that draw their parameters: which draw each has, and that nothing else changes."""

import json
import shutil

import numpy as np
import pytest

from sim import load_config, run
from sim.base.errors import ConfigError
from sim.commands.case import problems
from sim.config import posterior
from sim.config.case import DATA
from sim.config.conf import CASES
from sim.config.draws import drawn
from sim.report.run_folder import run_to_folder
from sim.sweeps.design import Design
from sim.sweeps.points import Points
from tests.helpers.case_copy import CASE
from tests.helpers.cli import plain

SHORT = ("+scenario=as_happened", "compare_to=[]", "population.n_users=300", "replications=3")
CONFIG = load_config(*SHORT, "parameters=posterior")
SHIPPED = posterior.read(CONFIG.case.data)


def written(tmp_path, text):
    (tmp_path / posterior.NAME).write_text(text)
    posterior.read.cache_clear()
    return posterior.read(tmp_path)


def test_replications_follow_the_weights(tmp_path):
    found = written(tmp_path, "weight,a,b\n3,1,0.5\n1,2,0.25\n")
    values = [found.draw(r)["a"] for r in range(400)]
    assert np.mean(np.array(values) == 1) == pytest.approx(0.75, abs=0.01)
    assert found.names == ("a", "b")
    assert found.reach == (0.75, 1.0)


def test_more_replications_do_not_change_the_first(tmp_path):
    found = written(tmp_path, "weight,a\n" + "".join(f"1,{k}\n" for k in range(50)))
    first = [found.draw(r)["a"] for r in range(20)]
    assert len(set(first)) == 20  # evenly spread: none comes twice
    assert [found.draw(r)["a"] for r in range(20)] == first


def test_the_first_has_the_middle_draw_and_the_next_is_a_golden_ratio_further(
    tmp_path,
):
    """Of five of equal weight: at .5, and at 1.118 - 1 of the weights."""
    found = written(tmp_path, "weight,a\n" + "".join(f"1,{k}\n" for k in range(5)))
    assert [found.draw(r)["a"] for r in range(3)] == [2, 0, 3]


def test_what_was_drawn_is_not_drawn_once_more():
    assert drawn(CONFIG, 1).parameters == "defaults"


def at(config, key):
    """Return what stands under a key of a configuration."""
    node = config.model_dump(mode="json")
    for part in key.split("."):
        node = node[part]
    return node


def test_what_is_shipped_are_some_hundred_draws_that_can_all_be_run():
    assert 100 <= len(SHIPPED.draws) <= 400
    usual = load_config("+scenario=as_happened")
    groups = ("behaviour", "policies", "platforms")
    assert all(name.split(".")[0] in groups for name in SHIPPED.names)
    for replication in range(0, 100, 10):
        config = drawn(CONFIG, replication)
        values = SHIPPED.draw(replication)
        assert {name: at(config, name) for name in SHIPPED.names} == values
        assert config.behaviour.keep_value == usual.behaviour.keep_value  # not fitted


@pytest.fixture
def folder(tmp_path):
    """Return a copy of a case that has no posterior, with what is known of its parameters."""
    folder = shutil.copytree(CASES / CASE, tmp_path / "case")
    known = "parameter,ratio,identifiability\nbehaviour.network_value,0.5,data\n"
    (folder / "data" / posterior.IDENTIFIABILITY).write_text(known)
    return folder


ONE = "weight,behaviour.network_value\n"
BROKEN = {
    "nothing": (b"", "line 1: allowed: weight and parameters"),
    "no text": (b"\0\1\2", "line 1: allowed: weight and parameters"),
    "no UTF-8": (b"weight,\xff\n1,1\n", "no text in UTF-8"),
    "an endless field": (b"weight," + 200_000 * b"a", "cannot read the table: field larger"),
    "no weights": (b"behaviour.network_value\n1\n", "line 1: allowed: weight and parameters"),
    "a name twice": (b"weight,a,a\n1,1,1\n", "line 1: allowed: weight and parameters, each name"),
    "no draws": (ONE, "weight: allowed: from 0"),
    "weights of nothing": (f"{ONE}0,1\n", "weight: allowed: from 0, and one above 0"),
    "a weight below 0": (f"{ONE}-1,1\n2,1\n", "weight: allowed: from 0"),
    "a word": (f"{ONE}1,much\n", "line 2: behaviour.network_value=much: allowed: a number"),
    "no value": (f"{ONE}1\n", "line 2: behaviour.network_value=: allowed: a number"),
    "a value too many": (f"{ONE}1,1,1\n", "line 2: more values than columns"),
    "an endless number": (f"{ONE}1,1e999\n", "line 2: behaviour.network_value=1e999: allowed"),
    "a value too large": (f"{ONE}1,21\n", "network_value=21.0: must be less than or equal to 20"),
    "a key that is not": (b"weight,behaviour.nope\n1,1\n", "behaviour.nope=1.0: unknown key"),
    "a group that is not": (b"weight,nope.nope\n1,1\n", "nope: unknown key"),
}


@pytest.mark.parametrize(("table", "told"), BROKEN.values(), ids=BROKEN)
def test_broken_draws_are_refused_by_the_check_and_by_runs_in_words(folder, table, told):
    content = table if isinstance(table, bytes) else table.encode()
    (folder / "data" / posterior.NAME).write_bytes(content)
    with pytest.raises(ConfigError, match=r"posterior\.csv") as error:
        load_config(f"case_dir={folder}", "parameters=posterior")
    assert told in plain(error)
    assert [f"data/{line}" for line in plain(error).splitlines()] == list(problems(str(folder)))


def test_draws_and_what_is_known_of_them_are_read_before_a_run(folder):
    (folder / "data" / posterior.NAME).write_text(f"{ONE}1,1.5\n")
    config = load_config(f"case_dir={folder}", "parameters=posterior")
    assert drawn(config, 0).behaviour.network_value == 1.5
    (folder / "data" / posterior.IDENTIFIABILITY).unlink()
    with pytest.raises(ConfigError, match=r"identifiability\.csv: cannot read"):
        load_config(f"case_dir={folder}", "parameters=posterior")


def test_defaults_draw_nothing():
    config = load_config(*SHORT)
    assert drawn(config, 2) is config


def test_a_policy_that_a_scenario_lacks_stays_away():
    other = load_config("+scenario=no_mandate", "compare_to=[]", "parameters=posterior")
    assert "max_egov" not in drawn(other, 1).policies


def test_each_replication_is_the_run_of_its_draw():
    config = CONFIG.model_copy(update={"replications": 2})
    together = run(config).timeseries
    for replication in range(2):
        alone = run(drawn(config, replication)).timeseries
        mine, same = (t[t["replication"] == replication]["value"] for t in (together, alone))
        assert np.array_equal(mine, same, equal_nan=True)
    first, second = (together[together["replication"] == r]["value"].to_numpy() for r in range(2))
    assert not np.allclose(first, second)


def test_the_manifest_says_that_parameters_were_drawn(tmp_path):
    run_to_folder(CONFIG.model_copy(update={"replications": 1}), tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["parameters"] == "posterior"
    report = (tmp_path / "report.html").read_text()
    for row in posterior.identifiability(CONFIG.case.data):
        assert f"<code>{row.parameter}</code>" in report


def test_what_the_data_say_is_reported_for_every_fitted_parameter():
    told = posterior.identifiability(CONFIG.case.data)
    assert {row.parameter for row in told} <= set(SHIPPED.names)
    assert (
        {"data, in part", "prior"}
        <= {row.by for row in told}
        <= {"data", "data, in part", "prior"}
    )
    clear = [row for row in told if row.ratio != 0.5]  # .50 may have been rounded down or up
    assert all((row.ratio < 0.5) == (row.by == "data") for row in clear)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("held=[behaviour.failure_exit]", "unknown key"),
        ("population.n_users=60000", "allowed: up to 50000"),
        ("parameters=best", "'defaults' or 'posterior'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(override, told):
    with pytest.raises(ConfigError, match=told):
        load_config("+scenario=as_happened", "parameters=posterior", override)


@pytest.mark.parametrize(
    "override", ["behaviour.failure_exit=1.5", "policies.max_egov.ceiling=0.5"]
)
def test_what_an_override_sets_is_not_drawn(override):
    config = load_config(*SHORT, "parameters=posterior", override)
    key, value = override.split("=")
    assert {at(drawn(config, r), key) for r in range(3)} == {float(value)}
    others = {at(drawn(config, r), "behaviour.word_of_mouth") for r in range(3)}
    assert len(others) == 3


def test_each_replication_has_a_society_of_its_own():
    seeds = [drawn(CONFIG, r).seed for r in range(3)]
    assert len({*seeds}) == 3
    assert seeds[0] == CONFIG.seed  # so that one replication is the society that the seed names


def test_a_case_without_draws_has_those_of_a_case_of_which_nothing_is_known(folder):
    (folder / "data" / posterior.IDENTIFIABILITY).unlink()
    (folder / "data" / posterior.NAME).unlink(missing_ok=True)
    config = load_config(f"case_dir={folder}", "parameters=posterior")
    unseen = posterior.read(DATA)
    assert all(name.startswith("behaviour.") for name in unseen.names)
    key = "behaviour.word_of_mouth"
    assert at(drawn(config, 1), key) == unseen.draw(1)[key]


def test_a_sweep_has_no_draws_of_its_own():
    design = Design(
        method="factorial",
        scenarios=("as_happened",),
        overrides=("parameters=posterior",),
        factors={"behaviour.habit_value": {"levels": (1.0, 2.0)}},
    )
    with pytest.raises(ConfigError, match="method=table"):
        Points.compose(design)
