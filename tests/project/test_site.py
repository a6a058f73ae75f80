"""The site of the docs: builds without a warning, holds every page, and fetches nothing."""

import os
import re
import subprocess
import sys

import pytest

from sim.config.conf import names
from tests.helpers.cli import REPO

pytest.importorskip("mkdocs")
pytestmark = pytest.mark.slow
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=\"([^\"]*)|<link[^>]*\shref=\"([^\"]*)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", folder], cwd=REPO,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def text(site, page):
    return re.sub(r"<[^>]+>", "", (site / page).read_text(encoding="utf-8"))


def test_every_page_is_there_and_fetches_nothing_from_elsewhere(site):
    for source in (REPO / "docs").glob("*.md"):
        assert (site / f"{source.stem}.html").is_file(), source
    for page in site.glob("**/*.html"):
        for found in FETCHED.findall(page.read_text(encoding="utf-8")):
            address = "".join(found)
            assert not re.match(r"(https?:)?//", address), f"{page.name}: {address}"
    for style in site.glob("**/*.css"):
        assert not re.search(r"url\(\"?(https?:)?//|@import", style.read_text(encoding="utf-8"))


def test_it_can_be_searched(site):
    index = (site / "search/search_index.json").read_text(encoding="utf-8")
    assert "habit_value" in index
    assert list(site.glob("assets/javascripts/workers/search*.js"))


def test_the_readme_is_the_home_page(site):
    home = (site / "index.html").read_text(encoding="utf-8")
    assert "When a state restricts calls" in home
    assert 'href="tutorial.html"' in home
    assert "figures/reach.png" in home


def test_the_reference_holds_commands_scenarios_and_python(site):
    commands = text(site, "commands.html")
    for command in (
        "sim",
        "sim.collect",
        "sim.case",
        "experiments.record",
        "experiments.validate",
    ):
        assert f"python -m {command}" in commands
    assert "--verbose" in commands
    (policies,) = (line for line in commands.splitlines() if line.startswith("policy: "))
    assert len(policies) <= 100  # all of them stood in one line of 800
    worlds = text(site, "policies_by_date.html")
    assert all(name in worlds for name in names("scenario"))
    python = text(site, "api.html")
    for name in ("load_config", "MigrationModel", "observations", "install_utility"):
        assert name in python
