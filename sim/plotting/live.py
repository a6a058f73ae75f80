"""Narrow figures of a run in progress, legible on a phone too."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plotting.drawing import (
    NARROW,
    SMALL,
    days,
    draw_dashed,
    draw_lines,
    label_ends,
    mark_events,
    new_figure,
    note,
    panel,
    time_axis,
)
from sim.plotting.layout import bands, midway, select
from sim.plotting.palette import INK, MUTED, looks_in
from sim.plotting.palette import scenario as scenario_look
from sim.plotting.runs import harm_panels

Span = tuple[pd.Timestamp, pd.Timestamp]
LATEST = 10  # events that are named
LEFT, RIGHT = 0.5, 1.15  # inches, as below
LEAST_PERCENT, LEAST_UTILS = 10.0, 0.2  # that an axis covers
COLUMN, ROW = 2.35, 1.75  # of small panels


def reach_so_far(
    timeseries: pd.DataFrame, scenarios: Sequence[str], events: pd.DataFrame, span: Span
) -> Figure:
    """Draw the daily reach of every platform up to now, on the time axis of the whole run.

    Parameters
    ----------
    timeseries : DataFrame
        The tidy table so far; group `all`, measure `dau` are drawn.
    scenarios : sequence of str
        The scenario, then at most one other, dashed.
    events : DataFrame, columns date, label
        Those until now are marked, the latest ten by name.
    span : pair of Timestamp
        First and last day of the whole run.
    """
    rows = midway(select(timeseries, group="all", measure="dau"))
    lines = bands(select(rows, scenario=scenarios[0]), "platform")
    figure = new_figure("Who opens what on a day", 5.6, NARROW)
    axes = panel(figure, 0.85, 3.0, LEFT, NARROW - LEFT - RIGHT)
    ends = draw_lines(axes, lines, looks_in(lines), 100.0)
    for other in scenarios[1:]:
        draw_dashed(axes, bands(select(rows, scenario=other), "platform"))
    time_axis(axes, *span)
    axes.set_ylim(0.0, 100.0)
    axes.set_ylabel("daily reach, % of people aged 12+", fontsize=SMALL)
    label_ends(axes, ends)
    mark_events([axes], events[events["date"] <= rows["date"].max()].tail(LATEST))
    _mark_now(axes, rows["date"].max())
    note(figure, _which(scenarios) + "\nDotted: when a policy begins or ends, by its name.")
    shares = ", ".join(f"{look.label} {value:.0f}" for value, look in ends)
    figure.set_label(f"Daily reach in {scenarios[0]} up to now, % of people aged 12+: {shares}.")
    return figure


def costs_so_far(timeseries: pd.DataFrame, scenarios: Sequence[str], span: Span) -> Figure:
    """Draw the costs up to now: all measures of harm.

    Parameters
    ----------
    timeseries : DataFrame
        The tidy table so far; group `all`, platform `any` are drawn.
    scenarios : sequence of str
        The scenario, then at most one other, dashed.
    span : pair of Timestamp
        First and last day of the whole run.
    """
    panels = harm_panels(timeseries, scenarios)
    n_rows = (len(panels) + 1) // 2
    figure = new_figure("What it costs", 0.9 + (ROW + 0.25) * n_rows, NARROW)
    rows = select(timeseries, group="all", platform="any")
    now = midway(select(rows, measure="welfare"))["date"].max()
    looks = {name: scenario_look(name, place) for place, name in enumerate(scenarios)}
    for place, (measure, channel, title, unit, factor, floor, is_paired) in enumerate(panels):
        left = LEFT + place % 2 * COLUMN
        bottom = 0.8 + (ROW + 0.25) * (n_rows - 1 - place // 2)
        axes = panel(figure, bottom, ROW - 0.55, left, COLUMN - 0.55)
        drawn = select(rows, measure=measure, channel=channel)
        drawn = select(drawn, scenario=scenarios[0]) if is_paired else drawn
        lines = bands(midway(drawn), "scenario")
        draw_lines(axes, lines, {name: looks[name] for name in lines}, factor)
        time_axis(axes, *span)
        axes.set_title(f"{title}\n{unit}", fontsize=SMALL, loc="left", color=INK)
        _widen(axes, floor)
        _mark_now(axes, now)
    note(
        figure,
        _which(scenarios)
        + "\nWelfare: an index of what people can use, whether or not forced to.",
    )
    figure.set_label(
        "What goes by other means, who is worse off, ties without means, state reading and "
        f"welfare in {scenarios[0]}."
    )
    return figure


def _widen(axes: Axes, floor: float | None) -> None:
    """Keep small changes small: the axis covers 10 percent, or 0.2 of welfare, at least."""
    low, high = axes.get_ylim()
    if floor is None:
        middle, half = (low + high) / 2, max(high - low, LEAST_UTILS) / 2
        axes.set_ylim(middle - half, middle + half)
    else:
        axes.set_ylim(floor, max(high, LEAST_PERCENT))


def _mark_now(axes: Axes, now: pd.Timestamp) -> None:
    """Mark the present date of the run."""
    axes.axvline(float(days([now])[0]), color=MUTED, linewidth=0.8, zorder=0.6)


def _which(scenarios: Sequence[str]) -> str:
    """Say which line is which scenario."""
    other = "".join(f"; dashed: {name}" for name in scenarios[1:])
    return f"Solid: {scenarios[0]}{other}. Grey: now."
