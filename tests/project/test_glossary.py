"""The glossary is in alphabetical order, and its names of code are names in the code."""

import ast
import re

import pytest

from tests.helpers.cli import REPO

SIM = REPO / "sim"
PARTS = dict(
    part.split("\n", 1)
    for part in (REPO / "docs/glossary.md").read_text(encoding="utf-8").split("\n## ")[1:]
)
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.M)


def rows(part):
    return [row for row in ROW.findall(PARTS[part]) if row[0] != "word"]


def names():
    """Return the names of modules and folders in sim/, and all names that its code uses."""
    found = {SIM.name}
    for path in SIM.rglob("*.py"):
        found |= {path.stem, path.parent.name}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for field in ("id", "attr", "arg", "name"):
                found.add(getattr(node, field, None))
    return found


@pytest.mark.parametrize("part", ["The model", "The code"])
def test_words_are_in_alphabetical_order(part):
    words = [word.strip("`").casefold() for word, _ in rows(part)]
    assert len(words) > 50
    assert words == sorted(set(words))


def test_names_of_code_exist():
    quoted = {name for row in rows("The code") for name in re.findall(r"`([^`]+)`", " ".join(row))}
    assert len(quoted) > 20
    assert quoted - names() == set()
