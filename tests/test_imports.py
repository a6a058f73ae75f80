"""Who may import whom: dependencies point down a list, heavy libraries stay in their rooms."""

import ast
from pathlib import Path

import pytest

from tests.cli import REPO, python

PACKAGE = REPO / "sim"
# A module imports from its own and from earlier layers only.
LAYERS = [
    [
        "errors",
        "strict",
        "compiled",
        "vectors.aligned",
        "mechanisms",
        "lines",
        "posterior",
        "words.units",
        "words.numbers",
        "storage.drafts",
        "storage.stamps",
    ],
    ["process.extras", "composing.arguments", "composing.conf", "composing.keys", "process.voice"],
    [
        "versions",
        "process.interrupts",
        "storage.locks",
        "process.machine",
        "process.place",
        "process.progress",
        "composing.case_dir",
        "composing.completion",
    ],
    ["process.endings"],
    ["rng", "window", "world.settings", "world.arrays", "world.laws", "world.ages"],
    ["world.pool", "world.districts", "world.checksums", "world.order"],
    ["parallel.ranks"],
    [
        "vectors.lanes_interpreted",
        "vectors.lanes_compiled",
        "vectors.lanes_arrays",
        "vectors.octets_interpreted",
        "vectors.octets_compiled",
        "vectors.octets_arrays",
    ],
    ["vectors.lanes", "vectors.octets"],
    ["parameters", "platforms", "policies", "abuse"],
    ["policy_checks"],
    ["config"],
    ["world.traits"],
    ["composing.validation", "world.population", "world.graph", "world.statistics", "rules.*"],
    ["composing.refusals"],
    ["world.recipe", "world.groups", "world.weak", "world.rows", "world.edges"],
    [
        "composing.schema",
        "draws",
        "parallel.threads",
        "world.generators",
        "world.arms",
        "grades",
        "cells",
    ],
    [
        "world.chats",
        "conditions",
        "composing.jobs",
        "composing.launchers",
        "words.stories",
        "live.levers",
        "words.in_force",
    ],
    ["world.build"],
    ["world.shelf"],
    ["world.cache"],
    ["state", "tally"],
    ["engines"],
    ["parallel.ranges"],
    ["initialisation.sample"],
    [
        "initialisation.inversion",
        "initialisation.society",
        "offenders",
        "exports.witness",
        "words.glossary",
    ],
    ["values", "initialisation.start"],
    ["measures"],
    ["simulation", "results"],
    ["watch", "agents", "exports.census"],
    ["parallel.accord"],
    ["runs", "exports.contacts", "exports.dataset"],
    ["observation.sources", "observation.operators", "observation.events", "observation.months"],
    ["model", "observation.observed", "plotting.palette"],
    ["observation.residuals"],
    ["outcomes", "plotting.layout", "plotting.drawing", "plotting.atlas"],
    [
        "plotting.runs",
        "plotting.flows",
        "plotting.files",
        "plotting.groups",
        "plotting.diary",
        "plotting.posterior",
        "plotting.robustness",
        "plotting.sweeps",
        "plotting.network",
        "words.standing",
        "words.summary",
        "memory",
        "storage.container",
        "exports.diary",
    ],
    ["plotting.live", "live.model"],
    ["storage.manifest", "figures"],
    ["storage.header", "storage.tables"],
    ["storage.checkpoint", "exports.flat"],
    ["words.facts"],
    ["report"],
    ["storage.folder"],
    ["sweeps.design", "sweeps.batch"],
    ["sweeps.points", "sweeps.outcomes", "sweeps.leaving"],
    ["sweeps.folder", "sweeps.multirun", "sweeps.claim"],
    ["sweeps.work", "sweeps.job", "sweeps.status"],
    ["sweeps.tasks"],
    ["sweeps.executors", "sweeps.progress"],
    ["sweeps.driver", "sweeps.request"],
    ["sweeps.session"],
    ["sweeps.launch"],
    ["storage.digest", "bands", "sweeps.evidence"],
    ["live.page"],
    ["cli", "app", "collect", "case", "export"],
    ["resume", "scenarios", "__main__"],
]
# Imports inside functions that go against the list on purpose.
LATE = {("runs", "model")}  # mesa takes half a second that a compiled run can spare
REGISTERS = {
    *("vectors.lanes_compiled", "vectors.lanes_arrays"),
    *("vectors.octets_compiled", "vectors.octets_arrays"),
}
ROOMS = {
    "mesa": {"model", "agents", "live.page"},
    "solara": {"live.page"},
    "uvicorn": {"app"},
    "hydra": {"cli", "composing.schema", "composing.jobs"},
    "networkx": {"world.graph"},
    "matplotlib": {
        *("plotting.runs", "plotting.posterior", "plotting.sweeps", "plotting.network"),
        *("plotting.robustness", "plotting.live", "plotting.groups", "plotting.diary"),
        *("plotting.drawing", "plotting.flows", "plotting.files", "figures", "live.page"),
    },
    "distributed": {"sweeps.executors", "sweeps.leaving"},
    "dask_jobqueue": {"sweeps.executors"},
    "mpi4py": {"parallel.ranks"},
    "SALib": {"sweeps.design"},
    "numba": {"compiled", *REGISTERS},
    "llvmlite": REGISTERS,
}
OUTSIDE = {"experiments", "notebooks", "tests", "conf"}


def name_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def only_for_types(tree):
    """Return the nodes that a type checker alone reads."""
    blocks = (node for node in ast.walk(tree) if isinstance(node, ast.If))
    return {
        inner
        for block in blocks
        if ast.unparse(block.test) == "TYPE_CHECKING"
        for inner in ast.walk(block)
    }


def imports(path):
    """Return the full names that a file imports, inside functions as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found, for_types = set(), only_for_types(tree)
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(path):
    """Return the modules of the package that a file imports."""
    found = set()
    for full in imports(path):
        head, *rest = full.split(".")
        if head == "sim" and rest:
            names = (".".join(rest[:k]) for k in range(len(rest), 0, -1))
            found.add(next((n for n in names if n in MODULES and n not in PACKAGES), "__init__"))
    return found


PACKAGES = {
    "__init__",
    "rules",
    "sweeps",
    "world",
}  # only docstrings stand there, and the lazy door


def layer(module):
    for k, names in enumerate(LAYERS):
        if module in names or f"{module.partition('.')[0]}.*" in names:
            return k
    raise AssertionError(f"{module} has no place in LAYERS")


@pytest.mark.parametrize("module", sorted(set(MODULES) - PACKAGES))
def test_a_module_imports_from_its_own_and_earlier_layers(module):
    for other in ours(MODULES[module]) - {"__init__"}:
        if (module, other) not in LATE:
            assert layer(other) <= layer(module), f"{module} imports {other}"


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_is_imported_in_its_rooms_only(library):
    users = {
        m for m, path in MODULES.items() if library in {n.split(".")[0] for n in imports(path)}
    }
    assert users <= ROOMS[library]


@pytest.mark.parametrize("module", sorted(m for m in MODULES if m.startswith("rules.")))
def test_rules_know_nothing_but_rules_and_luck(module):
    known = ours(MODULES[module])
    assert all(n in ("rng", "compiled") or n.startswith(("rules.", "vectors.")) for n in known), (
        known
    )
    assert {n.split(".")[0] for n in imports(MODULES[module])} <= {
        "sim", "numpy", "typing", "__future__",
    }  # fmt: skip


def test_nothing_in_the_package_imports_what_stands_outside():
    for path in MODULES.values():
        assert not {name.split(".")[0] for name in imports(path)} & OUTSIDE, path


@pytest.mark.parametrize("folder", ["experiments", "notebooks"])
def test_experiments_do_not_import_each_others_tests(folder):
    for path in Path(REPO / folder).glob("**/*.py"):
        assert "tests" not in {name.split(".")[0] for name in imports(path)}, path


LOADED = "import sys; print(sorted({name.split('.')[0] for name in sys.modules}))"


def loaded(code):
    return set(ast.literal_eval(python(f"{code}\n{LOADED}")))


def test_importing_sim_costs_nothing():
    heavy = {"numpy", "numba", "mesa", "pandas", "hydra", "pydantic", "matplotlib", "networkx"}
    heavy |= {"solara", "uvicorn"}
    assert not loaded("import sim; dir(sim)") & heavy


def test_a_compiled_run_needs_neither_mesa_nor_figures():
    code = (
        "from sim import load_config, compare\n"
        "compare(load_config('population.n_users=300', 'replications=1', 'dur_days=14'))"
    )
    assert not loaded(code) & {"mesa", "matplotlib", "networkx", "rich"}


def test_refusing_a_configuration_needs_no_compiler():
    code = "from sim import load_config\nload_config('+scenario=call_ban')"
    assert not loaded(code) & {"numba", "mesa", "matplotlib", "networkx", "pandas"}
