"""What of the record belongs to another world than that of a scenario."""

import datetime as dt

import pandas as pd
import pytest

from sim import load_config
from sim.observation.apart import first_difference, points_apart
from sim.observation.events import events


def test_only_events_of_the_scenario_are_its_own():
    marked = events(load_config("+scenario=call_ban")).set_index("label")["apart"]
    assert not marked["Calls restricted"]
    assert not marked["Max pre-installed"]
    assert marked["WhatsApp fully blocked"]
    assert not events(load_config("+scenario=as_happened"))["apart"].any()


def test_events_are_common_until_a_changed_world_parts_from_what_happened():
    asked = "+scenario=as_happened", "~policies.registration_gate"
    marked = events(load_config(*asked)).set_index("label")["apart"]
    assert list(marked[marked].index) == ["Sign-up SMS stopped"]


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        (["+scenario=as_happened"], None),
        (["+scenario=as_happened", "policies.call_restriction.grade=0.5"], dt.date(2025, 8, 13)),
        (["+scenario=baseline"], dt.date(2025, 6, 2)),  # shutdowns and a trend from the start
        (
            ["case_dir=saudi_calls_2017", "+scenario=baseline"],
            dt.date(2017, 9, 21),  # the ban ends here, and stays there
        ),
        (["case_dir=vietnam_telegram_2025", "+scenario=baseline"], dt.date(2025, 5, 26)),
    ],
)
def test_worlds_part_on_the_first_day_on_which_policies_differ(asked, day):
    assert first_difference(load_config(*asked)) == day


def test_points_are_of_another_world_from_the_month_on_in_which_it_parts():
    config = load_config("case_dir=vietnam_telegram_2025", "+scenario=baseline")
    months = pd.Series(pd.to_datetime(["2025-04-01", "2025-05-01", "2025-06-01"]))
    assert points_apart(config, months).tolist() == [False, True, True]
