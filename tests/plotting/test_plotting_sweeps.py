"""Figures of sweeps can be drawn where there is little to draw."""

import numpy as np
import pandas as pd

from sim.plotting.files import save
from sim.plotting.sweeps import Found, Map, boxes, phase_maps, screening, variances

AXIS = [0.0, 0.5, 1.0]


def test_a_flat_map_is_drawn_without_lines(tmp_path):
    flat = pd.DataFrame(np.full((3, 3), 40.0), AXIS, AXIS)
    figure = phase_maps([Map("A", "%", flat)], flat, flat, 50.0, ("x, 1", "y, 1"), "Title")
    save(figure, tmp_path / "flat")
    assert (tmp_path / "flat.png").is_file()
    assert not figure.axes[0].get_lines()


def test_the_line_is_drawn_where_a_map_crosses_the_level():
    rising = pd.DataFrame(np.outer(np.ones(3), [10.0, 60.0, 90.0]), AXIS, AXIS)
    figure = phase_maps([Map("A", "%", rising)], rising, rising, 50.0, ("x, 1", "y, 1"), "Title")
    lines = figure.axes[0].collections[1:]  # behind the map itself
    ends = [path.vertices[:, 0].tolist() for line in lines for path in line.get_paths()]
    assert len(ends) == 4  # from below and above, each with its dark edge
    assert np.allclose(ends, 0.4)


def test_a_box_without_limits_is_drawn(tmp_path):
    trajectory = pd.DataFrame(
        {"coverage": [1.0], "density": [0.3], "n_limits": [0], "chosen": [True]}
    )
    limits = pd.DataFrame(columns=["parameter", "low", "high", "lowest", "highest"], dtype=float)
    save(boxes([Found("Why", trajectory, limits)]), tmp_path / "boxes")
    assert (tmp_path / "boxes.svg").is_file()


def test_a_panel_an_outcome_and_a_row_a_parameter():
    rows = pd.DataFrame(
        [(title, name, 1.0) for title in ("A", "B") for name in ("p", "q", "r")],
        columns=["title", "parameter", "mu_star"],
    ).assign(unit="%", mu_star_conf=0.1, S1=0.2, S1_conf=0.1, ST=0.3, ST_conf=0.1, chance=0.05)
    first, second = screening(rows), variances(rows)
    assert [axes.get_title(loc="left") for axes in first.axes] == ["A", "B"]
    labels = [label.get_text() for label in second.axes[0].get_yticklabels()]
    assert labels == ["p", "q", "r", "chance"]
    assert "A, B" in first.get_label()
