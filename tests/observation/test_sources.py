"""Errors of figures by who measured them, and which ages a base is of."""

import numpy as np
import pytest

from sim.observation.operators import base_problem
from sim.observation.sources import GRADES, SAMPLE, error_of_change, error_of_share


def test_a_poll_errs_by_a_sample_of_its_size_and_by_its_wording():
    """Of 600 respondents half say yes: sd .0204, a design effect of 1.5 makes it .025."""
    assert error_of_share("poll", 0.5, 600.0, 0.0) == pytest.approx(0.025)
    assert error_of_share("poll", 0.5, 600.0, 6.0) == pytest.approx(0.065)
    assert error_of_share("poll", 0.2, 600.0, 0.0) == pytest.approx(0.02)
    assert error_of_share("poll", 0.0, 600.0, 5.0) == pytest.approx(0.05)
    told_nothing = error_of_share("poll", 0.3, np.nan, 5.0)
    assert told_nothing == error_of_share("poll", 0.3, float(SAMPLE), 5.0)


@pytest.mark.parametrize("quality", [name for name in GRADES if name != "poll"])
def test_who_measures_errs_by_its_grade_whatever_the_share(quality):
    for value in (0.0, 0.5):
        assert error_of_share(quality, value, np.nan, 20.0) == GRADES[quality].level / 100
    assert error_of_change(quality) == GRADES[quality].change / 100


@pytest.mark.parametrize("base", ["12+", "18+", "18-65", "12-17", "online 12-13", "online 18+"])
def test_a_base_is_ages_or_those_of_them_online(base):
    assert base_problem(base, "monthly_reach") is None


@pytest.mark.parametrize("base", ["11+", "18", "18-18", "30-20", "online", "cities", "18-65 ", ""])
def test_what_is_no_range_of_ages_is_no_base(base):
    assert "allowed: ages" in base_problem(base, "monthly_reach")
