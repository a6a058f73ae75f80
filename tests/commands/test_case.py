"""Cases in folders of their own: what is shipped, and what is said of one that is wrong."""

import shutil

import pandas as pd
import pytest

from sim import load_config, run
from sim.base.errors import ConfigError
from sim.commands import case
from sim.config.conf import CASES as SHIPPED
from sim.observation.events import events
from sim.observation.observed import observations
from sim.observation.residuals import available, readings, residuals
from sim.report import run_folder
from sim.report.run_folder import run_to_folder
from sim.runs.tables import read_result

CASES = sorted(path.name for path in SHIPPED.iterdir())
MINE = "russia_instagram_2022"


def test_the_precedents_are_shipped():
    assert set(CASES) >= {
        "russia_telegram_2018", "russia_instagram_2022", "turkey_whatsapp_2021", "uae_calls",
    }  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_wrong_with_what_is_shipped(name):
    assert list(case.problems(name)) == []
    assert "Nothing is wrong" in case.summary(name)
    config = load_config(f"case_dir={name}", f"+scenario={name}", "replications=1")
    assert config.case.happened == name
    assert events(config).empty
    observed = observations(config)
    periods = pd.concat([observed["period"], observed["until_period"].dropna()])
    periods = periods[[one.end_time >= pd.Timestamp(config.start) for one in periods]]
    asked = pd.DataFrame({"period": periods, "platform": config.messengers[0]}).assign(
        operator="connection_success", base="12+", weights=[{"all": 1.0}] * len(periods)
    )
    assert readings(available(config), asked).notna().all(axis=None)  # all lie in the run


@pytest.mark.parametrize(  # a ban lifted, an outage by day, new platforms and sums, a scare
    "name",
    ["saudi_calls_2017", "korea_kakaotalk_2022", "india_tiktok_2020", "turkey_whatsapp_2021"],
)
def test_a_case_runs_and_meets_every_observation(name):
    config = load_config(
        f"case_dir={name}", f"+scenario={name}", "population.n_users=300", "replications=1"
    )
    outcomes = pd.concat([run(config).timeseries, available(config)])
    table = residuals(outcomes, observations(config))
    assert table["median"].notna().all()


@pytest.fixture
def folder(tmp_path):
    """Return a copy of a case, in a folder whose name is not easy."""
    return shutil.copytree(SHIPPED / MINE, tmp_path / "my case, too")


def change(folder, path, old, new):
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_copy_is_as_good(folder):
    assert list(case.problems(str(folder))) == []
    assert load_config(f"case_dir={folder}").case.data == folder / "data"


OF_CASE, OF_PLATFORMS = f"conf/case/{MINE}.yaml", f"conf/platforms/{MINE}.yaml"
OF_SCENARIO, TABLE = f"conf/scenario/{MINE}.yaml", "data/observations.csv"


@pytest.mark.parametrize(
    ("path", "old", "new", "reason"),
    [
        (OF_CASE, "reach: 0.5\n", "reach: 1.5\n", "must be less than or equal to 1"),
        (OF_CASE, "reach: 0.5\n", "reach: 0.76\n", "allowed: up to 0.752"),  # .975 of .7714
        (OF_CASE, "  persons:", "  people:", "unknown key; allowed: "),
        (OF_CASE, f"  name: {MINE}", "  name: mine", f"case.name=mine: allowed: {MINE}"),
        (OF_CASE, "  persons: 122.0", "  persons: 222.0", "holds 124 million people aged 12 and"),
        (OF_SCENARIO, "    channel: any", "    channel: call", "carries none, so nothing would"),
        (
            OF_CASE,
            "  happened: russia",
            "  happened: usa",
            "usa_instagram_2022: no such name",
        ),
        (OF_CASE, "  title: ", "  title: a: ", "no YAML: mapping values are not allowed"),
        (OF_PLATFORMS, "moderation: 0.4", "moderation: 4", "must be less than or equal to 1"),
        (OF_PLATFORMS, "[message]", "[feed]", "must be 'message' or 'call'"),
        (OF_SCENARIO, "2022-03-14\n", "2021-03-14\n", "lies before the run; allowed: from 2022"),
        (OF_SCENARIO, "2022-03-14\n", "2032-03-14\n", "start=2032-03-14: after the end of the"),
        (TABLE, "2022-03,,", "2020-03,,", "from 2022-01-31 (start) to 2023-02-26 (dur_days=392)"),
        (TABLE, "2022-03,,", "2032-03,,", "date=2032-03: to be fitted, but not whole in the case"),
        (TABLE, "2022-03,,", "2022-Q1,,", "date=2022Q1: to be fitted, but not whole in the case"),
        (OF_CASE, "  headline_month: 2022", "  headline_month: 2042", "allowed: 2022-01-01 to"),
        (TABLE, ",instagram,", ",insta,", "unknown; allowed: instagram"),
        (TABLE, ",12+,", ",cities,", "no operator knows it; allowed: ages as 12+"),
        (OF_CASE, "# @package _global_\n", "", "needed: # @package _global_"),
        (OF_SCENARIO, "# @package", "# Mine.\n# @package", "needed: # @package _global_"),
        (OF_SCENARIO, "# @package _global_\n", "", "needed: # @package _global_"),
        (OF_CASE, "# @package", "\ufeff# @package", "a byte order mark; allowed: UTF-8 without"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder, path, old, new, reason):
    line = (folder / path).read_text(encoding="utf-8").split(old)[0].count("\n") + 1
    change(folder, path, old, new)
    said = list(case.problems(str(folder)))
    name = path.removeprefix("data/")
    assert any(one.startswith(f"{name}, line {line}: ") and reason in one for one in said), said


def test_figures_that_are_never_read_are_counted(folder):
    """January: the case begins on the 31st, so no run has its monthly or daily reach."""
    change(folder, TABLE, "2022-02,,instagram", "2022-01,,instagram")
    said = case.summary(str(folder))
    assert "figures: 26 (not whole in the case, so never read: line 2)" in said


def test_what_is_wrong_with_a_policy_is_said_with_the_line_of_its_own_file(folder):
    own = folder / "conf/policy/mine.yaml"
    own.parent.mkdir()
    lines = (
        "kind: restriction",
        "platforms: [vk]",
        "channel: any",
        "grade: 2",
        "start: 2022-03-14",
    )
    own.write_text("\n".join(["# @package policies.mine", *lines]), encoding="utf-8")
    change(folder, OF_SCENARIO, "  - _self_", "  - /policy/mine\n  - _self_")
    (said,) = case.problems(str(folder))
    assert said.startswith("conf/policy/mine.yaml, line 5: policies.mine.grade=2: ")


def test_what_stands_in_two_files_is_said_of_the_one_that_is_wrong(folder):
    """It was said of the first file that has the policy."""
    second = folder / "conf/scenario/second.yaml"
    shutil.copy(folder / OF_SCENARIO, second)
    change(folder, second.relative_to(folder), "2022-03-14\n", "2021-03-14\n")
    (said,) = case.problems(str(folder))
    assert said.startswith("conf/scenario/second.yaml, line ")


def test_a_world_to_compare_with_that_there_is_not_is_named_with_its_file(folder):
    change(folder, OF_SCENARIO, "compare_to: [baseline]", "compare_to: [nowhere]")
    (said,) = case.problems(str(folder))
    assert said.startswith(f"{OF_SCENARIO}, line ")
    assert "compare_to=nowhere: no such name" in said


def test_what_a_scenario_rests_on_and_is_not_there_is_named(folder):
    """Hydra said that it could not load it."""
    change(folder, OF_SCENARIO, "  - _self_", "  - basline\n  - _self_")
    (said,) = case.problems(str(folder))
    assert said.startswith(
        f"{OF_SCENARIO}: defaults: basline: no such file; did you mean baseline?"
    )


def test_shares_that_do_not_sum_are_named_with_their_file(folder):
    change(folder, f"conf/population/{MINE}.yaml", "{russia: 1.0}", "{russia: 0.9}")
    (said,) = case.problems(str(folder))
    assert said.startswith(
        f"conf/population/{MINE}.yaml, line 1: population: shares of regions must sum"
    )


def test_the_month_of_the_start_may_be_fitted_and_what_was_before_it_shown(folder):
    """The run begins on the third of January, so nine tenths of the month are in it."""
    change(folder, OF_CASE, "start: 2022-01-31", "start: 2022-01-03")
    head, *_ = (folder / TABLE).read_text(encoding="utf-8").splitlines()
    rows = [
        f"{month},,vk,reach,monthly_reach,all,31,percent,12+,,,P,panel,{use},https://example.org,"
        for month, use in (("2022-01", "fit"), ("2021-12", "show"))
    ]
    (folder / TABLE).write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    assert list(case.problems(str(folder))) == []


def test_a_name_that_another_file_does_not_know_is_reported(folder):
    change(folder, OF_CASE, "    vk:", "    vkontakte:")
    said = "\n".join(case.problems(str(folder)))
    assert "unknown platform 'vkontakte'; allowed: instagram, telegram" in said


@pytest.mark.parametrize("path", [OF_PLATFORMS, f"conf/population/{MINE}.yaml", TABLE])
def test_a_missing_file_is_named(folder, path):
    (folder / path).unlink()
    (said,) = case.problems(str(folder))
    assert said.startswith(f"{path}: no such file")


def test_a_file_that_is_no_text_is_named(folder):
    (folder / OF_SCENARIO).write_bytes(b"\xff\xfe")
    assert f"{OF_SCENARIO}: no text in UTF-8" in "\n".join(case.problems(str(folder)))


def test_a_key_that_stands_twice_is_named_with_its_line(folder):
    """It ended in a traceback."""
    change(folder, OF_CASE, "  title: ", "  name: again\n  title: ")
    (said,) = case.problems(str(folder))
    assert said.startswith(f"{OF_CASE}, line ")
    assert said.endswith(": no YAML: found duplicate key name")
    with pytest.raises(ConfigError, match=rf"{OF_CASE}, line \d+: no YAML: found duplicate key"):
        load_config(f"case_dir={folder}")


def test_a_list_where_keys_are_due_is_named(folder):
    (folder / OF_PLATFORMS).write_text("- whatsapp\n", encoding="utf-8")
    (said,) = case.problems(str(folder))
    assert said == f"{OF_PLATFORMS}: a list; allowed: keys with values"


def test_a_file_that_the_simulators_own_would_replace_is_refused(folder):
    """Hydra took that of conf/ and said nothing, so a policy was another than one saw."""
    own = folder / "conf/policy/bank_delay.yaml"
    own.parent.mkdir()
    own.write_text("# @package policies.bank_delay\nkind: bank_delay\n", encoding="utf-8")
    (said,) = case.problems(str(folder))
    assert said.startswith("conf/policy/bank_delay.yaml: the simulator's own file of this name")
    with pytest.raises(ConfigError, match=r"bank_delay\.yaml: .*; allowed: another name"):
        load_config(f"case_dir={folder}")


def test_a_file_that_was_changed_is_read_again(folder):
    """A session that had read the case once went on with what it had read."""
    assert load_config(f"case_dir={folder}").case.persons != 99
    change(folder, OF_CASE, "  persons: ", "  persons: 99 # ")
    assert load_config(f"case_dir={folder}").case.persons == 99


def test_the_lock_of_an_editor_is_no_file_of_the_case(folder):
    """Emacs leaves a link that leads nowhere beside what is being edited."""
    (folder / "conf/case/.#mine.yaml").symlink_to("somebody@somewhere.1")
    (folder / "conf/scenario/.#mine.yaml").symlink_to("somebody@somewhere.1")
    assert list(case.problems(str(folder))) == []


def test_a_case_that_was_moved_away_is_named_where_it_was(folder, tmp_path, monkeypatch):
    """One was told of the case that is shipped."""
    monkeypatch.setattr(run_folder, "save_figures", lambda *_: None)
    config = load_config(f"case_dir={folder}", "population.n_users=300", "replications=1")
    run_to_folder(config, tmp_path / "run")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"case\.folder=.*my case, too: no folder data in it"):
        read_result(tmp_path / "run")


def test_a_missing_population_is_named(folder):
    (folder / "data/population.csv").unlink()
    (said,) = case.problems(str(folder))
    assert "population.ages=population.csv: no such file; allowed: " in said
    assert "observations.csv" in said


def test_a_table_of_ages_that_cannot_be_read_is_reported_before_a_run(folder):
    """It was read by the run alone, where no figure had another base than 12+."""
    table = (folder / TABLE).read_text(encoding="utf-8").splitlines()[0]
    (folder / TABLE).write_text(f"{table}\n", encoding="utf-8")
    change(folder, "data/population.csv", "\n15-19,", "\n15-19,-")
    (said,) = case.problems(str(folder))
    assert "population.csv, line 5: male is '-" in said


def test_a_base_of_ages_that_nobody_is_of_is_refused(folder):
    change(folder, TABLE, ",18+,", ",65+,")
    table = folder / "data/population.csv"
    table.write_text("age,male,female\n10-64,1,1\n", encoding="utf-8")
    (said,) = case.problems(str(folder))
    assert said == "base=65+: nobody in population.csv is of it; allowed: ages that some are of"


def test_a_folder_in_which_nothing_is_looked_for_is_named(folder):
    (folder / "conf/policies").mkdir()
    (said,) = case.problems(str(folder))
    assert said.startswith("conf/policies: not a folder of a case; allowed: case, population")
