"""What a run changed in its scenarios, and titles that say so."""

import pytest

from sim import load_config
from sim.config.titles import scenario_title
from sim.config.variants import changes, variants

BAN = "+scenario=call_ban"
PROXY = (
    "+policies.proxy={kind: proxies, platform: telegram, circumvention: 0.5, start: 2025-10-01}"
)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("policies.call_restriction.grade=0", ".grade is 0 instead of 0.97"),
        ("policies.call_restriction.stop=2026-01-01", ".stop is 2026-01-01 instead of null"),
        ("policies.call_restriction.platforms=[whatsapp]", "[whatsapp] instead of [whatsapp,tele"),
        ("~policies.call_restriction", "policies.call_restriction is left out"),
        (PROXY, "policies.proxy is added"),
        ("+policy=vpn_support", "policies.vpn_support is added"),
    ],
)
def test_a_change_of_a_policy_is_told_and_makes_a_variant(override, told):
    config = load_config(BAN, override)
    clause = changes(config, "call_ban")
    assert len(clause) == 1
    assert told in clause[0]
    assert scenario_title(config, "call_ban").startswith("a variant of banning calls")


def test_a_change_that_counterfactuals_share_makes_variants_of_them_too():
    config = load_config(BAN, "~policies.max_egov")
    assert [line.partition(":")[0] for line in variants(config)] == [
        "A variant of call_ban",
        "A variant of mandate_only",
    ]
    assert scenario_title(config, "mandate_only").startswith("a variant of promoting Max")
    assert "variant" not in scenario_title(config, "baseline")


@pytest.mark.parametrize(
    "asked",
    [
        [BAN, "population.n_users=500", "dur_days=182", "seed=3"],
        ["+scenario=[call_ban,vpn_support]"],
        ["case_dir=saudi_calls_2017"],
        ["+scenario=baseline", "~platforms.imo"],
    ],
)
def test_what_changes_no_policy_makes_no_variant(asked):
    assert not list(variants(load_config(*asked)))


def test_a_scenario_without_a_file_is_no_variant():
    config = load_config(BAN, "~policies.max_egov").model_copy(update={"scenario": "my_own_ban"})
    assert changes(config, "my_own_ban") == []
