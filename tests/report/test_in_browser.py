"""Report and comparison in a real browser: figure and tiles answer, and nobody is shut out."""

import pytest

from sim import compare, load_config
from sim.report.result import run_to_folder
from tests.helpers.browser import audited, browser, has

SMALL = ("+scenario=call_ban", "population.n_users=300", "replications=3")
pytestmark = has()


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Return a result and the folder of its run."""
    folder = tmp_path_factory.mktemp("run")
    return run_to_folder(load_config(*SMALL), folder), folder


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        driver.set_script_timeout(60)
        yield driver


@pytest.fixture
def page(driver, result):
    """Return the driver with the report as it opens."""
    driver.get(f"file://{result[1]}/report.html")
    return driver


def reading(driver):
    return driver.find_element("id", "reading").text


def median(result, step):
    """Return the median of WhatsApp's daily reach in a step, as it is read [%]."""
    rows = result.timeseries.query(
        "scenario == 'call_ban' and group == 'all' and measure == 'dau' and platform == 'whatsapp'"
    )
    return 100 * rows.groupby("date")["value"].median().iloc[step]


def test_the_keyboard_moves_along_the_days(page, result):
    from selenium.webdriver.common.keys import Keys

    figure = page.find_element("id", "headline")
    figure.send_keys(Keys.HOME)
    first = reading(page)
    assert first.startswith("Week from 2 June 2025")
    assert f"WhatsApp {median(result[0], 0):.1f} %" in first
    figure.send_keys(Keys.ARROW_RIGHT)
    assert reading(page).startswith("Week from 9 June 2025")
    figure.send_keys(Keys.END)
    assert f"WhatsApp {median(result[0], -1):.1f} %" in reading(page)
    figure.send_keys(Keys.ARROW_RIGHT)
    assert figure.get_attribute("aria-valuetext") in reading(page)
    assert page.find_element("id", "reading").get_attribute("role") == "status"


@pytest.mark.parametrize("width", [1280, 500])
def test_the_pointer_reads_the_day_under_it(page, width):
    from selenium.webdriver.common.action_chains import ActionChains

    page.set_window_size(width, 1000)
    (svg,) = [one for one in page.find_elements("css selector", "#headline svg")
              if one.is_displayed()]  # fmt: skip
    read = []
    for x in (-0.2, 0.0, 0.2):
        ActionChains(page).move_to_element_with_offset(
            svg, int(x * svg.size["width"]), 0
        ).perform()
        read.append(int(page.find_element("id", "headline").get_attribute("aria-valuenow")))
        assert page.find_element("css selector", "line.cursor[x1]")
    assert read[0] < read[1] < read[2]


def test_every_number_of_a_tile_opens(page):
    tiles = page.find_elements("css selector", ".tiles summary")
    assert len(tiles) == 4
    for tile in tiles:
        more = tile.find_element("xpath", "following-sibling::dl")
        assert not more.is_displayed()
        tile.click()
        assert "In 3 replications" in more.text


def test_nothing_is_fetched_and_nothing_fails(page):
    asked = page.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert asked == []
    assert [one for one in page.get_log("browser") if one["level"] == "SEVERE"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(driver, result, scheme, tmp_path):
    found, folder = result
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    for path in (folder / "report.html", compare(found, found).save(tmp_path)):
        driver.get(f"file://{path}")
        assert audited(driver) == []
