"""The prior of failure_exit is what precedents say, and they say what they should."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from experiments.precedents import CASES, NEW, learnt, page

REPO = Path(__file__).resolve().parents[2]
FOUND = learnt(pd.read_csv(CASES))


def test_the_calibration_uses_what_was_learnt():
    design = yaml.safe_load((REPO / "conf/design/calibration_russia_2025.yaml").read_text())
    prior = design["factors"]["behaviour.failure_exit"]
    assert (prior["shape"], prior["scale"]) == ("bell", "log")
    assert [prior["low"], prior["high"]] == pytest.approx(FOUND.bell, rel=0.02)


def test_the_page_is_what_the_command_prints():
    assert (REPO / "docs/precedents.md").read_text() == page(pd.read_csv(CASES), FOUND)


def test_a_case_that_hardly_failed_says_hardly_anything():
    """Of Telegram in 2018 the law is that of any new case, within a quarter."""
    (telegram,) = (name for name in FOUND.of_case.index if "2018" in name)
    there, new = FOUND.of_case.loc[telegram], FOUND.of_case.loc[NEW]
    assert there["median"] == pytest.approx(new["median"], rel=0.25)


def test_many_equal_cases_tell_the_value_they_have_in_common():
    """With half leaving at the default rate of exit, a fall of s rho rf (1 - q) t tells rf."""
    rf, rho, days, failing = 6.0, 0.0117, 30, 0.9
    fall = 0.56 * rho * rf * failing * days  # .56: the geometric middle of what may leave
    case = {"before": 1.0, "after": np.exp(-fall), "days": days,
            "failing_low": failing, "failing_high": failing}  # fmt: skip
    many = pd.DataFrame([{"case": str(k), **case} for k in range(6)])
    found = learnt(many).of_case
    assert found.loc["0", "median"] == pytest.approx(rf, rel=0.35)
    alone, six = learnt(many[:1]).of_case.loc[NEW], found.loc[NEW]
    assert np.log(six["high"] / six["low"]) < np.log(alone["high"] / alone["low"])
