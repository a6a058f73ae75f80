"""The files of scenarios: each says what it is, composes, and moves nobody twice."""

import re
from collections import Counter
from functools import cache

import pytest

from sim import load_config
from sim.config.conf import CONF
from sim.policies.information import Story
from sim.policies.promotion import GroupMove, Mandate
from sim.rules.ceilings import ROOM, STORIES

SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))
BUNDLES = {"max_push", "dated_events"}
POLICIES = {path.stem for path in (CONF / "policy").glob("*.yaml")} - BUNDLES
COMPOSED = (
    "[call_ban,vpn_support]",
    "[full_block,vpn_support]",
    "[call_ban,mutual_help]",
    "[call_ban,fraud_only_measures]",
    "[full_block,vpn_support,fraud_only_measures]",
)
composed = cache(load_config)  # no test changes a configuration


def policies_of(scenario):
    return composed(f"+scenario={scenario}").policies


def comment(name):
    lines = (CONF / "scenario" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("# ") for line in lines[1:] if line.startswith("#")]
    return [line for line in comments if not line.startswith("title: ")]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_first_line_is_a_sentence_that_tells_the_world(name):
    first = comment(name)[0]
    assert re.fullmatch(r"[A-Z][^.]+\.", first), first
    assert 6 <= len(first.split()) <= 25


@pytest.mark.slow
def test_no_two_scenarios_say_the_same():
    stories = [comment(name)[0] for name in SCENARIOS]
    worlds = [str(policies_of(name)) for name in SCENARIOS]
    assert Counter(stories).most_common(1)[0][1] == 1
    assert Counter(worlds).most_common(1)[0][1] == 1


def test_every_policy_is_part_of_some_scenario():
    used = {policy for name in SCENARIOS for policy in policies_of(name)}
    assert used == POLICIES


@pytest.mark.parametrize("chosen", COMPOSED)
def test_scenarios_on_top_of_others_keep_all_policies_and_a_yardstick_for_both(chosen):
    names = chosen.strip("[]").split(",")
    together = composed(f"+scenario={chosen}")
    apart = [policies_of(name) for name in names]
    assert together.policies == {k: v for policies in apart for k, v in policies.items()}
    assert together.compare_to == ("baseline",)
    first = composed(f"+scenario={chosen}", f"compare_to=[{names[0]}]")
    assert first.counterfactuals[names[0]] == apart[0]


def test_the_commands_that_comments_show_compose():
    shown = [
        match
        for name in SCENARIOS
        for match in re.findall(r"\+scenario=\S+(?: compare_to=\S+)?", " ".join(comment(name)))
    ]
    assert len(shown) >= 3
    for command in shown:
        load_config(*command.split())


@pytest.mark.parametrize("name", SCENARIOS)
def test_nobody_is_moved_twice(name):
    """A segment is pushed person by person or chat by chat, not both; stories fit their bits."""
    policies = policies_of(name).values()
    pushed = Counter(p.segment for p in policies if isinstance(p, Mandate | GroupMove))
    assert set(pushed.values()) <= {1}
    assert sum(isinstance(p, Story) for p in policies) <= ROOM[STORIES][0]
