"""The record experiment prints every observed point, and says which are missed."""

import re
import shlex
import shutil
from contextlib import redirect_stdout
from io import StringIO

import pytest

from experiments import cases, decompose, patterns, record, reversal, scenarios
from experiments.record import main
from sim import load_config
from sim.base.exit_codes import REFUSED
from sim.config.conf import CASES
from sim.observation.observed import observations, period_of


@pytest.fixture(scope="module")
def page() -> str:
    out = StringIO()
    with redirect_stdout(out):
        main(["population.n_users=2000", "replications=2"])
    return out.getvalue()


def test_every_observed_point_of_the_period_has_its_line(page):
    points = observations(load_config())
    within = points[points["date"].between("2025-06-01", "2026-05-01")]
    parts = page.split("Root mean square")[0].split("Shown, not to be fitted")
    for part, use in zip(parts, ("fit", "show"), strict=True):
        lines = re.findall(r"^\| (?:\d+ )?\w{3} 20\d\d .*$", part, re.M)
        assert len(lines) == (within["use"] == use).sum() > 30
    assert f"{len(points) - len(within)} of {len(points)} figures lie outside the run" in page


def test_a_point_further_off_than_three_points_is_called_missed(page):
    fitted = page.split("Shown, not to be fitted")[0]
    reach = re.findall(r"^\| \w{3} 20\d\d \| \w+ \| (?:monthly|daily) \|.*$", fitted, re.M)
    assert len(reach) > 25
    for line in reach:
        error = float(re.search(r"\| ([+-][\d.]+) \|", line)[1])
        if abs(error) != 3.0:  # rounded to one digit, 3.0 may lie on either side
            assert ("missed" in line) == (abs(error) > 3)


@pytest.mark.parametrize("page", [cases, decompose, patterns, record, reversal, scenarios])
def test_a_refused_override_ends_with_its_reason(page, capsys):
    with pytest.raises(SystemExit) as end:
        page.main(["+typo=1"])
    told = capsys.readouterr()
    assert end.value.code == REFUSED
    assert "typo=1: unknown key" in told.err
    assert not told.out


def test_the_command_can_be_given_to_a_shell(tmp_path, capsys):
    mine = shutil.copytree(CASES / "uae_calls", tmp_path / "a case, too")
    main([f"case_dir={mine}", "population.n_users=300", "replications=1"])
    page = capsys.readouterr().out
    command = re.search(r"Made by `(.*?)`", page)[1]
    assert shlex.split(command)[3:] == [
        f"case_dir={mine}", "population.n_users=300", "replications=1",
    ]  # fmt: skip
    assert page.endswith("No figure is scored; docs/cases.md says which would be.\n")


def test_the_score_stands_beside_that_of_persistence(page):
    score, still = re.findall(r"an error of ([\d.]+) points; .*, ([\d.]+)\.$", page, re.M)[0]
    assert 0 < float(score) < float(still)


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2025-10", "Oct 2025"),
        ("2025-Q4", "Q4 2025"),
        ("2025", "2025"),
        ("2025-W02", "week of 6 Jan 2025"),
        ("2025-05-26", "26 May 2025"),
    ],
)
def test_a_period_is_said_as_it_was_measured(date, said):
    assert record.when(period_of(date)) == said
