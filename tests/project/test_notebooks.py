"""Notebooks: both forms agree, use the public names, run to their end, and state limits."""

import ast
import json
import random
import re
import subprocess
import sys

import pytest
from matplotlib.figure import Figure

import sim
from experiments.notebooks import FOLDER, TIMES, main, names, paired
from tests.helpers.cli import environment, python

HARMS = ("exposure", "displaced", "welfare")


def test_there_are_notebooks_in_both_forms():
    assert len(names()) == 10
    assert [path.stem for path in sorted(FOLDER.glob("*.ipynb"))] == names()


@pytest.mark.parametrize("name", names())
def test_both_forms_of_a_notebook_are_the_same(name):
    written = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert written == paired(FOLDER / f"{name}.py"), "python -m experiments.notebooks --pair"
    assert all(not cell.get("outputs") for cell in json.loads(written)["cells"])


OWN = "09_your_own_rules"  # its subject is code from outside the package


@pytest.mark.parametrize("name", [name for name in names() if name != OWN])
def test_a_notebook_holds_no_logic_of_its_own(name):
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(def|class|while|lambda) ", text, re.M)


@pytest.mark.parametrize("name", names())
def test_a_notebook_says_what_may_be_concluded_and_shows_what_it_costs(name):
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8").lower()
    assert "## what may be concluded" in text
    assert "*may not*" in text
    assert any(word in text for word in ("harms", "fact_table", "by_run(", "draw(", "titled"))


@pytest.mark.parametrize("name", names())
def test_links_of_a_notebook_lead_to_files(name):
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (FOLDER / target).exists(), target


def test_what_notebooks_take_from_the_project_is_there():
    """A missing name fails here in seconds, not only in the slow tests that run notebooks."""
    trees = [ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in names()]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert len(nodes) > len(names())
    python("\n".join(map(ast.unparse, nodes)))


@pytest.mark.parametrize("name", names())
def test_a_notebook_changes_no_import_path(name):
    assert "sys.path" not in (FOLDER / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_a_notebook_takes_public_names_from_sim(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        names_taken = {alias.name for alias in node.names}
        assert node.module == "sim" or not names_taken & set(sim.__all__), ast.unparse(node)


TOY = {
    r"n_users=\d+": "n_users=100",
    r'"replications=\d+"': '"replications=2", "step_days=13"',
    r'"engine=mesa"': '"engine=mesa", "step_days=13"',
    r"n_users=100']": "n_users=100','step_days=13']",
    r"n_levels=\d+": "n_levels=2",
    r'"--quick"': '"--quick", "executor=serial"',
    r'"design=grade_and_push",': '"design=grade_and_push", "executor=serial",',
    r"\*toy\]": '*toy, "executor=serial"]',
    r"request\(\[\]\)": 'request(["executor=serial"])',
    r'"\+scenario=turkey_whatsapp_2021"': '"+scenario=turkey_whatsapp_2021", "dur_days=117"',
    r"second\(request, kept, 8\)": "second(request, kept, 4)",
}
TWICE = "08_inside_a_user"  # a cell run twice went on into a second year, without a word


def cells(name):
    """Return the cells of code of a notebook, in toy size."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for old, new in TOY.items():
        text = re.sub(old, new, text)
    return re.findall(r"^# %%\n(.*?)(?=^# %%|\Z)", text, re.M | re.S)


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_cells_run_to_their_end_and_draw_figures(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn, init = [], Figure.__init__

    def noted(figure, *arguments, **options):
        drawn.append(figure)
        init(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "__init__", noted)
    space, state = {"__name__": name}, random.getstate()
    for cell in cells(name):
        for _ in range(2 if name == TWICE else 1):
            exec(compile(cell, name, "exec"), space)  # noqa: S102
    random.setstate(state)  # libraries draw when they are imported
    assert drawn


@pytest.mark.slow
def test_a_kernel_executes_a_notebook_and_keeps_what_it_draws(tmp_path):
    name = names()[0]
    done = subprocess.run(
        [sys.executable, "-m", "experiments.notebooks", name, "--to", str(tmp_path)],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    told = "".join("".join(o["text"]) for o in outputs if o.get("name") == "stderr")
    assert "Warning" not in told, told


def test_an_unknown_notebook_is_refused_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["09_nothing"])
    assert "allowed: 01_first_run, 02_what" in capsys.readouterr().err


def test_the_table_of_times_has_every_notebook():
    (table,) = TIMES.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
    assert re.findall(r"^\| `(\w+)` \| \d+ \| \d+ \|$", table, re.M) == names()
