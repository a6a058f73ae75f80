"""Helpers of the tests of sweeps: small designs, begun and taken to their end."""

from sim.commands.collect import collect
from sim.sweeps.driver import drive
from sim.sweeps.executors import Serial
from sim.sweeps.request import Request

SHORT = ("population.n_users=200", "dur_days=112")
GRADE, HABIT = "policies.call_restriction.grade", "behaviour.habit_value"


def begin(folder, factors, scenarios=("call_ban_only",), overrides=SHORT, n=None, **more):
    """Lay down a small sweep: factorial, or `n` points of a Latin hypercube."""
    design = {
        "method": "factorial" if n is None else "latin_hypercube",
        "n": n,
        "scenarios": scenarios,
        "overrides": overrides,
        "factors": factors,
        **more,
    }
    request = Request.model_validate(
        {"design": design, "executor": {"kind": "serial"}, "folder": str(folder)}
    )
    return request.begin("test")


def finish(folder):
    """Take a sweep to its end in this process; return the hash of its results."""
    assert drive(folder, Serial()).why == "done"
    return collect(folder.path).digest
