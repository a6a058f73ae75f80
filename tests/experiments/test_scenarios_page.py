"""The page of scenarios: a line of levels and of effects for each, and a judgement."""

import re
from functools import cache

import pytest
import yaml

from experiments.scenario_effects import effect_table, level_table
from experiments.scenarios import COMPOSED as ON_TOP
from experiments.scenarios import JUDGEMENTS, main, run_all
from sim import compare, load_config
from sim.config.conf import CONF
from tests.helpers.cli import REPO

SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))
MESSENGERS = ("whatsapp", "telegram", "max", "imo", "vk")
composed = cache(load_config)  # no test changes a configuration


def test_every_scenario_is_judged():
    judgements = yaml.safe_load(JUDGEMENTS.read_text(encoding="utf-8"))
    assert set(judgements) == {*SCENARIOS, *ON_TOP}
    assert all(text.startswith("**") for text in judgements.values())
    page = (REPO / "docs/scenarios.md").read_text(encoding="utf-8")
    assert [name for name, text in judgements.items() if text.strip() not in page] == []


TINY = ("population.n_users=300", "replications=2", "step_days=14")
LABELS = {name: platform.label for name, platform in composed().platforms.items()}


@pytest.fixture(scope="module")
def ran():
    return run_all(list(TINY))


@pytest.mark.slow
def test_the_page_has_a_line_of_levels_for_every_scenario(ran):
    worlds, _, _ = ran
    lines = list(level_table(worlds, LABELS))
    assert [re.match(r"\| (\w+) \|", line)[1] for line in lines[2:]] == SCENARIOS
    assert len({line.count("|") for line in lines}) == 1
    assert "nan" not in "".join(lines)


@pytest.mark.slow
def test_the_page_has_a_line_of_effects_for_every_scenario_that_has_a_yardstick(ran):
    _, effects, _ = ran
    lines = list(effect_table(effects, LABELS))
    compared = {
        f"{name} ({config.compare_to[0]})"
        for name in SCENARIOS
        if (config := composed(f"+scenario={name}")).compare_to
    }
    on_top = {f"{name} ({counterfactual})" for name, counterfactual in ON_TOP.items()}
    assert {re.match(r"\| (\S+ \(\w+\)) \|", line)[1] for line in lines[2:]} == compared | on_top
    assert len({line.count("|") for line in lines}) == 1
    assert "nan" not in "".join(lines)


@pytest.mark.slow
def test_the_page_holds_the_same_effects_as_a_comparison_the_usual_way_round(ran):
    _, effects, month = ran
    e = compare(load_config("+scenario=full_block", *TINY)).effects
    e = e[(e["group"] == "all") & (e["date"] >= month)]
    usual = e[e["measure"] == "mau"].set_index("platform")["median"]
    for platform in MESSENGERS:
        assert effects["full_block"].of("mau", platform).median() == usual[platform]
    newly = e[e["measure"] == "newly_exposed"]["median"].iloc[-1]
    assert effects["full_block"].newly_exposed.median == newly


@pytest.mark.parametrize("override", ["+policy=vpn_support", "+scenario=call_ban"])
def test_what_the_yardstick_alone_would_have_is_refused(override, capsys):
    with pytest.raises(SystemExit):
        main([override])
    told = capsys.readouterr()
    assert "the same in all scenarios" in told.err
    assert not told.out
