"""The pictures of the model: what docs/ shows is what the command draws of the present model."""

import re

import pytest

from experiments.pictures import main
from tests.helpers.cli import REPO

NAMES = ("layers", "step", "way")


def words(path):
    """Return all that is written in a figure."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    main([str(folder)])
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_says_what_the_model_is_now(drawn, name):
    """If not: python -m experiments.pictures."""
    file = f"picture_{name}.svg"
    said = words(drawn / file)
    assert len(said) > 10
    assert words(REPO / "docs/figures" / file) == said


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_has_a_text_in_its_place(drawn, name):
    svg = (drawn / f"picture_{name}.svg").read_text(encoding="utf-8")
    assert re.search(r"<dc:description>.{60,}</dc:description>", svg, re.S)
    assert re.search(rf"!\[.{{30,}}\]\(figures/picture_{name}\.svg\)", page())


def page():
    return (REPO / "docs/pictures.md").read_text(encoding="utf-8")
