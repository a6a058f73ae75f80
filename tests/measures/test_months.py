"""The parts of calendar months that steps stand for."""

import datetime as dt
from collections import Counter
from itertools import chain, pairwise

import pytest

from sim import load_config
from sim.measures.months import length, next_month, parts_of_months


def parts(step_days, dur_days, start="2025-06-10"):
    config = load_config(f"step_days={step_days}", f"dur_days={dur_days}", f"start={start}")
    return [list(parts_of_months(config, step)) for step in range(config.n_steps)]


@pytest.mark.parametrize("step_days", [0.1, 1, 7, 13])
def test_every_day_of_a_run_is_part_of_its_month_once(step_days):
    found = Counter()
    for part in list(chain.from_iterable(parts(step_days, 91))):
        found[part.first] += part.days
    months = [dt.date(2025, month, 1) for month in (6, 7, 8, 9)]
    assert list(found) == months
    assert list(found.values()) == pytest.approx([21, 31, 31, 8])


@pytest.mark.parametrize("step_days", [0.1, 1, 7, 13])
def test_a_month_ends_once_and_only_then_the_next_one_begins(step_days):
    found = list(chain.from_iterable(parts(step_days, 91)))
    assert sum(part.is_last for part in found) == 4
    for one, other in pairwise(found):
        assert one.is_last == (one.first != other.first)
    assert found[-1].is_last


def test_a_step_stands_for_half_a_step_before_its_beginning_to_half_a_step_after():
    june, july = dt.date(2025, 6, 1), dt.date(2025, 7, 1)
    # steps begin on 10, 17 and 24 June and on 1 July
    assert parts(7, 28) == [
        [(june, 3.5, False)], [(june, 7.0, False)], [(june, 7.0, False)],
        [(june, 3.5, True), (july, 7.0, True)],
    ]  # fmt: skip


def test_months_have_their_days_in_leap_years_too():
    assert [length(dt.date(2024, month, 1)) for month in (2, 4, 12)] == [29, 30, 31]
    assert next_month(dt.date(2024, 12, 1)) == dt.date(2025, 1, 1)
