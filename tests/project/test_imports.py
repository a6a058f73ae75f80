"""Rooms import only rooms above them; heavy libraries stay in their rooms."""

import ast
import re
import sys
from pathlib import Path

import pytest

import sim
from tests.helpers.cli import REPO, python

SIM = REPO / "sim"
# docs/architecture.md says what each room is for. A room imports itself and the rooms above it.
ROOMS = (
    "base", "kernel", "rules", "policies", "config", "population", "engine", "measures", "model",
    "observation", "runs", "plotting", "report", "sweeps", "exports", "app", "commands",
)  # fmt: skip
ON_TOP = {"__init__.py", "__main__.py"}
LIBRARIES = {  # heavy or replaceable libraries, and the rooms that may import them
    "mesa": {"model", "app"},
    "solara": {"app"},
    "uvicorn": {"app", "commands"},
    "hydra": {"config", "commands"},
    "networkx": {"population"},
    "matplotlib": {"plotting", "app"},
    "distributed": {"sweeps"},
    "dask_jobqueue": {"sweeps"},
    "mpi4py": {"engine"},
    "SALib": {"sweeps"},
    "numba": {"kernel"},
    "llvmlite": {"kernel"},
}
OUTSIDE = {"experiments", "notebooks", "tests", "conf"}
LONGEST = 300  # lines of a file: one noun each
FILES = sorted(SIM.rglob("*.py"))


def test_no_file_is_longer_than_one_reads_at_a_go():
    folders = ("sim", "experiments", "notebooks", "tests")
    files = [path for folder in folders for path in (REPO / folder).rglob("*.py")]
    assert len(files) > len(FILES)
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


def room_of(path):
    return path.relative_to(SIM).parts[0]


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
    """Return the full names that a file imports, inside functions and for types alone as well."""
    return imported(ast.parse(path.read_text(encoding="utf-8")), path)


def imported(tree, path, skipped=frozenset()):
    names = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def libraries(path):
    """Return the libraries that a file imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name.partition(".")[0] for name in imported(tree, path, only_for_types(tree))}


def rooms(path):
    """Return the rooms that a file imports."""
    parts = [name.split(".") for name in imports(path)]
    return {part[1] for part in parts if part[0] == "sim" and part[1] in ROOMS}


def test_every_file_is_in_a_room():
    assert {path.name for path in SIM.glob("*.py")} == ON_TOP
    assert {room_of(path) for path in FILES} == {*ROOMS, *ON_TOP}


def test_the_figure_shows_the_rooms_in_their_order():
    figure = (REPO / "docs/figures/architecture.svg").read_text(encoding="utf-8")
    assert tuple(re.findall(r'class="room">(\w+)/', figure)) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_above_it(room):
    above = set(ROOMS[: ROOMS.index(room) + 1])
    for path in (SIM / room).rglob("*.py"):
        assert rooms(path) <= above, path


def test_no_room_asks_the_root_of_the_package_for_a_room_below_it():
    for path in FILES:
        inside = {name.split(".")[1] for name in imports(path) if name.startswith("sim.")}
        assert inside <= {*ROOMS, "__version__"}, path


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_in_its_rooms_only(library):
    users = {room_of(path) for path in FILES if library in libraries(path)}
    assert users <= LIBRARIES[library]


def test_rules_know_nothing_but_rules_and_what_stands_above_them():
    for path in (SIM / "rules").glob("*.py"):
        assert rooms(path) <= {"base", "kernel", "rules"}, path
        assert libraries(path) <= {"sim", "numpy", *sys.stdlib_module_names}, path


def test_nothing_in_the_package_imports_what_stands_outside():
    for path in FILES:
        assert not libraries(path) & OUTSIDE, path


@pytest.mark.parametrize("folder", ["experiments", "notebooks"])
def test_experiments_do_not_import_tests(folder):
    for path in Path(REPO / folder).glob("**/*.py"):
        assert "tests" not in libraries(path), path


@pytest.mark.parametrize("room", sorted(p.name for p in (REPO / "tests").iterdir() if p.is_dir()))
def test_tests_mirror_the_rooms(room):
    others = {"helpers", "experiments", "theory", "project", "fuzz"}
    assert room in {*ROOMS, *others} or room.startswith("__")


LOADED = "import sys; print(sorted({name.split('.')[0] for name in sys.modules}))"


def loaded(code):
    return set(ast.literal_eval(python(f"{code}\n{LOADED}")))


def test_importing_sim_costs_nothing():
    heavy = {"numpy", "numba", "mesa", "pandas", "hydra", "pydantic", "matplotlib", "networkx"}
    heavy |= {"solara", "uvicorn"}
    assert not loaded("import sim; dir(sim); sim.__all__") & heavy


def test_public_names_are_the_objects_of_their_modules():
    """In a process of its own: here the modules may be loaded already."""
    code = """
import importlib, sim
for name in {*sim.__all__} - {"__version__"}:
    public = getattr(sim, name)
    assert public is getattr(importlib.import_module(public.__module__), name), name
    assert public.__name__ == name and public.__doc__, name
    assert getattr(sim, name) is public, f"{name}: a submodule has replaced it"
"""
    python(code)
    assert not {*sim.__all__} & {*ROOMS}


def test_public_names_are_listed_and_others_are_refused():
    assert {*sim.__all__} <= {*dir(sim)}
    with pytest.raises(AttributeError, match="no attribute 'load_conf'"):
        _ = sim.load_conf


def test_type_checkers_see_every_public_name():
    tree = ast.parse((SIM / "__init__.py").read_text(encoding="utf-8"))
    declared = {n.names[0].name for n in only_for_types(tree) if isinstance(n, ast.ImportFrom)}
    assert declared == {*sim.__all__} - {"__version__"}


def test_a_compiled_run_needs_neither_mesa_nor_figures():
    code = (
        "from sim import load_config, compare\n"
        "compare(load_config('population.n_users=300', 'replications=1', 'dur_days=14'))"
    )
    assert not loaded(code) & {"mesa", "matplotlib", "networkx", "rich"}


def test_refusing_a_configuration_needs_no_compiler():
    code = "from sim import load_config\nload_config('+scenario=call_ban')"
    assert not loaded(code) & {"numba", "mesa", "matplotlib", "networkx", "pandas"}
