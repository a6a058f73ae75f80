"""The record experiment prints every observed point, and says which are missed."""

import re
from contextlib import redirect_stdout
from io import StringIO

import pytest

from experiments.record import main
from sim.observed import observed_reach


@pytest.fixture(scope="module")
def page() -> str:
    out = StringIO()
    with redirect_stdout(out):
        main(["population.n_users=2000", "replications=2"])
    return out.getvalue()


def test_every_observed_point_of_the_period_has_its_line(page):
    points = observed_reach("russia_2025")
    period = points[(points["date"] >= "2025-06-01") & (points["date"] <= "2026-02-28")]
    lines = re.findall(r"^\| \w{3} 20\d\d \| \w+ \| (?:monthly|daily) \|", page, re.M)
    assert len(lines) == len(period) > 30


def test_a_point_further_off_than_three_points_is_called_missed(page):
    for line in re.findall(r"^\| \w{3} 20\d\d .*$", page, re.M):
        error = float(re.search(r"\| ([+-][\d.]+) \|", line)[1])
        if abs(error) != 3.0:  # rounded to one digit, 3.0 may lie on either side
            assert ("missed" in line) == (abs(error) > 3)


def test_a_refused_override_ends_with_its_reason():
    with pytest.raises(SystemExit, match="unknown key"):
        main(["+typo=1"])
