"""What a configuration refuses, and how it says so: the key, the value, what is allowed."""

import re

import pytest

from sim import load_config
from sim.config.validation import validate
from tests.helpers.cli import DROPPED, changed, refusal

UNKNOWN_KEYS = [
    ("typo", 1, "allowed: .*seed"),
    ("populaton", {}, "did you mean population"),
    ("behaviour.callshare", 0.5, "did you mean call_share"),
    ("population.nusers", 5, "did you mean n_users"),
    ("platforms.whatsapp.colour", "red", "allowed: .*encryption"),
    ("case.observed_shares.vk.weekly", 0.5, "allowed: reach, daily"),
    ("network.foo", 1, "allowed: .*degree_scale"),
    ("engine.gpu", True, "allowed: name, threads"),
    ("policies.call_restriction.grad", 0.5, "did you mean grade"),
    ("policies.max_pupils.grade", 0.5, "allowed: .*segment"),
    ("counterfactuals.mandate_only.max_pupils.rat", 0.5, "did you mean rate"),
    ("population.chats.pupils.seats", 5, "allowed: size, order"),
    ("population.abroad.shares", 0.5, "did you mean share"),
    ("abuse.fraud.canal", "call", "allowed: .*channel"),
    ("behaviour._target_", "os.system", "allowed"),
    ("policies.call_restriction._target_", "os.system", "allowed"),
]

WRONG_TYPES = [
    ("population.n_users", "many", "integer|whole number"),
    ("population.n_users", 5000.5, "integer|whole number"),
    ("population.n_users", True, "integer|whole number"),
    ("seed", 1.5, "integer|whole number"),
    ("seed", None, "integer|whole number"),
    ("replications", "two", "integer|whole number"),
    ("behaviour.call_share", "0.5", "number"),
    ("behaviour.call_share", None, "number"),
    ("behaviour.call_share", True, "number"),
    ("behaviour.call_share", [0.5], "number"),
    ("behaviour", 5, "object|keys"),
    ("policies.call_restriction", 5, "object|keys"),
    ("compare_to", "baseline", r"array|list|\[baseline\]"),
    ("start", "13.08.2025", "2025-08-13"),
    ("start", "2025-6-2", "2025-08-13"),
    ("policies.call_restriction.start", "soon", "2025-08-13"),
]

OUT_OF_RANGE = [
    ("behaviour.call_share", 1.5, "1$"),
    ("behaviour.call_share", -0.1, "0$"),
    ("behaviour.habit_rate", 0, "0.0001"),
    ("population.n_users", 5, "10"),
    ("population.n_users", 300_000_000, "200000000"),
    ("population.intensity_shape", 0, "0$"),
    ("population.regions.moscow", -0.1, "0$"),
    ("population.segments.pupils.age_from", 5, "12"),
    ("platforms.whatsapp.message_value", 11, "10"),
    ("policies.call_restriction.grade", 1.2, "1$"),
    ("policies.max_pupils.rate", 11, "10"),
    ("policies.max_pupils.ramp_days", -1, "0$"),
    ("policies.call_restriction.platforms", [], "at least 1|must name|empty"),
    ("policies.call_restriction.regions", [], "at least 1|must name|empty"),
    ("network.degree_scale", 0, "0$"),
    ("behaviour.vpn_rate", 2, "1$"),
    ("behaviour.sensitive_share", 1.5, "1$"),
    ("behaviour.chat_quorum", -0.1, "0$"),
    ("population.chats.pupils.size", 1, "2$"),
    ("population.abroad.weight", 1, "1$"),
    ("population.abroad.weight", 0, "0$"),
    ("population.concern_median", -1, "0$"),
    ("platforms.max.state_access", 1.1, "1$"),
    ("platforms.max.belief.indifferent", 11, "10"),
    ("abuse.fraud.shares.whatsapp", 1.5, "1$"),
    ("abuse.fraud.response", -1, "0$"),
    ("abuse.fraud.vulnerability.65+", -1, "0$"),
    ("seed", -1, "0$"),
    ("replications", 0, "1$"),
    ("step_days", 0, "0$"),
    ("dur_days", -7, "0$"),
    ("engine.threads", 0, "1$"),
]

NOT_FINITE = [
    (key, value, "finite")
    for key in ("behaviour.call_share", "step_days", "policies.call_restriction.grade")
    for value in (float("nan"), float("inf"), float("-inf"))
]

UNKNOWN_NAMES = [
    ("engine.name", "gpu", "compiled.*mesa"),
    ("network.kind", "star", "layered.*watts_strogatz"),
    ("policies.call_restriction.kind", "ban", "restriction.*mandate"),
    ("policies.call_restriction.channel", "video", "message.*call.*any"),
    ("platforms.whatsapp.encryption", "rot13", "end_to_end"),
    ("case.seeds.max.pattern", "triples", "single.*pairs"),
    ("population.chats.pupils.order", "alphabet", "place.*age"),
    ("abuse.fraud.channel", "any", "message.*call"),
    ("case.name", "../secrets", "a-z"),
]


@pytest.fixture(scope="module")
def tree():
    """A valid configuration as the plain tree that a run's folder keeps."""
    return load_config("+scenario=call_ban").model_dump(mode="json")


def of_id(part):
    return str(part)[:40]


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [*UNKNOWN_KEYS, *WRONG_TYPES, *OUT_OF_RANGE, *NOT_FINITE, *UNKNOWN_NAMES],
    ids=of_id,
)
def test_a_refused_value_is_named_with_its_key_and_what_is_allowed(tree, key, value, allowed):
    message = refusal(tree, {key: value})
    lines = [line for line in message.splitlines() if line.startswith(f"{key}=")]
    assert lines, message
    if isinstance(value, str):
        assert all(line.startswith(f"{key}={value}") for line in lines)
    assert any(re.search(allowed, line) for line in lines), message


@pytest.mark.parametrize(
    "key", ["population.vpn", "policies.call_restriction.start", "platforms.imo.label"]
)
def test_a_missing_key_is_named(tree, key):
    assert refusal(tree, {key: DROPPED}) == f"{key}: missing"


def test_a_policy_without_its_kind_is_refused_with_the_kinds(tree):
    message = refusal(tree, {"policies.call_restriction.kind": DROPPED})
    assert "policies.call_restriction.kind" in message
    assert "mandate" in message


def test_no_more_kinds_of_abuse_than_a_user_can_suffer_are_taken(tree):
    more = {f"abuse.spam_{k}": tree["abuse"]["fraud"] for k in range(9 - len(tree["abuse"]))}
    validate(changed(tree, dict(list(more.items())[1:])))
    assert re.match(r"abuse\b.*\b8\b", refusal(tree, more)), refusal(tree, more)


PLATFORM_IN_JULY = {"platform": "telegram", "start": "2025-07-01"}
NEWS = {"shock": {"state_averse": 1, "indifferent": 1, "foreign_averse": 1}, "awareness_rate": 0.1}
POLICIES = {  # one of each kind that could not be in the tree, and a value that it refuses
    "shutdown": ({"whitelist": [], "grade": 0.5, "start": "2025-07-01"}, "grade", 1.5),
    "group_move": (PLATFORM_IN_JULY | {"segment": "friends", "rate": 0.1}, "ceiling", -1),
    "onboarding": (PLATFORM_IN_JULY | {"help": 1}, "help", 11),
    "vpn_blocking": ({"rate": 0.1, "start": "2025-07-01"}, "rate", -0.1),
    "vpn_fine": ({"cost": 1, "start": "2025-07-01"}, "cost", -1),
    "vpn_support": ({"help": 1, "start": "2025-07-01"}, "repair_rate", -1),
    "information_event": (PLATFORM_IN_JULY | NEWS, "contact_rate", 11),
    "compliance": (PLATFORM_IN_JULY | NEWS, "lost_users", 1.5),
    "moderation": (PLATFORM_IN_JULY | {"effort": 0.5}, "effort", 1.5),
    "bank_delay": ({"prevented": 0.5, "start": "2025-07-01"}, "prevented", 1.5),
}


@pytest.mark.parametrize("kind", POLICIES)
def test_a_policy_is_taken_by_its_kind_and_refused_by_the_name_of_what_is_wrong(tree, kind):
    keys, field, value = POLICIES[kind]
    policy = {"kind": kind, **keys}
    assert validate(changed(tree, {"policies.x": policy})).policies["x"].kind == kind
    message = refusal(tree, {"policies.x": policy | {field: value}})
    assert message.startswith(f"policies.x.{field}={value}"), message
    message = refusal(tree, {"policies.x": policy | {"colour": "red"}})
    assert re.match(r"policies\.x\.colour=red.*allowed: .*start", message), message


def test_a_shock_must_name_every_type(tree):
    story = {"kind": "information_event", **PLATFORM_IN_JULY, **NEWS}
    partial = story | {"shock": {"state_averse": 1, "indifferent": 1}}
    assert refusal(tree, {"policies.x": partial}) == "policies.x.shock.foreign_averse: missing"


def test_every_problem_is_reported_at_once(tree):
    bad = {"seed": -1, "policies.call_restriction.grade": 2, "population.n_users": "many"}
    message = refusal(tree, bad)
    assert [line.split("=")[0] for line in message.splitlines()] == [
        "seed",
        "population.n_users",
        "policies.call_restriction.grade",
    ]


def test_the_tree_that_a_run_keeps_is_valid(tree):
    assert validate(tree) == load_config("+scenario=call_ban")
    assert validate(validate(tree).model_dump(mode="json")).model_dump(mode="json") == tree


def test_a_configuration_cannot_be_changed_after_its_validation(tree):
    config = validate(tree)
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 2
