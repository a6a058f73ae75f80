"""The rehearsal compiles all that a run needs after its world is built, and for its types."""

import ast

import pytest

from sim import compiled
from tests.cli import python

COMPILED = """
import sys
from sim.compiled import Compiled
from sim.process.rehearsal import rehearse_start, rehearse_step
from sim import compare, load_config

def signatures():
    return {
        f"{name}.{key}": sorted(map(str, value.signatures))
        for name, module in list(sys.modules.items()) if name.startswith("sim.")
        for key, value in vars(module).items()
        if isinstance(value, Compiled) and value.py_func.__module__ == name and value.signatures
    }

rehearse_start(load_config())
rehearse_step(load_config())
rehearsed = signatures()
compare(load_config("+scenario=call_ban", "population.n_users=300", "replications=1"))
print([rehearsed, signatures()])
"""
BEFORE = ("sim.world.", "sim.rng.")  # what builds worlds, and what all parts draw luck with


@pytest.mark.slow
@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_after_a_rehearsal_only_what_builds_worlds_is_left_to_compile():
    rehearsed, run = ast.literal_eval(python(COMPILED))
    assert {"sim.engines.step_rows", "sim.initialisation.inversion.talk_rows"} <= set(rehearsed)
    missing = {name for name, found in run.items() if rehearsed.get(name) != found}
    assert {name for name in missing if not name.startswith(BEFORE)} == set()


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_step_is_rehearsed_for_an_empty_cache_alone(monkeypatch, tmp_path, is_empty):
    from sim.process import rehearsal

    begun = tmp_path / "begun"
    monkeypatch.setattr(rehearsal, "INTERPRETED", False)
    monkeypatch.setattr(rehearsal, "available_cores", lambda: 2)
    monkeypatch.setattr(rehearsal, "nothing_compiled", lambda: is_empty)
    monkeypatch.setattr(rehearsal, "rehearse_start", lambda _: None)
    monkeypatch.setattr(rehearsal, "rehearse_step", lambda _: begun.touch())
    with rehearsal.rehearsing():
        pass
    assert begun.exists() == is_empty
