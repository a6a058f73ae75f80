"""The configuration of a point is what the command line would compose."""

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.sweeps.design import Design
from sim.sweeps.points import Points

SMALL = ("population.n_users=300",)


def with_factors(factors, scenarios=("call_ban",), overrides=SMALL):
    return Design(method="factorial", scenarios=scenarios, overrides=overrides, factors=factors)


def points(factors, *more, **overrides):
    design = with_factors(
        {key: {"levels": tuple(levels)} for key, levels in factors.items()}, *more, **overrides
    )
    return Points.compose(design), design.runs()


CASES = {
    "a parameter": {"behaviour.habit_value": 1.5},
    "a key of a policy": {"policies.call_restriction.grade": 0.25},
    "a key left at its default": {"policies.call_restriction.ramp_days": 14.0},
    "a seed": {"seed": 7},
    "a choice of files": {"network": "erdos_renyi"},
    "a choice and a key of it": {"network": "erdos_renyi", "network.mean_degree": 6.0},
    "a platform": {"platforms.max.message_value": 0.5},
    "a step": {"step_days": 3.5},
}


@pytest.mark.parametrize("values", CASES.values(), ids=CASES.keys())
def test_a_point_is_what_the_command_line_composes(values):
    found, _ = points({key: [value] for key, value in values.items()})
    given = (f"{key}={value}" for key, value in values.items())
    wanted = load_config("+scenario=call_ban", "replications=1", "compare_to=[]", *SMALL, *given)
    assert found.config(values, "call_ban") == wanted


def test_what_a_factor_sets_in_a_policy_holds_where_that_policy_is():
    key = "policies.call_restriction.grade"
    found, runs = points({key: [0.1, 0.9]}, ("call_ban", "baseline"))
    found.check(runs)
    assert found.config({key: 0.1}, "call_ban").policies["call_restriction"].grade == 0.1
    assert found.config({key: 0.1}, "baseline").policies == load_config().policies


def test_keys_that_are_tied_have_the_same_value():
    tied = "behaviour.keep_value"
    design = with_factors({"behaviour.habit_value": {"levels": (1.5,), "also": (tied,)}})
    found = Points.compose(design)
    behaviour = found.config({"behaviour.habit_value": 1.5}, "call_ban").behaviour
    assert (behaviour.habit_value, behaviour.keep_value) == (1.5, 1.5)


@pytest.mark.parametrize(
    ("name", "also", "told"),
    [
        ("network", "seed", "also: not allowed"),
        ("behaviour.habit_value", "policies.whatsapp_block.grade", "no policy whatsapp_block"),
        ("behaviour.habit_value", "behaviour.habbit", "behaviour.habbit=1.0: unknown key"),
    ],
)
def test_ties_to_what_is_not_there_are_refused(name, also, told):
    levels = ("layered",) if name == "network" else (1.0,)
    design = with_factors({name: {"levels": levels, "also": (also,)}})
    with pytest.raises(ConfigError, match=told):
        Points.compose(design).check(design.runs())


def test_points_do_not_share_what_they_set():
    found, _ = points({"behaviour.habit_value": [1.0, 2.0]})
    found.config({"behaviour.habit_value": 1.0}, "call_ban")
    assert found.config({}, "call_ban").behaviour == load_config().behaviour


REFUSED = {
    "an unknown parameter": ({"behaviour.habbit": [1.0]}, "behaviour.habbit=1.0: unknown key"),
    "an unknown group": (
        {"behavior.habit_value": [1.0]},
        "behavior: no such group of keys; allowed: behaviour",
    ),
    "a policy of no scenario": ({"policies.whatsapp_block.grade": [1.0]}, "no policy whatsapp_bl"),
    "a value out of range": ({"behaviour.habit_value": [1.0, 99.0]}, "habit_value=99.0: "),
    "a choice that is not there": ({"network": ["grid"]}, "network"),
    "a wrong type": ({"seed": [1.5]}, "seed=1.5"),
}


@pytest.mark.parametrize(("factors", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_run_is_refused_before_anything_runs(factors, told):
    def checked():
        found, runs = points(factors)
        found.check(runs)

    with pytest.raises(ConfigError, match=told):
        checked()


def test_a_group_that_is_not_there_is_refused_with_those_that_can_be_set():
    found, runs = points({"behavior.habit_value": [1.0]})
    with pytest.raises(ConfigError, match="no such group of keys") as refused:
        found.check(runs)
    assert "policies" in str(refused.value)
    assert "counterfactuals" not in str(refused.value)


def test_the_largest_run_is_reported_for_the_sake_of_memory():
    found, runs = points({"population.n_users": [200, 400, 300]}, overrides=())
    assert found.check(runs).population.n_users == 400
