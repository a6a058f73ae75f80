"""The site of the docs: builds without a warning, holds every page, and fetches nothing."""

import os
import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sim.config.conf import names
from tests.helpers.browser import browser, has
from tests.helpers.cli import REPO

pytest.importorskip("mkdocs")
pytestmark = pytest.mark.slow
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=\"([^\"]*)|<link[^>]*\shref=\"([^\"]*)"
)
# by question: the page that its answer links to
QUESTIONS = dict(
    re.findall(
        r"^## How do I (.+)\?\n\n[^#]*?\]\((\w+)\.md",
        (REPO / "docs/how_do_i.md").read_text(encoding="utf-8"), re.M,
    )
)  # fmt: skip
FOUND = """
const item = document.querySelector('.md-search-result__item');
return document.querySelector('.md-search-result__meta').innerText.includes('match') && item
  ? [...item.querySelectorAll('a')].map(link => link.href.split('/').pop().split('?')[0]
      + new URL(link.href).hash) : []"""  # what the search puts first: a page, then its sections


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


class Quiet(SimpleHTTPRequestHandler):
    """A server that prints nothing."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    """Return where the site is served: its search does not work from a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@has()
def test_search_puts_the_answer_to_each_question_first(address, tmp_path):
    from selenium.webdriver.support.ui import WebDriverWait

    assert len(QUESTIONS) == 30
    wrong = {}
    with browser(tmp_path) as driver:
        for question, target in QUESTIONS.items():
            driver.get(f"{address}/glossary.html")
            driver.execute_script("document.getElementById('__search').click()")
            field = driver.find_element("css selector", "input.md-search__input")
            WebDriverWait(driver, 20).until(lambda _, field=field: field.is_displayed())
            field.send_keys(question)
            page, *sections = WebDriverWait(driver, 20).until(
                lambda _: driver.execute_script(FOUND)
            )
            answer = f"#how-do-i-{'-'.join(question.lower().split())}"
            is_answer = any(answer in one for one in sections[:1])
            if not is_answer and not page.startswith(f"{target}.html"):
                wrong[question] = page, sections
    assert wrong == {}
