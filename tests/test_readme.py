"""What the README shows works: its Python runs, its commands compose, its files exist."""

import re
import shlex
from pathlib import Path

import pytest

from sim import load_config
from sim.jobs import expand
from sim.schema import open_key

REPO = Path(__file__).resolve().parents[1]
README = (REPO / "README.md").read_text()
COMMANDS = re.findall(r"^python -m sim (.+?)(?:\s+#.*)?$", README, re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_composes(command):
    words = [w for w in shlex.split(command) if not w.startswith("-") and w != "job"]
    load_config(*expand(map(open_key, words))[0])  # of a sweep the first job


def test_the_python_of_the_readme_runs(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102
    assert "mandate_only" in capsys.readouterr().out


@pytest.mark.parametrize("page", [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))])
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_every_scenario_is_named():
    for path in (REPO / "conf/scenario").glob("*.yaml"):
        assert f"`{path.stem}`" in README, path.stem


def test_the_two_commands_stand_at_the_top():
    top = README[: README.index("\n## ")]
    assert "make run" in top
    assert "make test" in top
