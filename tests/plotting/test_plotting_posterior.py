"""Figures of a calibration show every point, and what was not fitted as such."""

import numpy as np
import pandas as pd

from sim.plotting.files import save
from sim.plotting.posterior import contraction, predictive

MONTHS = pd.date_range("2025-06-01", "2026-02-01", freq="MS")
UNTIL = pd.Timestamp("2025-12-31")


def bands():
    quantiles = {"q05": 0.5, "q25": 0.55, "q50": 0.6, "q75": 0.65, "q95": 0.7}
    rows = {"platform": "whatsapp", "measure": "mau", "date": MONTHS}
    return pd.concat(
        [pd.DataFrame(rows | quantiles), pd.DataFrame(rows | {"platform": "imo"} | quantiles)]
    )


def test_a_panel_for_what_was_observed_with_fitted_points_full(tmp_path):
    observed = pd.DataFrame({
        "platform": "whatsapp", "measure": "mau", "date": MONTHS[[0, 8]], "value": [0.6, 0.5],
        "sd": 0.02, "period": ["fitted", "held out"],
    })  # fmt: skip
    figure = predictive(bands(), observed, UNTIL)
    (axes,) = figure.axes  # nothing was observed of imo
    assert "WhatsApp" in axes.get_title(loc="left")
    faces = {line.get_markerfacecolor() for line in axes.get_lines() if line.get_marker() == "o"}
    assert "white" in faces
    assert len(faces) == 2
    save(figure, tmp_path / "reach")
    assert (tmp_path / "reach.png").is_file()


def test_a_posterior_equal_to_its_prior_is_flat():
    places = pd.DataFrame({"a": (np.arange(1200) + 0.5) / 1200, "b": 0.5})
    ranges = pd.DataFrame({"low": ["0", "1"], "high": ["2", "3"], "ratio": [1.0, 0.0]}, ["a", "b"])
    figure = contraction(places, ranges)
    flat, peaked = (axes.patches[0].get_data()[0] for axes in figure.axes)
    assert np.allclose(flat, 1.0)
    assert np.isclose(peaked.max(), 12.0)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a (1.00)", "b (0.00)"]
