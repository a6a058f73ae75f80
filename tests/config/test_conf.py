"""Files of conf/: each composes and has a description, and scenarios are compared fairly."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
import yaml

from sim import load_config
from sim.base.errors import ConfigError
from sim.config import compose as schema
from sim.config.conf import CONF
from sim.sweeps.points import Points
from sim.sweeps.request import ExecutionOptions, Request

GROUPS = (
    "case",
    "population",
    "network",
    "platforms",
    "abuse",
    "engine",
    "scenario",
    "policy",
)
OF_SWEEPS = ("design", "executor")  # of conf/sweep.yaml
ADDED = ("scenario", "policy")  # by +GROUP=NAME; the others have a default
BUNDLES = {"max_push", "dated_events"}  # policies that only name others
NEEDED = {"from_file": [f"network.path={__file__}"]}  # what only the user can know


def files(*groups):
    paths = [path for group in groups for path in sorted((CONF / group).glob("*.yaml"))]
    return pytest.mark.parametrize("path", paths, ids=lambda p: f"{p.parent.name}={p.stem}")


def names(group):
    return [path.stem for path in sorted((CONF / group).glob("*.yaml"))]


def test_every_folder_of_conf_is_a_group_that_is_tested_here():
    assert {path.name for path in CONF.iterdir() if path.is_dir()} == {*GROUPS, *OF_SWEEPS}


@pytest.mark.slow
@files("design")
def test_every_design_can_be_run_whole(path):
    """Of points drawn from ranges, a few."""
    request = Request.of([f"design={path.stem}"])
    if request.design.n:
        request = request.with_design(n=8)
    assert Points.compose(request.design).check(request.design.runs()).population.n_users


@files("executor")
def test_every_executor_says_what_it_takes(path):
    shown = yaml.safe_load(path.read_text())
    executor = ExecutionOptions.of([f"executor={path.stem}"]).executor
    assert executor.kind == path.stem
    assert set(shown) == set(type(executor).model_fields)  # all its keys stand there


@files(*(group for group in GROUPS if group not in ADDED))  # the others are composed below
def test_every_file_composes_to_a_valid_configuration(path):
    load_config(f"{path.parent.name}={path.stem}", *NEEDED.get(path.stem, []))


@files(*GROUPS)
def test_every_file_starts_with_a_comment_that_says_what_it_is(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines[lines[0].startswith("# @package")]
    assert first.startswith("# ")
    assert len(first.split()) > 3


@files("policy")
def test_a_policy_stands_under_its_own_name_within_the_usual_run_and_gives_its_grounds(path):
    config = load_config(f"+policy={path.stem}")
    if path.stem in BUNDLES:
        assert len(config.policies) > 1
        assert set(config.policies) <= set(names("policy")) - BUNDLES
        return
    ((name, policy),) = config.policies.items()
    assert name == path.stem
    assert config.start <= policy.start < (policy.stop or config.end) <= config.end
    text = path.read_text(encoding="utf-8")
    notes = " ".join(line for line in text.splitlines() if line.startswith("# ")).lower()
    assert len(notes.split()) > 10


def test_the_push_holds_every_policy_for_max_and_the_events_hold_the_others():
    push, events = (set(load_config(f"+policy={name}").policies) for name in sorted(BUNDLES)[::-1])
    assert push == {n for n in names("policy") if n.startswith("max_")} - BUNDLES
    assert not push & events
    assert push | events < set(load_config("+scenario=as_happened").policies)


@pytest.mark.parametrize("name", names("scenario"))
def test_a_scenario_is_compared_with_scenarios_that_exist(name):
    config = load_config(f"+scenario={name}")
    assert config.scenario == name
    assert set(config.compare_to) <= set(names("scenario")) - {name}
    assert tuple(config.counterfactuals) == config.compare_to


def test_without_a_scenario_nothing_happens():
    assert load_config() == load_config("+scenario=baseline")
    assert load_config().policies == {}


def test_a_run_that_ends_within_a_day_has_the_policies_of_that_day():
    policy = "{kind: campaign, platform: max, awareness_rate: 0.1, start: 2025-06-05}"
    config = load_config("step_days=0.5", "dur_days=3.5", f"+policies.last={policy}")
    assert config.end - config.start == dt.timedelta(days=4)


def test_every_policy_happened_within_the_run_of_as_happened():
    config = load_config("+scenario=as_happened")
    assert config.end - config.start == dt.timedelta(days=config.dur_days)
    for policy in config.policies.values():
        assert config.start <= policy.start < (policy.stop or config.end) <= config.end


def happened(name):
    """Say whether a policy's file claims that it happened."""
    story = (CONF / "policy" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[1]
    return not story.startswith(("# Hypothetical: ", "# Instead of "))


def test_as_happened_holds_every_policy_that_happened_and_no_other():
    claimed = {name for name in names("policy") if happened(name)} - BUNDLES
    assert set(load_config("+scenario=as_happened").policies) == claimed


@pytest.mark.parametrize("name", names("scenario"))
def test_counterfactuals_share_everything_but_the_policies(name):
    changes = ("seed=5", "behaviour.keep_value=3", "population.n_users=77", "engine=mesa")
    config = load_config(f"+scenario={name}", *changes)
    for other in config.compare_to:
        alone = load_config(f"+scenario={other}", *changes)
        back = {"compare_to": (name,), "counterfactuals": {name: config.policies}}
        assert config.counterfactual(other) == alone.model_copy(update=back)


def worlds(*overrides):
    """Return the policies of call_ban and of what it is compared with, by scenario."""
    config = load_config("+scenario=call_ban", *overrides)
    return {"call_ban": config.policies, **config.counterfactuals}


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("policies.max_pupils.rate=0.5", "rate", 0.5),
        ("++policies.max_pupils.rate=0.5", "rate", 0.5),
        ("+policies.max_pupils.stop=2025-12-01", "stop", dt.date(2025, 12, 1)),
        ("+policies.max_pupils.ceiling=0.3", "ceiling", 0.3),
        ("~policies.max_pupils.ramp_days", "ramp_days", 0.0),
    ],
)
def test_a_changed_policy_is_changed_in_every_world_that_has_it(override, field, value):
    world = worlds(override)
    assert getattr(world["call_ban"]["max_pupils"], field) == value
    assert getattr(world["mandate_only"]["max_pupils"], field) == value
    assert world["baseline"] == {}


def test_a_change_of_what_only_the_question_has_leaves_the_others_alone():
    world = worlds("policies.call_restriction.grade=0.5")
    assert world["call_ban"]["call_restriction"].grade == 0.5
    assert {n: world[n] for n in ("mandate_only", "baseline")} == {
        n: worlds()[n] for n in ("mandate_only", "baseline")
    }


def test_a_policy_added_by_hand_makes_the_question_not_its_yardstick():
    changed, usual = worlds("+policy=whatsapp_block"), worlds()
    assert set(changed["call_ban"]) - set(usual["call_ban"]) == {"whatsapp_block"}
    assert {n: changed[n] for n in ("mandate_only", "baseline")} == {
        n: usual[n] for n in ("mandate_only", "baseline")
    }


def test_a_policy_deleted_by_hand_is_deleted_wherever_it_is():
    """Else the difference would show that policy's effect as the ban's."""
    changed, usual = worlds("~policies.max_pupils"), worlds()
    for name in ("call_ban", "mandate_only"):
        assert set(usual[name]) - set(changed[name]) == {"max_pupils"}
    without_ban = worlds("~policies.call_restriction")
    assert without_ban["mandate_only"] == usual["mandate_only"] == without_ban["call_ban"]


def test_a_policy_that_refers_to_another_key_does_so_in_every_world_that_has_it():
    world = worlds("policies.max_pupils.rate=${behaviour.call_share}", "behaviour.call_share=0.25")
    for name in ("call_ban", "mandate_only"):
        assert world[name]["max_pupils"].rate == 0.25


def test_an_added_policy_can_be_changed_at_once():
    world = worlds("+policy=whatsapp_block", "policies.whatsapp_block.grade=0.2")
    assert world["call_ban"]["whatsapp_block"].grade == 0.2
    assert "whatsapp_block" not in world["mandate_only"]


def test_another_comparison_can_be_asked_for():
    config = load_config("+scenario=call_ban", "compare_to=[call_ban_only]")
    assert set(config.counterfactuals) == {"call_ban_only"}
    assert set(config.counterfactuals["call_ban_only"]) == {"call_restriction"}


def test_two_scenarios_together_bear_both_names_and_both_policies():
    config = load_config("+scenario=[call_ban_only,mandate_only]")
    assert config.scenario == "call_ban_only+mandate_only"
    assert {"call_restriction", "max_pupils"} <= set(config.policies)


def test_conf_is_found_wherever_the_process_was_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_config("+scenario=call_ban").scenario == "call_ban"
    assert Path(CONF).is_absolute()


def test_keys_that_a_policys_file_leaves_at_their_default_can_be_set():
    changes = ("policies.call_restriction.regions=[moscow]", "policies.max_pupils.ceiling=0.5")
    world = worlds(*changes)
    assert world["call_ban"]["call_restriction"].regions == ("moscow",)
    assert world["call_ban"]["max_pupils"] == world["mandate_only"]["max_pupils"]
    assert world["mandate_only"]["max_pupils"].ceiling == 0.5


@files(*GROUPS)
def test_no_file_says_how_hydra_runs(path):
    assert "hydra" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("group", "head"), [("scenario", "_global_"), ("policy", "policies.NAME")]
)
def test_a_file_without_its_first_line_is_reported(tmp_path, monkeypatch, group, head):
    """A scenario without it was said to be set by hand, a policy to be an unknown key."""
    conf = shutil.copytree(CONF, tmp_path / "conf")
    (conf / group / "mine.yaml").write_text("policies: {}\n", encoding="utf-8")
    monkeypatch.setattr(schema, "CONF", conf)
    with pytest.raises(ConfigError, match=rf"has to begin with the line # @package {head}"):
        load_config(f"+{group}=mine")
