"""The live app in a real browser: it loads, steps, draws, obeys its controls, stays at home."""

import importlib.util
import json
import re
import signal
import socket
import sys

import pytest

import sim.app.__main__ as app
from sim.base.errors import ConfigError
from tests.helpers.browser import browser, has
from tests.helpers.serving import serving

in_browser = has("solara")
DRAWN = """
return [...document.querySelectorAll('img')].map(image => {
  const canvas = Object.assign(document.createElement('canvas'),
                               {width: image.naturalWidth, height: image.naturalHeight});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(
    context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return {width: image.naturalWidth, colours: new Set(pixels).size, alt: image.alt};
})"""
WATCH_FOR_CONTROLS = """
window.seen = [];  // how many there are while a world is being made
new MutationObserver(() => {
  const n = document.evaluate("count(//button[contains(., 'Step')])", document).numberValue;
  if (document.body.innerText.includes('are being generated') && !seen.includes(n)) seen.push(n);
}).observe(document.body, {subtree: true, childList: true, characterData: true})"""
PATIENCE = 60  # [s]
SOCIETY = ("population.n_users=200", "step_days=14")


def heed_ctrl_c():
    """Undo what a shell does to jobs in the background: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def server():
    command = (sys.executable, "-m", "sim.app", "--no-browser", "--port", "0", *SOCIETY)
    with serving(*command, preexec_fn=heed_ctrl_c) as process:
        yield process


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


class Visitor:
    """What somebody does who looks at the page."""

    def __init__(self, driver, address):
        self.driver = driver
        driver.get(address)
        self.wait_for("step 1 of 26")

    @property
    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def wait_for(self, *words):
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1)
        waiting.until(lambda _: all(word in self.text for word in words), f"{words}: {self.text}")

    def press(self, label):
        self.driver.find_element("xpath", f"//button[contains(., '{label}')]").click()

    def choose(self, lever, setting):
        select = f"//label[text()='{lever}']/ancestor::div[contains(@class, 'v-select__slot')]"
        field = self.driver.find_element("xpath", select)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.click()
        self.option(setting).click()

    def option(self, setting):
        from selenium.webdriver.support.ui import WebDriverWait

        path = (
            "//div[contains(@class, 'menuable__content__active')]"
            f"//div[contains(@class, 'v-list-item__title') and text()='{setting}']"
        )

        def shown(driver):
            found = driver.find_elements("xpath", path)
            return next((one for one in found if one.is_displayed()), None)

        return WebDriverWait(self.driver, PATIENCE).until(shown)


@pytest.fixture
def visitor(driver, server):
    return Visitor(driver, server.address)


@in_browser
@pytest.mark.slow
def test_steps_are_reported_and_drawn(visitor, driver):
    for step in range(2, 7):
        visitor.press("Step")
        visitor.wait_for(f"step {step} of 26")
    assert "11 August to 24 August 2025" in visitor.text
    assert "97% of calls on WhatsApp and Telegram fail" in visitor.text
    for word in ("Readable", "Displaced are", "No means", "Welfare"):
        assert word in visitor.text
    figures = driver.execute_script(DRAWN)
    assert len(figures) == 3
    for figure in figures:
        assert figure["width"] == 750
        assert figure["colours"] > 50
        assert figure["alt"]


@in_browser
@pytest.mark.slow
def test_controls_make_a_new_world_even_while_the_old_one_plays(visitor):
    visitor.press("▶")
    visitor.wait_for("step 3 of 26")
    visitor.choose("Scenario", "baseline")
    visitor.wait_for("step 1 of 26", "Nothing happens", "the scenario restricts no calls")
    visitor.press("Step")
    visitor.wait_for("step 2 of 26", "In force: nothing.")
    visitor.choose("Scenario", "call_ban")
    visitor.wait_for("step 1 of 26", "mandate_only")
    visitor.choose("Restriction of calls", "half fail")
    asked = (*SOCIETY, "+scenario=call_ban", "policies.call_restriction.grade=0.5")
    visitor.wait_for("step 1 of 26", f"python -m sim {' '.join(asked)}")
    assert "No effect here" not in visitor.text
    visitor.press("Step")
    visitor.wait_for("step 2 of 26")
    visitor.press("Reset")
    visitor.wait_for("step 1 of 26")


@in_browser
@pytest.mark.slow
def test_while_a_world_is_made_there_is_nothing_to_press_that_would_be_lost(visitor, driver):
    """What was pressed then went to the controls of the old world."""
    visitor.press("Step")
    visitor.wait_for("step 2 of 26")
    driver.execute_script(WATCH_FOR_CONTROLS)
    visitor.choose("Restriction of calls", "all fail")
    visitor.wait_for("step 1 of 26")
    assert driver.execute_script("return seen") == [0]
    visitor.press("▶")
    visitor.wait_for("step 3 of 26")


@in_browser
@pytest.mark.slow
def test_a_phone_shows_it_without_scrolling_sideways(visitor, driver):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
        widths = "return [...document.querySelectorAll('img')].map(i => i.clientWidth)"
        assert all(300 < width <= 390 for width in driver.execute_script(widths))
        last = driver.find_elements("tag name", "img")[-1]
        driver.execute_script("arguments[0].scrollIntoView()", last)
        visitor.press("Step")  # the controls stay in sight
        visitor.wait_for("step 2 of 26")
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@in_browser
@pytest.mark.slow
def test_no_request_leaves_the_machine_and_nothing_fails(visitor, driver):
    visitor.press("Step")
    visitor.wait_for("step 2 of 26")
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    asked = {
        m["params"].get("request", m["params"]).get("url", "")
        for m in messages
        if m["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
    }
    outside = {u for u in asked if re.match("http|ws", u) and "//127.0.0.1:" not in u}
    assert asked
    assert not outside
    severe = [e["message"] for e in driver.get_log("browser") if e["level"] == "SEVERE"]
    assert not severe


@in_browser
@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_although_a_page_is_open(visitor, server):
    visitor.press("▶")
    visitor.wait_for("step 2 of 26")
    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE) == 128 + signal.SIGINT
    assert "Traceback" not in server.stdout.read()


def test_without_the_extras_a_line_says_how_to_get_them(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="make app installs"):
        app.main([])


@in_browser
def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port {port}: .* in use"):
            app.serve("127.0.0.1", port, print)


@pytest.mark.parametrize("given", ["case_dir=uae_calls", "+scenario=call_ban"])
def test_another_case_or_scenario_is_refused_in_a_line(given):
    """Fifty lines told of platforms and dates that the app's scenario has and the case has not."""
    with pytest.raises(ConfigError) as refused:
        app.prepare([given])
    said = str(refused.value)
    assert said.startswith(f"{given}: allowed: other keys; the app shows Russia's scenarios")
    assert said.endswith(f"(others: python -m sim {given})")  # what to do instead


def test_a_society_too_large_for_a_map_is_refused():
    with pytest.raises(ConfigError, match="allowed in the app: up to 5000"):
        app.prepare(["population.n_users=6000"])
