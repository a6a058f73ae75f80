"""Settings that are allowed each, but not together."""

import re

import pytest

from sim import load_config
from sim.config.validation import validate
from tests.helpers.cli import DROPPED, changed, refusal


@pytest.fixture(scope="module")
def tree():
    """A valid configuration as the plain tree that a run's folder keeps."""
    return load_config("+scenario=call_ban").model_dump(mode="json")


COMBINATIONS = {
    "less than a step": ({"dur_days": 1e-10}, r"dur_days=1e-10 must be a whole number of steps"),
    "a month from its midst on": (
        {"case.headline_month": "2025-12-15"},
        r"case\.headline_month=2025-12-15: allowed: the first day of a month",
    ),
    "two platforms of one label": (
        {"platforms.imo.label": "Max"},
        r"platforms\.imo\.label=Max: allowed: text that no other platform has",
    ),
    "a label of nothing": (
        {"platforms.imo.label": " "},
        r"platforms\.imo\.label= : allowed: text",
    ),
    "a region that is everybody": (
        {"population.regions.moscow": DROPPED, "population.regions.all": 0.09},
        r"population\.regions\.all: allowed: other names than all, any, none",
    ),
    "part of a step": ({"dur_days": 369}, r"dur_days=369.*whole number.*step_days=7"),
    "too long a step to install": (
        {"step_days": 28, "behaviour.drop_rate": 0.001},
        r"behaviour\.install_rate=0.0158.*step_days=28.*allowed.*0\.43",
    ),
    "too long a step to drop": (
        {"behaviour.drop_rate": 0.09},
        r"behaviour\.drop_rate=0.09.*step_days=7.*allowed.*0\.43",
    ),
    "regions that are not everybody": (
        {"population.regions.moscow": 0.5},
        r"population.*regions.*sum to 1.*1\.41",
    ),
    "types that are not everybody": (
        {"population.types.indifferent": 0.5},
        r"population.*types.*sum to 1.*1\.25",
    ),
    "an age band left out": (
        {"population.vpn.65+": DROPPED},
        r"population.*vpn needs exactly the age bands 12-17, .*65\+",
    ),
    "an age band too many": (
        {"population.no_internet.90+": 0.5},
        r"population.*no_internet needs exactly the age bands",
    ),
    "a profile without an age band": (
        {"case.observed_shares.vk.profile.12-17": DROPPED},
        r"case\.observed_shares\.vk.*profile needs exactly the age bands",
    ),
    "stand-alone values without an age band": (
        {"platforms.max.standalone.12-17": DROPPED},
        r"platforms\.max.*standalone needs exactly the age bands",
    ),
    "a type left out": ({"population.types.indifferent": DROPPED}, r"types needs exactly"),
    "a segment that ends before it starts": (
        {"population.segments.pupils.age_from": 18},
        r"population\.segments\.pupils.*age_from=18.*age_to=17",
    ),
    "more daily than monthly users": (
        {"case.observed_shares.whatsapp.daily": 0.9},
        r"case\.observed_shares\.whatsapp.*daily=0\.9 must be below reach=0\.789",
    ),
    "an earlier share that is later": (
        {"case.observed_shares.vk.earlier": {"date": "2025-06-02", "reach": 0.1}},
        r"case\.observed_shares\.vk\.earlier\.date=2025-06-02 must be before start=2025-06-02",
    ),
    "a reach that fell": (
        {"case.observed_shares.vk.earlier": {"date": "2024-06-02", "reach": 0.9}},
        r"case\.observed_shares\.vk.*earlier\.reach=0\.9 must be .* at most reach=.*leave it out",
    ),
    "no outside option": ({"platforms.cellular": DROPPED}, r"platforms.*cellular is missing"),
    "a start of a platform that is not there": (
        {"platforms.vk": DROPPED},
        r"case.*'vk'.*allowed: whatsapp, telegram",
    ),
    "a platform without a start": (
        {"case.seeds.imo": DROPPED},
        r"'imo' needs an entry in observed_shares or seeds",
    ),
    "nothing to solve a value from": (
        {"platforms.imo.standalone": None},
        r"platforms\.imo\.standalone=null needs .*; allowed: that, or a value for each age band",
    ),
    "beliefs without a type": (
        {"platforms.max.belief.indifferent": DROPPED},
        r"platforms\.max.*belief needs exactly the types state_averse, indifferent",
    ),
    "a messenger about which nobody believes anything": (
        {"platforms.max.belief": None},
        r"platforms\.max\.belief: missing",
    ),
    "chats of no segment": (
        {"population.chats.soldiers": {"size": 5, "order": "age"}},
        r"population.*chats\.soldiers: no such segment.*allowed: pupils, parents",
    ),
    "pairs who move calls to where there are none": (
        {"platforms.imo.channels": ["message"]},
        r"platforms\.imo.*pair_appeal=1\.9 needs the channel call",
    ),
    "abuse on a platform nobody knows": (
        {"abuse.fraud.shares": {"signal": 1.0}},
        r"abuse\.fraud\.shares\.signal: unknown platform.*allowed: whatsapp.*cellular",
    ),
    "abuse that converts on a platform nobody knows": (
        {"abuse.fraud.conversion": {"signal": 1.0}},
        r"abuse\.fraud\.conversion\.signal: unknown platform.*allowed: whatsapp.*cellular",
    ),
    "abuse that is nowhere": (
        {"abuse.fraud.shares.cellular": 0.1},
        r"abuse\.fraud.*shares must sum to 1, they sum to 0\.65",
    ),
    "abuse of an age band left out": (
        {"abuse.fraud.vulnerability.65+": DROPPED},
        r"abuse\.fraud.*vulnerability needs exactly the age bands",
    ),
    "no channel": ({"platforms.vk.channels": []}, r"platforms\.vk.*channels must name"),
    "a comparison with itself": (
        {"scenario": "mandate_only"},
        r"compare_to.*mandate_only",
    ),
    "a comparison made twice": (
        {"compare_to": ["mandate_only", "mandate_only"]},
        r"compare_to.*mandate_only",
    ),
}


@pytest.mark.parametrize(("changes", "message"), COMBINATIONS.values(), ids=COMBINATIONS)
def test_what_does_not_go_together_is_refused_with_the_reason(tree, changes, message):
    assert re.search(message, refusal(tree, changes)), refusal(tree, changes)


def test_a_platform_does_not_take_the_name_of_none(tree):
    """In tables `any` stands for all platforms, and `all` for everybody."""
    for name in ("any", "all", "none"):
        said = refusal(tree, {f"platforms.{name}": tree["platforms"]["imo"] | {"label": "Any"}})
        assert f"platforms.{name}: allowed: other names than all, any, none" in said


APART = {
    "half days": {"step_days": 0.5},
    "no belief about the phone": {"platforms.cellular.belief": None},
    "no chats": {"population.chats": {}},
    "no abuse": {"abuse": {}},
    "one kind of abuse": {"abuse.fraud": DROPPED},
    "a long step of slow people": {
        "step_days": 28,
        "behaviour.install_rate": 0.01,
        "behaviour.drop_rate": 0.01,
    },
}


@pytest.mark.parametrize("changes", APART.values(), ids=APART)
def test_what_can_be_meant_is_allowed(tree, changes):
    validate(changed(tree, changes))
