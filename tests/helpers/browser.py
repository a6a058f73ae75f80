"""Chromium, driven as a reader drives it, for pages and the live app; and axe-core, which audits.

axe-core-4.10.3.min.js is the file of that release, by Deque Systems, under the Mozilla Public
License 2.0: https://www.npmjs.com/package/axe-core
"""

import importlib.util
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

AXE = Path(__file__).parent / "axe-core-4.10.3.min.js"
AUDIT = """
const done = arguments[0];
axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
  .then(found => done(found.violations.map(
    one => `${one.id}: ${one.help}: ${one.nodes.map(node => node.html).join(' ')}`)))"""
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    *("--disable-dev-shm-usage", "--window-size=1400,1000"),
    # nothing else resolves, so that a page that needs a stranger's file is seen to fail
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def has(*packages):
    """Return a mark that skips tests where there is no browser, or a package is missing."""
    missing = [
        *(name for name in ("chromium", "chromedriver") if shutil.which(name) is None),
        *(n for n in ("selenium", *packages) if importlib.util.find_spec(n) is None),
    ]
    return pytest.mark.skipif(bool(missing), reason=f"not here: {', '.join(missing)}")


@contextmanager
def browser(profile):
    """Start the browser with a folder for its profile; yield its driver."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def audited(driver):
    """Return what axe-core finds wrong with the page, up to WCAG 2.2 AA, all of it unfolded."""
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    driver.execute_script(AXE.read_text(encoding="utf-8"))
    return driver.execute_async_script(AUDIT)
