"""How a refusal is worded: what it offers, how much of a value it repeats, in whose words."""

import pytest

from sim import load_config
from sim.config.validation import validate
from sim.rules.ceilings import MESSENGERS, MOST_TILES, ROOM
from tests.helpers.cli import DROPPED, changed, refusal


@pytest.fixture(scope="module")
def tree():
    return load_config("+scenario=call_ban").model_dump(mode="json")


def test_an_unknown_key_is_offered_what_can_be_set_there_and_nothing_else(tree):
    top = refusal(tree, {"colour": "red"})
    assert "seed" in top
    assert "+scenario, +policy" in top
    assert "counterfactuals" not in top
    below = refusal(tree, {"behaviour.colour": "red"})
    assert "habit_value" in below
    assert "+scenario" not in below


def test_capitals_hide_no_key(tree):
    assert "SEED=3: unknown key; did you mean seed?" in refusal(tree, {"SEED": 3})


def test_only_a_policy_without_its_kind_may_be_one_that_is_not_there(tree):
    policy = refusal(tree, {"policies.typo": {"grade": 1}})
    assert "no such policy; add one with +policy=NAME" in policy
    network = refusal(tree, {"network.kind": DROPPED})
    assert "network.kind is missing; allowed: layered" in network
    assert "no such policy" not in network


@pytest.mark.parametrize(("length", "shown"), [(60, "x" * 60), (61, "x" * 57 + "...")])
def test_sixty_characters_of_a_value_are_shown(tree, length, shown):
    assert refusal(tree, {"seed": "x" * length}).startswith(f"seed={shown}: must be")


def test_types_are_called_as_one_would_call_them(tree):
    assert refusal(tree, {"seed": 1.5}).startswith("seed=1.5: must be a whole number")
    assert refusal(tree, {"compare_to": 5}).startswith("compare_to=5: must be a list")


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("policies.call_restriction.grade", 95, "equal to 1; 95 % is written 0.95"),
        ("population.vpn.12-17", "5.5 %", "must be a number; 5.5 % is written 0.055"),
        ("population.vpn.12-17", "0,05", "must be a number; written 0.05"),
        ("policies.max_egov.rate", 20, "less than or equal to 10"),  # no share
        ("policies.call_restriction.grade", 1000, "less than or equal to 1"),
        ("compare_to", "baseline", "must be a list; written [baseline]"),
    ],
)
def test_a_value_written_as_text_is_refused_with_how_to_write_it(tree, key, value, advice):
    assert refusal(tree, {key: value}).endswith(advice)


def test_what_is_wrong_with_the_whole_stands_under_no_key(tree):
    said = refusal(tree, {"compare_to": ["mandate_only", "mandate_only"]})
    assert said.startswith("compare_to")


@pytest.mark.parametrize("n_more", [0, 1])
def test_as_many_messengers_are_taken_as_records_have_room_for(tree, n_more):
    """One more would be written beyond its row: compiled code does not look."""
    most = MOST_TILES * ROOM[MESSENGERS][0]
    wanted = most + n_more - (len(tree["platforms"]) - 1)  # cellular apart
    more = {
        f"platforms.more_{k}": tree["platforms"]["imo"] | {"label": str(k)} for k in range(wanted)
    }
    more |= {f"case.seeds.more_{k}": tree["case"]["seeds"]["imo"] for k in range(wanted)}
    if n_more:
        assert f"{most + 1} messengers; allowed: up to {most}, as four" in refusal(tree, more)
    else:
        assert len(validate(changed(tree, more)).messengers) == most
