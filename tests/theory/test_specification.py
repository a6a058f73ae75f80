"""docs/specification.md says what the code does: state, schedule, random numbers, parameters."""

import ast
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest

from sim.config import posterior
from sim.config.case import DATA
from sim.config.parameters import Behaviour
from sim.config.platforms import Platform
from sim.engine.state import State
from sim.measures.registry import measures
from sim.measures.series import month_series, step_series
from sim.policies.registry import policy_kinds
from sim.policies.window import Window
from sim.rules import networks, records
from sim.runs.results import CHANGES

REPO = Path(__file__).resolve().parents[2]
SPEC = (REPO / "docs/specification.md").read_text()
RULES = sorted((REPO / "sim/rules").glob("*.py"))
UNLISTED = {  # calls that are no part of a schedule
    "engine.recording",
    "append_if",
    "contains",
    "first",
    "without_first",
    "range",
    "min",
    "len",
    "np.array",
    "np.int64",
    "uniform",
    "random_bits",
    "happens",
    "block",
    "align_stack",
    "_threads.tasks",
    "_agreed.keys",
    "agreements",
    "make_work",
    "_idle.pop",
    "_idle.append",
    "_threads.run_chunks",
    "read",
    "may_occur",
    "lowest",
    "trial_candidates",
    "sample_candidates",
    "circumvention.hazard",
    "going_online.may_go_online",
    "pairing.max_pair_hazard",
    "promotion.promotion_candidates",
    "beliefs.awareness_candidates",
    "beliefs.news_candidates",
    "abuse_rules.victim_candidates",
    "changed_fears",
    "tiles",
    "tile_key",
    "public_of",
    "part",
    "whole",
    "read_tile",
}
CONSTANTS = {
    "EXPOSED", "DEAR", "BENEFIT_STEPS", "HABIT_STEPS", "FEAR_STEPS", "MAX_FEAR",
    "WEIGHT_EXPONENT", "MAX_LOG_ODDS", "LOG_ODDS_STEPS", "SLOTS", "UNREADABLE", "COVERED",
}  # fmt: skip
HEADINGS = (  # of ODD+D (Müller et al. 2013), in docs/odd.md
    "Purpose", "Entities, state variables and scales", "Process overview and scheduling",
    "Design concepts", "Theoretical and empirical background", "Individual decision making",
    "Learning", "Individual sensing", "Individual prediction", "Interaction", "Collectives",
    "Heterogeneity", "Stochasticity", "Observation", "Emergence", "Initialisation", "Input data",
    "Submodels", "Tests of submodels and implementation",
)  # fmt: skip


def section(number):
    """Return the text under the heading `number`."""
    return re.search(rf"^#+ {re.escape(number)} .*?\n(.*?)(?=^#|\Z)", SPEC, re.M | re.S)[1]


def table(number):
    """Return the rows of the table in a section: names in the first cell, the other cells."""
    rows = re.findall(r"^\| (`.*?) \|(.*)\|$", section(number), re.M)
    return [(re.findall(r"`(\w+)`", n), [c.strip() for c in rest.split("|")]) for n, rest in rows]


def column(number, cell=0):
    """Return one cell of each row of a section's table by name."""
    return {name: cells[cell] for names, cells in table(number) for name in names}


def stored(dtype):
    """Return how a number or an array of numbers is stored, as the tables write it."""
    return f"{' x '.join(map(str, dtype.shape))} {dtype.base.str[1:]}".strip()


def element(hint):
    """Return the type of the numbers in an array annotated as NDArray[...]."""
    return np.dtype(re.search(r"u?int\d+", str(hint))[0])


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        ("2.1", {name: records.USER[name] for name in records.USER.names}),
        ("2.2", {name: records.STEP_RECORD[name] for name in records.STEP_RECORD.names}),
        ("2.3", {name: element(hint) for name, hint in get_type_hints(networks.Chats).items()}),
        ("2.4", {name: records.ABUSE[name] for name in records.ABUSE.names}),
        (
            "2.5",
            {name: element(hint) for name, hint in get_type_hints(records.PublicState).items()},
        ),
    ],
)
def test_every_state_variable_is_listed_as_it_is_stored(number, fields):
    assert column(number) == {name: stored(dtype) for name, dtype in fields.items()}


def test_what_a_run_keeps_is_listed():
    listed = re.search(r"`sim\.engine\.state\.State`\) has\s(.*?)\. Conf", section("8"), re.S)[1]
    names = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", listed, flags=re.S))
    assert names == [field.name for field in fields(State)]


def calls(path, function):
    """Return what `function` calls, in the order of calls, modules by their own names."""
    tree = ast.parse((REPO / path).read_text())
    imports = [(node, a) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
               for a in node.names]  # fmt: skip
    own = {a.asname: a.name for _, a in imports if a.asname}
    own |= {
        a.name: f"packed_state.{a.name}"
        for node, a in imports
        if node.module == "sim.rules.packed_state"
    }
    *within, name = function.split(".")
    for outer in within:
        (tree,) = (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == outer)
    (body,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)
    found = [node for node in ast.walk(body) if isinstance(node, ast.Call)]
    found.sort(key=lambda node: (node.end_lineno, node.end_col_offset))  # arguments come first
    names = [ast.unparse(node.func).removeprefix("self.") for node in found]
    return [re.sub(r"^\w+", lambda m: own.get(m[0], m[0]), n) for n in names if n not in UNLISTED]


@pytest.mark.parametrize(
    ("number", "path", "function"),
    [
        ("3.1", "sim/model/simulation.py", "step"),
        ("3.2", "sim/rules/groups.py", "move"),
        ("3.3", "sim/engine/engines.py", "CompiledEngine.step"),
        ("3.4", "sim/engine/engines.py", "step_rows"),
        ("3.5", "sim/rules/step.py", "select"),
        ("3.6", "sim/rules/step.py", "after_choice"),
        ("3.7", "sim/rules/step.py", "update"),
        ("3.8", "sim/rules/step.py", "publish"),
        ("3.9", "sim/rules/promotion.py", "apply_promotion"),
        ("3.10", "sim/rules/pairing.py", "apply_agreements"),
        ("3.11", "sim/rules/beliefs.py", "learn"),
    ],
)
def test_the_schedule_is_the_order_of_calls(number, path, function):
    listed = re.findall(r"^\d+\. `([\w.]+)`:", section(number), re.M)
    assert listed == calls(path, function)


def test_equations_and_rules_name_each_other():
    """Who reads an equation finds its code, and who reads a rule its equation."""
    model = (REPO / "docs/model.md").read_text(encoding="utf-8")
    rules = {path.name: path.read_text(encoding="utf-8") for path in RULES}
    named, names = set(), set()
    for number, files in re.findall(r"^### ([\d.ab]+) .*?(\(.*\))?$", model, re.M):
        named |= {(name, number) for name in re.findall(r"`(\w+\.py)`", files)}
    for name, text in rules.items():
        head = ast.get_docstring(ast.parse(text)) or ""
        for sections in re.findall(r"\(docs/model\.md, ([^)]*)\)", head):
            names |= {(name, number) for number in re.findall(r"[\d.]+[ab]?", sections)}
    assert named == names
    without_equation = {
        "__init__.py", "records.py", "fixed_point.py", "candidates.py", "packed_lanes.py",
        "declare.py", "registered.py", "tiles.py", "ceilings.py", "networks.py",
    }  # fmt: skip
    elsewhere = {name for name, text in rules.items() if "(docs/specification.md, 7." in text}
    assert {name for name, _ in names} | elsewhere == set(rules) - without_equation
    shown = re.findall(r"^::: sim\.rules\.(\w+)$", (REPO / "docs/api.md").read_text(), re.M)
    assert {f"{name}.py" for name in shown} <= set(rules)


def test_every_random_number_has_its_address():
    source = "".join(path.read_text() for path in RULES)
    modules = [import_module(f"sim.rules.{path.stem}") for path in RULES]
    positions = {name: value for module in modules for name, value in vars(module).items()}
    source = re.sub(r"tile_key\((keys\[\w+\]), o\)", r"\1", source)  # of the first tile
    source = source.replace("messenger_uniform", "user_uniform")
    used = re.findall(r"\b(user_uniform|uniform)\(keys\[(\w+)\][^,]*, (.+?)\)", source)
    event = r"\b(?:event_occurs\(bits64, |happens_to\()keys\[(\w+)\], (.+?), hazard\)"
    refined = re.findall(event, source)
    by_messenger = re.findall(r"\bevents_occur\(keys\[(\w+)\], i, \w+\)", source)
    listed = set(re.findall(r"random_bits\(keys\[(\w+)\], i\)", source))
    assert {name for name, _ in refined} == listed | {"LAPSE"}  # that of few users is not listed
    refined += [(name, "i, p") for name in by_messenger]
    used += [("refined_uniform", *address) for address in refined]
    assert "uniform_draws(key, ids)" in source  # of sixteen users at once
    used.append(("uniform_draws", "CONVERSE", "i"))
    assert "uniform_draws(keys[ACCEPT], i * SLOTS)" in source  # of eight slots of a user at once
    used.append(("user_uniform", "ACCEPT", "i, p"))
    addresses = {
        records.PURPOSES[positions[name]]: (function, index.replace(", a", ", kind"))
        for function, name, index in used
    }
    assert sorted(column("7.2")) == sorted(records.PURPOSES)
    assert {n: tuple(cells[:2]) for (n,), cells in table("7.2")} == addresses


@pytest.mark.parametrize(("number", "model"), [("7.11", Behaviour), ("7.12", Platform)])
def test_every_parameter_is_listed(number, model):
    assert sorted(column(number)) == sorted(model.model_fields)


def test_parameters_of_behaviour_go_by_their_symbols():
    symbols = {n: f.json_schema_extra["symbol"] for n, f in Behaviour.model_fields.items()}
    assert column("7.11") == symbols


def test_every_kind_of_policy_is_described_with_its_fields():
    fields = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in column("7.4").items()}
    assert fields == {
        name: set(kind.model_fields) - {"kind", *Window.model_fields}
        for name, kind in policy_kinds().items()
    }


def test_every_measure_is_defined():
    kinds = {"KIND": SimpleNamespace(takes="money")}
    case = SimpleNamespace(messengers=("m",), carriers=("m", "cellular"), abuse=kinds)
    series = [*step_series(case), *month_series(case), *CHANGES]
    paired = {one.name for one in measures() if one.is_paired}
    assert set(column("4.12")) == {one.measure for one in series} | paired


def test_constants_have_the_values_of_the_code():
    rows = {name: cells for (name,), cells in table("7.1")}
    assert set(rows) == CONSTANTS
    for name, (module, value, *_) in rows.items():
        assert getattr(import_module(module), name) == float(value), name


def test_the_share_of_draws_that_a_step_does_not_refine_is_that_of_the_posterior():
    found = re.search(r"(\d+) % of the posterior's draws pass (0\.\d+)", " ".join(SPEC.split()))
    draws = pd.read_csv(DATA / "russia_2025" / posterior.NAME)
    memory = draws["behaviour.failure_memory"] / 7
    surprise = memory * -np.expm1(
        -1 / memory
    )  # of all messages, the mean over the first week (7.4)
    failing = draws["behaviour.drop_rate"] * (1 + draws["behaviour.failure_exit"] * surprise)
    assert int(found[1]) == round(100 * (7 * failing > float(found[2])).mean())


def test_odd_has_the_headings_of_its_protocol_and_is_short():
    odd = (REPO / "docs/odd.md").read_text(encoding="utf-8")
    assert [name for name in HEADINGS if not re.search(rf"^###? [\d.]+ {name}", odd, re.M)] == []
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", odd)
    assert targets
    assert [target for target in targets if not (REPO / "docs" / target).exists()] == []
    assert len(odd.splitlines()) <= 250
