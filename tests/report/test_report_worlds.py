"""Reports of other runs than the default one, and of none."""

import re
from pathlib import Path

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.base.numbers import Number
from sim.plotting.figures import figures
from sim.report.__main__ import main
from sim.report.descriptions import description
from sim.report.facts import facts
from sim.report.page import write_report
from sim.report.run_folder import run_to_folder
from sim.report.terminal import table
from sim.runs.run import run
from sim.runs.tables import read_result

SMALL = ("population.n_users=300", "replications=3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a run with a counterfactual."""
    path = tmp_path_factory.mktemp("run")
    run_to_folder(load_config("+scenario=call_ban", *SMALL), path)
    return path


def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_a_world_compared_with_none_has_levels(tmp_path):
    config = load_config("+scenario=baseline", *SMALL)
    run_to_folder(config, tmp_path)
    text = plain(page(tmp_path))
    assert "daily reach is: WhatsApp" in text
    assert "Who moved" not in text


def test_a_case_of_its_own_has_its_own_description_and_perhaps_nothing_observed(tmp_path):
    name = "turkey_whatsapp_2021"
    config = load_config(f"case_dir={name}", f"+scenario={name}", "compare_to=[]", *SMALL)
    run_to_folder(config, tmp_path)
    text = plain(page(tmp_path))
    assert description(name, Path(config.case.folder)) in text
    assert "no observed reach of this period can be compared with the run" in text
    assert f"experiments.record case_dir={config.case.folder} shows them" in text
    assert f"{config.case.folder}/conf/population says which are assumptions" in text
    with pytest.raises(ConfigError, match=f"scenario={name}: no such file"):
        description(name)


def test_a_poll_of_others_is_not_shown_as_reach_of_everybody(tmp_path):
    """The poll of March 2015 asked those online aged 18 and over."""
    asked = ("case_dir=uae_calls", "+scenario=uae_calls", "dur_days=91", *SMALL)
    run_to_folder(load_config(*asked), tmp_path)
    found = facts(read_result(tmp_path))
    assert f"{found.after:%Y-%m}" == "2015-03"
    assert [line.observed for line in found.lines[:2]] == ["", ""]
    text = plain(page(tmp_path))
    assert "Incidents, losses" not in text  # no abuse is in this case
    assert "monthly, online 18+ 93.0" in text
    assert "observed Mar 2015" not in text  # a column in which nothing would stand
    heads = [str(column.header) for column in table(found).columns]
    assert not any("observed" in head for head in heads)


def test_a_run_of_one_month_shows_it_once(tmp_path):
    run_to_folder(load_config("+scenario=baseline", *SMALL, "dur_days=35"), tmp_path)
    head = plain(page(tmp_path).partition("<tbody>")[0].partition("<thead>")[2])
    assert head.count("Jun 2025") == 2  # simulated, and observed


def test_a_run_with_drawn_parameters_does_not_call_them_defaults(tmp_path):
    asked = ("+scenario=as_happened", "parameters=posterior", *SMALL, "compare_to=[]")
    run_to_folder(load_config(*asked), tmp_path)
    text = plain(page(tmp_path))
    assert "those below are draws from the posterior, all others are defaults" in text
    assert "draws the fitted parameters from the posterior" in text


def test_a_scenario_that_is_run_alone_is_compared_with_none():
    """Though its configuration names yardsticks: facts and figures looked for them in vain."""
    config = load_config("+scenario=call_ban", *SMALL)
    result = run(config)
    assert config.compare_to
    assert result.config.compare_to == ()
    assert all(not line.effects for line in facts(result).lines)
    assert {"reach", "harms"} < set(figures(result))


def test_a_report_needs_the_folder_of_its_run(folder, tmp_path):
    with pytest.raises(ConfigError, match=f"{tmp_path}: no run here; allowed: .* run_to_folder"):
        write_report(read_result(str(folder)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_whole_month_has_no_report(tmp_path):
    config = load_config("+scenario=baseline", *SMALL, "dur_days=14")
    assert write_report(run(config), tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_several_runs_are_compared_by_another_command(folder, capsys):
    with pytest.raises(SystemExit):
        main([str(folder), str(folder)])
    assert "sim.compare" in capsys.readouterr().err


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no run here that is done"):
        read_result(tmp_path)


def test_the_newest_run_is_named_whatever_its_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in ("a/2025-08-13_10-00-00", "b/2025-08-14_09-00-00", "c/2024-12-31_23-00-00"):
        path = tmp_path / "outputs" / place / "config.yaml"
        path.parent.mkdir(parents=True)
        path.touch()
    with pytest.raises(ConfigError, match=r"; the newest: outputs/b/2025-08-14_09-00-00$"):
        read_result(tmp_path)


def test_differences_are_reported_in_words():
    lower = Number(-0.022, -0.024, -0.02, "percent")
    assert lower.moved("higher", "lower") == (
        "2.2 points lower (\N{MINUS SIGN}2.4 to \N{MINUS SIGN}2.0)"
    )
    assert Number(0.5, 0.1, 0.9, "number").change == "+0.500 (+0.100 to +0.900)"


@pytest.mark.slow
def test_one_run_is_shown_without_a_band(tmp_path):
    """Ends of a band that are all the same number would look like certainty."""
    one = ("population.n_users=300", "replications=1", "compare_to=[baseline]")
    run_to_folder(load_config("+scenario=call_ban", *one), tmp_path)
    text = plain(page(tmp_path))
    assert "this is one run of one society of 300 users, without intervals" in text
    assert not re.search(r"\d to [\d\N{MINUS SIGN}+]+\.\d", text)
    assert "In brackets: 5 %" not in text
    assert not re.search(r"\bnan\b", text)
    assert "1 replication of 300 users" in text
