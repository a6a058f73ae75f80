"""What rules declare: somebody reads it, it is what is stored, bounds and rules agree."""

import ast
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.config.parameters import Behaviour
from sim.rules import abuse, pairing, promotion
from sim.rules.declare import DERIVED, SET, declared, read_declarations, refuse_twice
from sim.rules.fixed_point import CONCERN_STEPS
from sim.rules.packed_state import pack_belief_state, pack_choice_state
from sim.rules.records import ABUSE, MANDATE, MAX, PARAMS, PURPOSES, STEP_RECORD, USER, records
from tests.helpers.cli import REPO
from tests.helpers.toys import toy_env, toy_params, toy_users

FIELDS = [*declared("STATE"), *declared("STEP")]


def attributes_read(path):
    """Return the names of attributes that a file reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


SOURCES = [
    *REPO.glob("sim/rules/*.py"), *REPO.glob("sim/engine/*.py"), *REPO.glob("sim/measures/*.py"),
    REPO / "sim/policies/grades.py",
]  # fmt: skip
READ = set().union(*map(attributes_read, SOURCES))


@pytest.mark.parametrize("parameter", declared("PARAMETERS"), ids=lambda one: one.name)
def test_every_parameter_is_read_and_kept_as_declared(parameter):
    assert parameter.name in READ, (
        f"{parameter.name}: declared, but no rule, engine or measure reads it"
    )
    assert parameter.low <= parameter.default <= parameter.high
    if parameter.storage == DERIVED:
        assert parameter.name not in PARAMS.names
    else:
        assert PARAMS[parameter.name] == np.dtype(parameter.storage)
    assert Behaviour.model_fields[parameter.name].default == parameter.default


@pytest.mark.parametrize("field", FIELDS, ids=lambda one: one.name)
def test_every_field_is_kept(field):
    record = USER if field in declared("STATE") else STEP_RECORD
    assert record[field.name].base == np.dtype("u1" if field.storage == SET else field.storage)


def test_every_purpose_is_drawn_by_its_name():
    sources = [path.read_text(encoding="utf-8") for path in REPO.glob("sim/rules/*.py")]
    given_names = re.compile(r"^\(?([A-Z_, ]+?),?\)? = purposes\(DRAWS\)", re.M)
    lines = [line for text in sources for line in given_names.findall(text)]
    names = [name for line in lines for name in line.split(", ")]
    assert len(names) == len(PURPOSES)
    text = "".join([*sources, (REPO / "sim/model/agents.py").read_text(encoding="utf-8")])
    assert [name for name in names if f"keys[{name}]" not in text] == []


def test_what_two_rules_declare_is_refused():
    """Two rules with one purpose would draw the same numbers."""
    with pytest.raises(ValueError, match="DRAWS: vpn declared twice"):
        refuse_twice("DRAWS", ["vpn", "pair", "vpn"])


@pytest.mark.parametrize("field", declared("STATE"), ids=lambda one: one.name)
def test_contacts_see_what_is_declared_as_seen(field):
    """Change a field, and see which packed state changes."""
    users, params = toy_users(2, MAX), toy_params(MAX, habit_value=1.0, chilling_value=1.0)
    users[1][field.name] = np.iinfo(USER[field.name].base).max // 2
    users.type, users.concern = -1, CONCERN_STEPS
    pairs = {
        "choice_state": [pack_choice_state(user, params) for user in users],
        "belief_state": [pack_belief_state(user) for user in users],
    }
    assert {name for name, (a, b) in pairs.items() if a != b} == {*field.seen_in.split()}


def test_declarations_are_read_from_the_text_alone():
    source = 'DRAWS = ("a", "b")\nraise ImportError("the file was run")\n'
    assert read_declarations(f"\n{source}") == {"DRAWS": ("a", "b")}
    assert read_declarations("x = 1\n") == {}


# -- bounds of candidates -----------------------------------------------------------------

SHARES = st.floats(0, 1)


@settings(deadline=None)  # the first call compiles
@given(st.lists(SHARES, min_size=MAX, max_size=MAX), SHARES, st.floats(0.1, 60), SHARES)
def test_no_user_asks_to_move_beyond_the_bound(habits, failing, days, rate):
    env, params = toy_env(np.zeros((2, MAX)), days=days), toy_params(MAX, pair_rate=rate)
    env.surprise[:] = failing
    users = toy_users(1, MAX)
    users.habit[0] = np.array(habits) * 65535
    failed = pairing.sudden_failure(users[0], env, params)
    hazard = params.pair_rate * env.effects.days * failed
    assert hazard <= pairing.max_pair_hazard(env, params) * (1 + 1e-6)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 5)), max_size=6),
    st.integers(0, 15), st.integers(0, 10**6), SHARES, SHARES,
)  # fmt: skip
def test_no_mandate_acts_beyond_its_bound(orders, segments, i, ceiling, reached):
    mandates = records(MANDATE, len(orders))
    for mandate, (platform, segment, hazard) in zip(mandates, orders, strict=True):
        mandate.platform, mandate.segment, mandate.hazard = platform, 1 << segment, hazard
        mandate.ceiling, mandate.reached, mandate.key = ceiling, reached, 7
    user = toy_users(1, 4)[0]
    user.segments = segments
    bounds = promotion.hazard_bounds(mandates)[0, segments]
    for p in range(4):
        acting = (promotion.mandate_hazard(i, user, m) for m in mandates if m.platform == p)
        assert sum(acting) <= bounds[p]


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(SHARES, min_size=MAX + 1, max_size=MAX + 1),
    st.lists(st.floats(0, 3), min_size=7, max_size=7),
    st.integers(0, 6), st.integers(0, 2**MAX - 1), SHARES, st.floats(0, 2),
)  # fmt: skip
def test_no_user_meets_more_abuse_than_the_bound(shares, vulnerability, band, has, works, total):
    kind = records(ABUSE, 1)[0]
    env = toy_env(np.zeros((2, MAX)), q=np.full((1, 2, MAX), works))
    kind.share[:], kind.vulnerability[:], kind.conversion[:] = shares, vulnerability, 1.5
    kind.total, kind.incident_rate = total, 0.01
    user = toy_users(1, MAX)[0]
    user.installed, user.band = has, band
    rate = kind.incident_rate * abuse.incidents(kind, user, env)
    assert rate <= abuse.max_incidents(kind, env.effects) * (1 + 1e-9)
