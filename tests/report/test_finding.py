"""The title of a report: it tells who moves and where calls go, no surer than is known."""

import pytest

from sim import load_config
from sim.base.numbers import Number
from sim.config.conf import names
from sim.config.titles import group_title, policy_title, scenario_title
from sim.measures.series import Series
from sim.report.facts import facts
from sim.report.finding import finding, focused, in_ten
from tests.helpers.written import CONFIG, written

OTHERS = {"telegram": 0.0, "max": 0.0, "vk": 0.0, "imo": 0.0}
DECEMBER = facts(written(lambda *_: 0.5)).after
NOUGHT = Number(0.0, 0.0, 0.0, "percent")


def told(reach, calls=None, displaced=(0.0, 0.0, 0.0), config=CONFIG):
    """Return the finding where daily reach, and calls by carrier, change so (low, median, high).

    WhatsApp is opened by half of all people in the scenario.
    """

    def number(low, median, high):
        return Number(median, low, high, "percent")

    daily = dict.fromkeys(config.messengers, (0.0, 0.0, 0.0)) | reach
    changes = {Series(name, "any", "dau"): number(*ends) for name, ends in daily.items()}
    changes |= {Series(name, "call", "use"): number(*ends) for name, ends in (calls or {}).items()}
    levels = {series: Number(0.5, 0.5, 0.5, "percent") for series in changes}
    levels |= {
        Series("any", "call", "displaced"): number(*displaced),
        Series("any", "message", "displaced"): NOUGHT,
        Series("any", "any", "worse_off"): NOUGHT,
    }
    return finding(config, DECEMBER, levels, changes)


def test_a_small_loss_is_few_and_calls_go_where_most_of_them_go():
    words = told(
        {"whatsapp": (-0.022, -0.02, -0.018), "max": (0.01, 0.02, 0.03)},
        {"cellular": (0.05, 0.06, 0.07), "imo": (0.01, 0.01, 0.01)},
        (0.16, 0.17, 0.18),
    )
    assert "moves few daily users off WhatsApp" in words
    assert words.endswith("calls go mostly to the ordinary phone")


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((-0.22, -0.2, -0.18), "moves about three in ten daily users off WhatsApp"),
        ((-0.35, -0.2, -0.05), "probably moves about three in ten daily users off WhatsApp"),
        ((-0.03, -0.01, 0.01), "does not clearly change how many people open WhatsApp daily"),
        ((0.18, 0.2, 0.22), "brings about two in ten people to WhatsApp"),
        ((-0.002, -0.002, -0.002), "moves hardly any daily users off WhatsApp"),
    ],
)
def test_a_finding_is_as_sure_as_its_interval(ends, said):
    assert f"promoted {said}" in told({"whatsapp": ends})


def test_one_run_is_told_as_one_run():
    nan = float("nan")
    assert told({"whatsapp": (nan, -0.2, nan)}).startswith("In one run, banning calls")


def test_calls_are_not_sent_to_the_messenger_that_people_leave():
    lost = {"whatsapp": (-0.2, -0.2, -0.2)}
    words = told(lost, {"whatsapp": (0.1, 0.1, 0.1)}, (0.2, 0.2, 0.2))
    assert "calls go" not in words


def test_where_nothing_moves_nothing_is_told_to():
    assert told({}).endswith("changes nothing of who opens which app by December 2025")


def test_what_is_restricted_is_told_of_before_what_moves_more():
    changes = {
        Series(name, "any", "dau"): Number(x, x, x, "percent")
        for name, x in {**OTHERS, "whatsapp": -0.02, "max": 0.3}.items()
    }
    assert focused(CONFIG, DECEMBER, changes) == "whatsapp"
    pushed = load_config("+scenario=mandate_only")
    assert focused(pushed, DECEMBER, changes) == "max"


def test_shares_in_words():
    said = [in_ten(share) for share in (0.0, 0.05, 0.1, 0.94, 0.96)]
    assert said == ["hardly any", "few", "about one in ten", "about nine in ten", "nearly all"]


@pytest.mark.parametrize("name", names("scenario"))
def test_every_scenario_has_a_title_that_is_no_identifier(name):
    title = scenario_title(CONFIG, name)
    assert "_" not in title
    assert title != name.replace("_", " ")
    assert not title.endswith(".")


def test_titles_stand_in_place_of_identifiers():
    assert scenario_title(CONFIG, "call_ban+vpn_support").endswith("with support for VPNs")
    assert scenario_title(CONFIG, "my_own_ban") == "my own ban"
    assert group_title("age=12-17") == "aged 12\N{EN DASH}17"
    assert group_title("region=north_caucasus") == "North Caucasus"
    assert policy_title("max_egov") == "Max state services log-in"


def test_a_result_tells_its_finding_and_that_of_a_scenario_alone():
    found = facts(written(lambda at: 0.3 - 0.1 * (at.scenario == "call_ban")))
    assert "daily users off" in found.finding
    assert found.finding == finding(found.config, found.after, found.levels, found.changes)
