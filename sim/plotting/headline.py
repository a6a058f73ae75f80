"""The first figure of a report: daily reach over time, once wide and once for a phone."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from sim.plotting.drawing import (
    MID_MONTH,
    NORMAL,
    WIDTH,
    days,
    draw_dashed,
    draw_lines,
    draw_observed,
    label_ends,
    mark_events,
    new_figure,
    panel,
    time_axis,
    within,
)
from sim.plotting.layout import bands, midway, select
from sim.plotting.palette import INK, Looks, looks_in
from sim.plotting.runs import APART


class Paper(NamedTuple):
    """Sizes of a drawing, in inches."""

    width: float
    height: float
    left: float
    right: float
    above: float  # of the panel: room for the labels of events; none: they are only marked


WIDE = Paper(WIDTH, 4.6, 0.55, 1.35, 1.2)
PHONE = Paper(3.3, 3.4, 0.35, 0.95, 0.0)  # shown at 358 pixels, its smallest text has 11


def headline(
    timeseries: pd.DataFrame,
    scenarios: tuple[str, ...],
    observed: pd.DataFrame,
    events: pd.DataFrame,
    looks: Looks,
    paper: Paper,
) -> Figure:
    """Draw the daily reach of every platform, with its counterfactual dashed.

    Parameters
    ----------
    timeseries : DataFrame
        The run's tidy table; group `all`, measure `dau` are drawn.
    scenarios : tuple of str
        The scenario, then its first counterfactual, if any.
    observed : DataFrame, as of `sim.observation.observed.observed_reach`, with a column apart
    events : DataFrame, as of `sim.observation.events.events`
    looks : mapping of Look
        Of the platforms.
    paper : Paper
        `WIDE` or `PHONE`.
    """
    rows = select(timeseries, group="all", channel="any", measure="dau")
    mine = select(rows, scenario=scenarios[0])
    figure = new_figure("", paper.height, paper.width)
    room = paper.above if len(events) else 0.0
    axes = panel(
        figure, 0.5, paper.height - 0.6 - room, paper.left, paper.width - paper.left - paper.right
    )
    lines = bands(midway(mine), "platform")
    ends = draw_lines(axes, lines, looks_in(lines, looks), 100.0)
    for other in scenarios[1:2]:
        draw_dashed(axes, bands(midway(select(rows, scenario=other)), "platform"), looks)
    time_axis(axes, mine["date"].min(), midway(mine)["date"].max())
    seen = observed[observed["measure"] == "dau"]
    draw_observed(axes, seen, looks)
    axes.set_ylim(bottom=0.0)
    label_ends(axes, ends)
    if room:
        axes.set_ylabel("% of people who open it daily", fontsize=NORMAL)
        mark_events((axes,), events)
    else:
        for when in days(events["date"])[within(axes, events["date"]) & ~events["apart"]]:
            axes.axvline(when, color=INK, linewidth=0.6, linestyle=":", zorder=0.5)
    names = ", ".join(look.label for look in looks_in(lines, looks).values())
    other = f" Dashed: {scenarios[1]}." if scenarios[1:] else ""
    seen_too = " Markers: observed." if within(axes, seen["date"] + MID_MONTH).any() else ""
    apart = f" {APART}" if seen["apart"].any() or events["apart"].any() else ""
    figure.set_label(f"Share of people who open {names} on a day.{other}{seen_too}{apart}")
    return figure
