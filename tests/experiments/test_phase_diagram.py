"""The phase diagram: sides of the grid, the tipping line, the two branches, the page."""

import numpy as np
import pandas as pd
import pytest

from experiments import phase_diagram
from experiments.hysteresis import GRADE, Branches, critical_point
from experiments.phase_diagram import request


def test_the_line_lies_between_grid_points():
    assert critical_point(pd.Series({0.0: 40.0, 1.0: 60.0, 2.0: 90.0})) == pytest.approx(0.5)


def test_the_line_of_a_map_that_lies_on_one_side():
    assert np.isnan(critical_point(pd.Series({0.0: 10.0, 1.0: 50.0})))
    assert critical_point(pd.Series({0.5: 70.0, 1.0: 90.0})) == 0.5


def test_two_branches_split_where_they_end_on_different_sides_of_half():
    below = pd.DataFrame([[10.0, 40.0, 80.0]])
    found = Branches(below, below + 20.0)
    assert found.split.to_numpy().tolist() == [[False, True, False]]
    assert (found.gap == 20.0).all(axis=None)


def test_any_two_parameters_can_be_its_sides():
    asked = request(["x=behaviour.network_value:1:4:5", "design.replications=3"]).design
    x, y, history = asked.factors
    assert (x, y, history) == (
        "behaviour.network_value", "behaviour.mandate_value", GRADE,
    )  # fmt: skip
    assert asked.factors[x].grid() == pytest.approx([1, 1.75, 2.5, 3.25, 4])
    assert asked.replications == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x=behaviour.network_value:1:4"], "allowed: KEY:LOW:HIGH:N"),
        (["x=behaviour.network_value:one:4:5"], "allowed: KEY:LOW:HIGH:N"),
        (["x=behaviour.mandate_value:1:4:5"], "x and y are both"),
        (["x=behaviour.network_value:4:1:5"], "must be below"),
        (["x=behaviour.nonsense:1:4:5"], "nonsense"),
        (["y=policies.nothing.grade:0:1:5"], "no policy nothing"),
    ],
)
def test_a_side_that_makes_no_sense_is_refused_before_any_run(arguments, told, tmp_path, capsys):
    with pytest.raises(SystemExit):
        phase_diagram.main([*arguments, f"folder={tmp_path / 'study'}"])
    assert told in capsys.readouterr().err
    assert not (tmp_path / "study/sweep").exists()


@pytest.mark.slow
def test_the_command_leaves_a_page(tmp_path):
    folder = tmp_path / "study"
    phase_diagram.main(["--quick", f"folder={folder}", "executor=serial"])
    page = (folder / "phase_diagram.md").read_text()
    assert "36 runs" in page
    for word in ("Exposure", "Displaced", "No means", "Welfare", "different sides"):
        assert word in page
    assert (folder / "figures/phase_diagram.png").is_file()
    points = pd.read_csv(folder / "points.csv")
    history = points.pivot_table("state_primary", "point", GRADE)
    assert len(points) == 36
    assert history.shape == (18, 2)
    free = points[(points["policies.both_blocked.grade"] == 0) & (points[GRADE] == 0)]
    assert (free["state_primary"] < 50).all()  # nothing blocked, nothing tips
