"""Time a step against tie visits, both logarithmic, with the fitted slopes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.ticker import NullFormatter

from sim.plotting.drawing import DPI, SMALL, new_figure, note, panel
from sim.plotting.palette import INK

FEWEST = 3  # sizes that a slope is fitted to


class Line(NamedTuple):
    """One line of the figure and its slope, None with too few sizes."""

    label: str
    colour: str
    marker: str
    visits: list[float]
    seconds: list[float]

    @property
    def slope(self) -> float | None:
        """Return the slope of log time over log visits, 1 if time grows in proportion."""
        if len(self.visits) < FEWEST:
            return None
        return float(np.polyfit(np.log(self.visits), np.log(self.seconds), 1)[0])


def draw(results: pd.DataFrame, path: Path) -> list[Line]:
    """Draw the figure to `path`; return its lines."""
    measured = results[results["step_s"].notna()]
    looks = (
        ("W, random order", ("limits", "kernel", "random"), "#0072b2", "o"),
        ("W, local order", ("limits", "kernel", "local"), "#56b4e9", "s"),
        ("whole model", ("model", "whole model", "layered"), "#d55e00", "D"),
    )
    lines = []
    for label, (part, tool, order), colour, marker in looks:
        rows = measured[
            (measured["part"] == part) & (measured["tool"] == tool) & (measured["order"] == order)
        ]
        middle = rows.groupby("n_users")[["n_visits", "step_s"]].median()
        visits, seconds = middle["n_visits"].tolist(), middle["step_s"].tolist()
        lines.append(Line(label, colour, marker, visits, seconds))
    _plot(lines, path)
    return lines


def _plot(lines: list[Line], path: Path) -> None:
    figure = new_figure("Time a step grows with ties", 4.2)
    axes = panel(figure, bottom=0.85, height=2.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for line in lines:
        if not line.visits:
            continue
        slope = "" if line.slope is None else f", slope {line.slope:.2f}"
        axes.plot(
            line.visits, line.seconds, color=line.colour, marker=line.marker, linewidth=1.5,
            label=line.label + slope,
        )  # fmt: skip
    axes.legend(loc="upper left", frameon=False, fontsize=SMALL, labelcolor=INK)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("tie visits a step", fontsize=SMALL, color=INK)
    axes.set_ylabel("seconds a step", fontsize=SMALL, color=INK)
    note(figure, "Medians; all cores. W: a logit choice; whole model: all mechanisms.")
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
