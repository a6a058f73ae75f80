"""Overrides that are refused, those that would run code among them, and composing in threads."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config import compose as schema
from tests.helpers.cli import plain

OVERRIDES = {
    "an unknown key": ("typo=1", r"typo(?!.*\+typo)"),  # +typo=1 is refused as well
    "an unknown key, added": ("+typo=1", "typo=1.*allowed: .*seed"),
    "an unknown key, forced": ("++typo=1", "typo=1.*allowed: .*seed"),
    "an unknown key, deleted": ("~typo", "typo"),
    "a mistyped key of a group": ("population.nusers=5", "population.nusers.*n_users"),
    "a mistyped parameter": ("behaviour.callshare=1", "behaviour.callshare.*call_share"),
    "a key of a policy that is not there": ("policies.x.grade=1", "policies.x.grade"),
    "an unknown scenario": ("+scenario=nope", "nope(.|\n)*call_ban_only"),
    "a scenario without +": ("scenario=call_ban", r"\+scenario=call_ban"),
    "two scenarios": ("+scenario=call_ban +scenario=baseline", "scenario"),
    "no scenario": ("+scenario=null", "scenario"),
    "a key under the scenario": ("+scenario.x=1", r"scenario\.x"),
    "an unknown policy": ("+policy=nope", "nope(.|\n)*registration_gate"),
    "an unknown engine": ("engine=gpu", "gpu(.|\n)*compiled"),
    "a number for a group": ("population=5", "population"),
    "an unknown comparison": ("compare_to=[nope]", "compare_to=nope(.|\n)*call_ban_only"),
    "a number for a comparison": ("compare_to=[5]", "compare_to"),
    "counterfactuals by hand": ("+counterfactuals={}", "counterfactuals"),
    "a file that is not named": ("network=from_file", r"network\.path"),
    "all policies deleted": ("~policies", r"~policies.*~policies\.NAME"),
    "all policies at once": ("policies={}", r"policies={}.*policies\.NAME\.KEY"),
    "no policies": ("policies=null", "policies=null.*policy=NAME"),
    "what draws deleted": ("~parameters", "~parameters.*parameters=VALUE"),
    "comparisons deleted": ("~compare_to", "~compare_to.*compare_to=VALUE"),
    "a start of two kinds": (
        "+case.seeds.whatsapp={users:0.9,pattern:single,aware:1.0}",
        r"case\.seeds\.whatsapp.*one of",
    ),
    "a sweep without -m": ("seed=1,2", "seed=1,2(.|\n)*--multirun"),
    "a sentence": ("a=b=c", "a=b=c: cannot be read.*quoted"),
    "an open bracket": ("[1", r"\[1"),
    "an age band": ("+population.vpn.12-17=0.5", r"'population\.vpn={12-17: 0.5}'"),
    "events of nothing": ("case.happened=nope", "case.happened=nope: .*allowed: as_happened"),
    "steps without end": ("step_days=1e-9", "step_days=1e-09: 3.64e.11 steps.*up to 100000"),
    "an endless number": (f"population.n_users={'9' * 5000}", "5000 characters in a word"),
    "an endless name": (f"+scenario={'a' * 3000}", r"\+scenario=a{30}\.\.\.: 3000 characters"),
    "an endless key": (f"behaviour.{'a' * 3000}=1", "3010 characters in a word; allowed: up to"),
    "groups without end": (f"seed={'{a:' * 300}1{'}' * 300}", "seed=.*: nested too deeply"),
    "words without end": ("seed=1," * 5000, "seed=.*35000 characters; allowed: up to"),
    "lists without end": (f"policies.x={'[' * 3000}", "nested too deeply; allowed: up to 20"),
    "a little too much": (
        "population.types.indifferent=0.250002",
        r"sum to 1, they sum to 1\.000002$",
    ),
    "a value that asks for itself": ("seed=${seed}", "seed"),
}


@pytest.mark.parametrize(("overrides", "message"), OVERRIDES.values(), ids=OVERRIDES)
def test_a_refused_override_is_named_with_what_is_allowed(overrides, message):
    with pytest.raises(ConfigError) as error:
        load_config(*overrides.split())
    assert re.search(message, plain(error)), plain(error)


@pytest.mark.parametrize(
    "override",
    [
        "platforms.telegram.circumvention={2025-10-01: 0.5}",
        "platforms.telegram.circumvention.2025-10-01=0.5",
    ],
)
def test_what_changes_on_a_date_is_answered_with_a_policy_that_works(override):
    with pytest.raises(ConfigError, match="is a policy") as error:
        load_config("+scenario=call_ban", override)
    (added,) = re.findall(r"'(\+policies\.proxy=\{.*\})'", str(error.value))
    proxy = load_config("+scenario=call_ban", added).policies["proxy"]
    assert proxy.proxies() == ("telegram", 0.5)
    assert str(proxy.start) == "2025-10-01"


def test_a_key_that_no_proxies_change_on_a_date_is_answered_with_the_kinds_of_policies():
    with pytest.raises(ConfigError, match=r"install_rate=.*is a policy.*of kind restriction, "):
        load_config("behaviour.install_rate={2025-10-01: 0.01}")


@pytest.mark.parametrize(
    "override",
    [
        "+x._target_=os.system",
        "+behaviour._target_=os.system",
        "+policies.x._target_=os.system",
        "+hydra.callbacks.x._target_=os.system",
        "+hydra.callbacks.x={_target_:os.system}",
        "hydra.launcher._target_=os.system",
        "hydra.sweeper._target_=os.system",
        "+x=[{_target_:os.system}]",
        "+x._target_=hydraulics.pump",
    ],
)
def test_nothing_can_be_made_to_run_from_an_override(override):
    with pytest.raises(ConfigError, match=r"_target_=.*: a configuration cannot name code to run"):
        load_config(override)


@pytest.mark.parametrize(
    ("compared", "known"), [("[mandate_only,baseline]", "mandate_only, baseline"), ("[]", "none")]
)
def test_a_world_that_a_run_is_not_compared_with_is_refused(compared, known):
    config = load_config("+scenario=call_ban", f"compare_to={compared}")
    with pytest.raises(ConfigError, match=f"^counterfactual=full_block: .*; allowed: {known}$"):
        config.counterfactual("full_block")


def test_threads_may_compose_at_once(monkeypatch):
    """As people do who have the app open: Hydra composes by a global state."""
    usual, both = schema.compose, Barrier(2)

    def slow(*asked, **named):
        with suppress(BrokenBarrierError):
            both.wait(timeout=0.2)  # for the other thread, which is to wait for this one
        return usual(*asked, **named)

    monkeypatch.setattr(schema, "compose", slow)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda seed: load_config(f"seed={seed}", "step_days=3.5"), (11, 12)))
    assert [config.seed for config in found] == [11, 12]
    assert both.broken  # they never composed together
