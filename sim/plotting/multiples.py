"""Small multiples of several runs: a panel a measure, in each a line a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from sim.plotting.drawing import NORMAL, SMALL, WIDTH, draw_lines, new_figure, panel, time_axis
from sim.plotting.layout import band_note
from sim.plotting.palette import INK, MUTED, Look, scenario

HIGH, PITCH, BELOW = 1.05, 1.75, 0.6  # a panel, from row to row, below the last row [inches]
LINE = 0.17  # height of a line of text [inches]
LEAST = 1.0  # that an axis of shares covers, or it would magnify chance [%]


class Sheet(NamedTuple):
    """Width of a drawing in inches, its columns, and the characters of a line of text."""

    width: float
    columns: int
    characters: int


WIDE = Sheet(WIDTH, 4, 120)
PHONE = Sheet(3.3, 2, 42)  # shown at 358 pixels, its smallest text has 11


class Panel(NamedTuple):
    """A measure in all runs that have it."""

    title: str
    is_share: bool
    lines: Mapping[str, pd.DataFrame]  # by run: index date, columns low, median, high


def multiples(panels: Sequence[Panel], runs: Mapping[str, str], sheet: Sheet) -> Figure:
    """Draw a panel for each measure.

    Parameters
    ----------
    panels : sequence of Panel
    runs : mapping of str
        Titles of the runs by their short names, in their order.
    sheet : Sheet
        `WIDE` or `PHONE`.
    """
    looks = {name: scenario(name, place) for place, name in enumerate(runs)}
    labels = [fill(f"{name}: {title}", sheet.characters) for name, title in runs.items()]
    about = fill(band_note({k: v for one in panels for k, v in one.lines.items()}),
                 sheet.characters)  # fmt: skip
    n_rows = -(-len(panels) // sheet.columns)
    above = LINE * sum(label.count("\n") + 1 for label in labels) + 0.45
    below = BELOW + LINE * (about.count("\n") + 1)
    height = below + PITCH * (n_rows - 1) + HIGH + above
    figure = new_figure("", height, sheet.width)
    wide = (sheet.width - 0.1) / sheet.columns
    for place, one in enumerate(panels):
        row, column = divmod(place, sheet.columns)
        axes = panel(
            figure, below + PITCH * (n_rows - 1 - row), HIGH, 0.42 + wide * column, wide - 0.5
        )
        mine = {name: looks[name] for name in one.lines}
        draw_lines(axes, one.lines, mine, 100.0 if one.is_share else 1.0)
        dates = pd.DatetimeIndex([date for line in one.lines.values() for date in line.index])
        time_axis(axes, dates.min(), dates.max())
        if one.is_share:
            axes.set_ylim(0.0, max(LEAST, axes.get_ylim()[1]))
        axes.locator_params(axis="y", nbins=4)
        title = fill(f"{one.title}, %" if one.is_share else one.title, round(14 * (wide - 0.3)))
        axes.set_title(title, fontsize=NORMAL, loc="left", color=INK, x=-0.18 / (wide - 0.5))
    _legend(figure, labels, [looks[name] for name in runs])
    figure.text(0.1 / sheet.width, 0.1 / height, about, fontsize=SMALL, color=MUTED)
    measured = ", ".join(one.title for one in panels)
    figure.set_label(f"By month, {measured}, in: {'; '.join(map(str, runs.values()))}.")
    return figure


def _legend(figure: Figure, labels: Sequence[str], looks: Sequence[Look]) -> None:
    """Name the lines once for all panels."""
    axes = figure.axes[0]  # lines need axes to be drawn by; these are empty
    handles = [axes.plot([], [], look.line, color=look.colour, linewidth=1.7)[0] for look in looks]
    figure.legend(
        handles, labels, loc="upper left", frameon=False, fontsize=SMALL, handlelength=2.6,
        bbox_to_anchor=(0.05 / figure.get_figwidth(), 1.0), borderaxespad=0.0, labelspacing=0.3,
    )  # fmt: skip
