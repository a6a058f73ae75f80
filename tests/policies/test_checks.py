"""When policies are in force, how far a roll-out is, and which policies go together."""

import re

import pandas as pd
import pytest

from sim import load_config, run
from sim.config.titles import policy_title
from sim.config.validation import validate
from sim.policies.checks import not_reached
from sim.report.summary import warnings
from tests.helpers.cli import changed, refusal


@pytest.fixture(scope="module")
def tree():
    return load_config("+scenario=call_ban").model_dump(mode="json")


RESTRICTION = {"kind": "restriction", "platforms": ["max"], "channel": "any", "grade": 0.5}
GATE = {"kind": "registration_gate", "platforms": ["max"], "grade": 0.5, "start": "2025-09-01"}
MANDATE = {"kind": "mandate", "platform": "vk", "segment": "pupils", "rate": 0.1}
MOVE = {
    "kind": "group_move", "platform": "vk", "segment": "friends", "rate": 0.1,
    "start": "2025-09-01",
}  # fmt: skip
SHOCK = {"state_averse": 1.0, "indifferent": 1.0, "foreign_averse": 1.0}
STORY = {
    "kind": "information_event", "platform": "max", "shock": SHOCK, "awareness_rate": 0.1,
    "start": "2025-09-01",
}  # fmt: skip
SHUTDOWN = {
    "kind": "shutdown", "whitelist": ["max"], "grade": 0.5, "start": "2025-09-01",
    "stop": "2025-09-08",
}  # fmt: skip
MODERATION = {"kind": "moderation", "effort": 0.5, "start": "2025-09-01"}


def told(n):
    """Return the changes that tell `n` stories."""
    return {f"policies.story_{k}": STORY for k in range(n)}


COMBINATIONS = {
    "a platform nobody knows": (
        {"policies.call_restriction.platforms": ["signal"]},
        r"policies\.call_restriction.*'signal'.*allowed: whatsapp, telegram",
    ),
    "cellular cannot be restricted": (
        {"policies.call_restriction.platforms": ["cellular"]},
        r"policies\.call_restriction.*'cellular'.*allowed: whatsapp",
    ),
    "a mandate of an unknown platform": (
        {"policies.max_pupils.platform": "signal"},
        r"policies\.max_pupils.*'signal'.*allowed: whatsapp",
    ),
    "an unknown segment": (
        {"policies.max_pupils.segment": "soldiers"},
        r"policies\.max_pupils\.segment='soldiers'.*allowed: pupils, parents",
    ),
    "an unknown region": (
        {"policies.call_restriction.regions": ["moscow", "mars"]},
        r"policies\.call_restriction\.regions.*'mars'.*allowed: all, or some of moscow",
    ),
    "a start before the run": (
        {"policies.call_restriction.start": "2024-01-01"},
        r"policies\.call_restriction\.start=2024-01-01.*allowed: from 2025-06-02 on",
    ),
    "a stop before the start": (
        {"policies.call_restriction.stop": "2025-08-12"},
        r"policies\.call_restriction.*stop=2025-08-12 must lie after start=2025-08-13",
    ),
    "a policy of no days": (
        {"policies.call_restriction.stop": "2025-08-13"},
        r"policies\.call_restriction.*stop=2025-08-13 must lie after start=2025-08-13",
    ),
    "a counterfactual's policy": (
        {"counterfactuals.mandate_only.max_pupils.segment": "soldiers"},
        r"counterfactuals\.mandate_only\.max_pupils\.segment='soldiers'",
    ),
    "a mandate and a gate on one platform": (
        {"policies.gate": GATE},
        r"policies\.max_pupils and .*gate contradict",
    ),
    "a mandate and a nationwide block of messages": (
        {"policies.block": RESTRICTION | {"start": "2025-09-01"}},
        r"policies\.max_pupils and .*block contradict",
    ),
    "one segment moved to two platforms": (
        {"policies.two": MANDATE | {"start": "2025-09-01"}},
        r"policies\.max_pupils and .*two contradict.*pupils.*max and vk",
    ),
    "chats of a segment moved to two platforms": (
        {"policies.one": MOVE, "policies.two": MOVE | {"platform": "max"}},
        r"policies\.one and .*two contradict.*friends.*vk and max",
    ),
    "an order to a segment without chats": (
        {"policies.order": MOVE | {"segment": "egov"}},
        r"policies\.order\.segment='egov' has no chats.*allowed: pupils, parents",
    ),
    "an order to nobody": (
        {"policies.order": MOVE | {"segment": "soldiers"}},
        r"policies\.order\.segment='soldiers' has no chats.*allowed: pupils, parents",
    ),
    "an order to a platform behind a gate": (
        {"policies.order": MOVE, "policies.gate": GATE | {"platforms": ["vk"]}},
        r"policies\.order and .*gate contradict.*join vk",
    ),
    "an order to a platform whose messages fail": (
        {
            "policies.order": MOVE,
            "policies.block": RESTRICTION | {"platforms": ["vk"], "start": "2025-09-01"},
        },
        r"policies\.order and .*block contradict.*use vk",
    ),
    "a story about nobody": (
        {"policies.story": STORY | {"platform": "signal"}},
        r"policies\.story.*'signal'.*allowed: whatsapp, telegram",
    ),
    "a story among nobody": (
        {"policies.story": STORY | {"audience": ["signal"]}},
        r"policies\.story.*'signal'.*allowed: whatsapp, telegram",
    ),
    "a story about cellular": (
        {"policies.story": STORY | {"platform": "cellular"}},
        r"policies\.story.*'cellular'.*allowed: whatsapp",
    ),
    "more stories than one can keep apart": (told(33), r"33 stories; allowed: up to 32"),
    "a whitelist of nobody": (
        {"policies.shutdown": SHUTDOWN | {"whitelist": ["signal"]}},
        r"policies\.shutdown.*'signal'.*allowed: whatsapp.*cellular",
    ),
    "a shutdown of nowhere": (
        {"policies.shutdown": SHUTDOWN | {"regions": ["mars"]}},
        r"policies\.shutdown\.regions.*'mars'.*allowed: all, or some of moscow",
    ),
    "moderation of nobody": (
        {"policies.moderation": MODERATION | {"platform": "signal"}},
        r"policies\.moderation.*'signal'.*allowed: whatsapp.*cellular",
    ),
    "help with nobody": (
        {
            "policies.help": {
                "kind": "onboarding",
                "platform": "cellular",
                "help": 1.0,
                "start": "2025-09-01",
            }
        },
        r"policies\.help.*'cellular'.*allowed: whatsapp",
    ),
}


@pytest.mark.parametrize(("changes", "message"), COMBINATIONS.values(), ids=COMBINATIONS)
def test_a_policy_that_cannot_be_meant_is_refused_with_the_reason(tree, changes, message):
    assert re.search(message, refusal(tree, changes)), refusal(tree, changes)


APART = {
    "the gate falls when the mandates are over": {
        f"policies.{name}.stop": "2025-12-20"
        for name in (
            "max_pupils",
            "max_parents",
            "max_students",
            "max_public_sector",
            "max_housing",
            "max_egov",
        )
    }
    | {"policies.gate": GATE | {"start": "2025-12-20"}},
    "a gate on another platform": {"policies.gate": GATE | {"platforms": ["vk"]}},
    "messages fail in one region only": {
        "policies.r": RESTRICTION | {"start": "2025-09-01", "regions": ["moscow"]}
    },
    "calls fail everywhere": {
        "policies.r": RESTRICTION | {"start": "2025-09-01", "channel": "call"}
    },
    "two mandates of one segment for one platform": {
        "policies.two": MANDATE | {"platform": "max", "start": "2025-09-01"}
    },
    "two segments to two platforms": {
        "population.segments.scouts": {"age_from": 12, "age_to": 17, "share": 0.1},
        "policies.two": MANDATE | {"segment": "scouts", "start": "2025-09-01"},
    },
    "a start on the last day": {"policies.call_restriction.start": "2026-05-31"},
    "a start on the first day": {"policies.call_restriction.start": "2025-06-02"},
    "a stop at the end": {"policies.call_restriction.stop": "2026-06-01"},
    "chats of one segment moved, its people mandated": {
        "policies.order": MOVE | {"segment": "pupils", "platform": "max"}
    },
    "chats invited to what is behind a gate": {
        "policies.order": MOVE | {"by": "invitation"},
        "policies.gate": GATE | {"platforms": ["vk"]},
    },
    "chats of two segments moved to two platforms": {
        "policies.one": MOVE,
        "policies.two": MOVE | {"segment": "pupils", "platform": "max"},
    },
    "chats moved to one platform after the other": {
        "policies.one": MOVE | {"stop": "2025-10-01"},
        "policies.two": MOVE | {"platform": "max", "start": "2025-10-01"},
    },
    "as many stories as one can keep apart": told(8),
    "a story of users of several platforms": {
        "policies.story": STORY | {"audience": ["whatsapp", "telegram"]}
    },
    "a shutdown that spares nothing": {"policies.shutdown": SHUTDOWN | {"whitelist": []}},
    "a shutdown that spares the phone": {
        "policies.shutdown": SHUTDOWN | {"whitelist": ["max", "cellular"]}
    },
    "moderation of calls by phone": {"policies.moderation": MODERATION | {"platform": "cellular"}},
}


@pytest.mark.parametrize("changes", APART.values(), ids=APART)
def test_a_policy_that_can_be_meant_is_allowed(tree, changes):
    validate(changed(tree, changes))


def test_a_policy_that_begins_after_the_end_is_not_reached_and_that_is_said():
    """Runs of half a year were refused, as a mandate comes in December."""
    asked = ("+scenario=call_ban", "population.n_users=200", "replications=1", "dur_days=91")
    late = run(load_config(*asked, "compare_to=[]"))
    names = not_reached(late.config)
    assert set(names) == {"max_egov", "max_preinstallation", "max_students"}
    dropped = (f"~policies.{name}" for name in names)
    without = run(load_config(*asked, "compare_to=[]", *dropped))
    pd.testing.assert_frame_equal(late.timeseries, without.timeseries)
    told = next(line for line in warnings(late) if line.startswith("Not reached"))
    assert all(policy_title(name) in told for name in names)
    assert not any(line.startswith("Not reached") for line in warnings(without))


def test_a_policy_may_end_after_the_run():
    config = load_config("+scenario=call_ban", "policies.call_restriction.stop=2027-01-01")
    assert not not_reached(config)
