"""The page that one can play with: between worlds it interpolates, and in a browser it answers."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.commands import explore
from sim.exports.explorable import AXES, COSTS, STEPS, error_of, read_grid, write_explorable
from tests.helpers.browser import audited, browser, has

CONFIG = load_config("population.n_users=200")
SERIES = (*((name, "any", "mau") for name in CONFIG.messengers), *COSTS)
COLUMNS = [axis.column for axis in AXES]
MONTHS = pd.to_datetime(["2025-12-01", "2026-01-01"])
MAX = [name for name, *_ in SERIES].index("max")
FEW = {  # of each axis of conf/design/explore.yaml
    "policies.call_restriction.grade": (0.0, 1.0), "policies.messages.grade": (0.0, 0.9),
    "policies.call_restriction.start": ("2025-08-13", "2025-10-13"),
}  # fmt: skip


def reach(calls, messages, pushed, blocked, obeys):
    """Return a made-up monthly reach of Max: linear in each of its axes."""
    return (
        0.1 + 0.2 * calls + 0.1 * messages * calls + 0.3 * pushed + 0.05 * blocked - 0.05 * obeys
    )


def summary(calls, messages):
    """Return the table that is left of worlds with these shares of failing calls and messages."""
    starts = ["2025-08-13", "2025-10-13", "2025-12-13"]
    worlds = pd.MultiIndex.from_product(
        [calls, messages, starts, ["call_ban_only", "call_ban"], [0.0, 0.1], [0.0, 1.0]],
        names=COLUMNS,
    ).to_frame(index=False)
    tables = []
    for platform, channel, measure in SERIES:
        for month in MONTHS:
            pushed = worlds["scenario"] == "call_ban"
            of_max = reach(
                worlds[COLUMNS[0]], worlds[COLUMNS[1]], pushed, worlds[COLUMNS[4]] > 0,
                worlds[COLUMNS[5]],
            )  # fmt: skip
            median = of_max if (platform, measure) == ("max", "mau") else 0.25
            tables.append(
                worlds.assign(
                    date=month, group="all", platform=platform, channel=channel, measure=measure,
                    median=median,
                )
            )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def grid():
    return read_grid(summary([0.0, 0.5, 1.0], [0.0, 0.9]), CONFIG)


def test_worlds_stand_in_their_places_and_lines_between_them(grid):
    assert grid.medians.shape == (3, 2, 3, 2, 2, 2, len(SERIES), 2)
    assert grid.medians[1, 1, 0, 1, 1, 0, MAX] == pytest.approx(reach(0.5, 0.9, 1, 1, 0))
    points = np.array([[0.2, 0.3, 1, 1, 0, 1], [1.0, 0.9, 2, 0, 0.1, 0]])
    found = grid.at(points)[:, MAX, -1]
    assert found == pytest.approx([reach(0.2, 0.3, 1, 0, 1), reach(1, 0.9, 0, 1, 0)])


def test_how_far_off_the_page_is_is_measured_on_worlds_that_were_run(grid):
    other = summary([0.25, 0.8], [0.4])
    assert error_of(grid, other, CONFIG).largest == pytest.approx(0, abs=1e-9)
    is_max = (other["platform"] == "max") & (other["scenario"] == "call_ban")
    other.loc[is_max, "median"] += 0.05
    error = error_of(grid, other, CONFIG)
    assert error.n_worlds == 2 * 3 * 2 * 2 * 2
    assert error.largest == pytest.approx(5)
    assert error.mean == pytest.approx(5 / 2 / len(CONFIG.messengers))


def test_a_grid_with_holes_is_refused():
    table = summary([0.0, 1.0], [0.0, 0.9])
    with pytest.raises(ConfigError, match="worlds of the grid are missing"):
        read_grid(table.drop(index=5), CONFIG)


@pytest.fixture(scope="module")
def page(grid, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explore.html"
    write_explorable(grid, error_of(grid, summary([0.25], [0.4]), CONFIG), CONFIG, path)
    return path


def test_the_page_is_one_file_and_holds_all_worlds(page, grid):
    text = page.read_text(encoding="utf-8")
    assert len(text) < 2e6
    assert not re.search(r"(src|href)=.?https?:", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert np.array(data["values"]) / STEPS == pytest.approx(grid.medians.ravel(), abs=1 / STEPS)
    costs = [one["title"] for one in data["series"] if not one["colour"]]
    assert any("Read by the state" in title for title in costs)
    assert any("Ties without" in title for title in costs)
    assert any("Welfare" in title for title in costs)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        driver.set_script_timeout(60)
        yield driver


def move(driver, lever, value):
    """Set a lever as a hand does; return the title."""
    driver.execute_script(
        "const one = document.getElementById(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event('input'))", lever, value,
    )  # fmt: skip
    return driver.find_element("id", "title").text


@pytest.mark.slow
@has()
@pytest.mark.parametrize("width", [1280, 390])
def test_levers_answer_after_a_guess(driver, page, width):
    driver.set_window_size(width, 1000)
    driver.get(f"file://{page}")
    assert "guess" in driver.find_element("id", "title").text
    assert not driver.find_element("id", "answer").is_displayed()
    move(driver, "guessed", 45)
    driver.find_element("id", "show").click()
    said = driver.find_element("id", "beside").text.replace("\u00a0", " ")
    assert said == f"You guessed 45 %; the model says {100 * reach(1, 0, 1, 0, 0):.0f} %."
    for calls, messages in ((0.2, 0.3), (0.75, 0.9), (0, 0)):
        move(driver, "axis1", messages)
        title = move(driver, "axis0", calls).replace("\u00a0", " ")
        assert f"about {100 * reach(calls, messages, 1, 0, 0):.0f} % use Max" in title
        assert f"{100 * reach(0, 0, 0, 0, 0):.0f} % if nothing is done" in title
    assert title.startswith("If nothing fails while Max is pushed")
    driver.find_elements("css selector", "input[name=axis3]")[0].click()  # no push
    title = driver.find_element("id", "title").text.replace("\u00a0", " ")
    assert "pushed" not in title
    assert "about 10 % use Max" in title
    assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert audited(driver) == []
    assert not [e for e in driver.get_log("browser") if e["level"] == "SEVERE"]


@pytest.mark.slow
def test_a_dry_run_says_what_the_worlds_cost(tmp_path, capsys):
    explore.main([str(tmp_path / "page"), "--dry-run", "--users", "100"])
    assert "1,920 runs of up to 100 users" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_worlds_are_run_kept_and_become_a_page(tmp_path, monkeypatch, capsys):
    plain = explore.request

    def tiny(design, n_users, folder, overrides):
        found = plain(design, n_users, folder, overrides)
        factors = {
            name: factor.model_copy(update={"levels": FEW[name]} if factor.levels else {})
            if name in FEW else factor
            for name, factor in found.design.factors.items()
        }  # fmt: skip
        few = {} if design == "explore" else {"n": 2}
        return found.with_design(replications=1, factors=factors, **few)

    monkeypatch.setattr(explore, "request", tiny)
    asked = [str(tmp_path), "--users", "50", "executor=serial"]
    explore.main(asked)
    first = (tmp_path / "explore.html").read_bytes()
    assert "64 runs" in capsys.readouterr().out
    explore.main(asked)
    assert (tmp_path / "explore.html").read_bytes() == first
    assert "runs" not in capsys.readouterr().out
