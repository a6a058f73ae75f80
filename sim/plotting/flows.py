"""Moves between main apps: an alluvial diagram of two stacks of bars and ribbons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve

from sim.base.errors import ConfigError
from sim.plotting.drawing import DPI, NORMAL, POINTS, SMALL, WIDTH, new_figure, note
from sim.plotting.layout import select, spread
from sim.plotting.palette import INK, MUTED, PLATFORMS, Looks, darker, in_order, platform

HEIGHT = 6.0  # of the figure, inches
BAR = 0.025  # width of the bars, share of the axes
GAP = 0.03  # between the bars, share of the population
LEAST_FLOW = 0.003  # share of the population below which no ribbon is drawn
LISTED = 8  # moves listed next to the ribbons


class Ribbon(NamedTuple):
    """People moving between two bars; tops and height are shares, measured downwards."""

    source: str
    target: str
    left: float
    right: float
    height: float


def flows(
    flows: pd.DataFrame,
    scenario: str,
    counterfactual: str | None = None,
    looks: Looks = PLATFORMS,
) -> Figure:
    """Draw moves between primary platforms, from the start of the table to its end.

    Parameters
    ----------
    flows : DataFrame
        The run's table of flows, those who stay included.
    scenario : str
    counterfactual : str, optional
        A second scenario, whose moves are given with the largest ones: people come and go
        where nothing happens, too.
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.
    """
    rows = select(flows, scenario=scenario)
    matrix = primary_flows(rows, looks)
    there = (
        None if counterfactual is None else primary_flows(select(flows, scenario=counterfactual))
    )
    start, end = rows["from_date"].min(), rows["to_date"].max()
    title = f"Main app, {start:%d %b %Y} to {end:%d %b %Y}: {scenario}"
    figure = new_figure(title, HEIGHT)
    found = _draw_alluvial(figure, matrix, looks)
    moves = sorted((r for r in found if r.source != r.target), key=lambda r: -r.height)
    _list_moves(figure, moves, there, counterfactual, looks)
    small = sum(ribbon.height for ribbon in moves if ribbon.height < LEAST_FLOW)
    note(
        figure,
        "Main app: carries most of a person's communication; ordinary phone: uses no messenger. "
        "% of people aged 12+,\nmean over replications. Pale: stayed. "
        f"Moves below {LEAST_FLOW:.1%} (together {small:.1%}) are not drawn.",
    )
    largest = ", ".join(_move(move, there, looks) for move in moves[:3])
    in_other = "" if counterfactual is None else f" (in brackets: {counterfactual})"
    figure.set_label(f"Moves between main apps: {scenario}. The largest{in_other}: {largest}.")
    return figure


def primary_flows(flows: pd.DataFrame, looks: Looks = PLATFORMS) -> pd.DataFrame:
    """Return shares of moves from the start of the table to its end, mean over replications.

    The mean, not the median, because means of parts add up to the mean of the whole.

    Returns
    -------
    DataFrame, shape (n_platforms, n_platforms)
        Shares of the 12+ population; rows: primary platform at the start, columns: at the end.

    Raises
    ------
    ConfigError
        If the table holds only parts of the whole interval: moves do not add up over parts.
    """
    start, end = flows["from_date"].min(), flows["to_date"].max()
    rows = flows[(flows["from_date"] == start) & (flows["to_date"] == end)]
    if rows.empty:
        raise ConfigError(f"flows: no rows from {start:%Y-%m-%d} to {end:%Y-%m-%d}, only parts")
    matrix = rows.pivot_table(
        index="from_platform", columns="to_platform", values="share", aggfunc="sum", fill_value=0.0
    )
    names = in_order(set(matrix.index) | set(matrix.columns), looks)
    whole = matrix.reindex(index=names, columns=names, fill_value=0.0)
    return whole / rows["replication"].nunique()


def ribbons(matrix: pd.DataFrame) -> list[Ribbon]:
    """Return a ribbon for every pair of platforms, stacked within both bars without overlap."""
    left, right = bar_tops(matrix.sum(axis=1)), bar_tops(matrix.sum(axis=0))
    found = []
    for source in matrix.index:
        for target in matrix.columns:
            share = float(matrix.loc[source, target])
            found.append(Ribbon(source, target, left[source], right[target], share))
            left[source] += share
            right[target] += share
    return found


def bar_tops(shares: pd.Series) -> dict[str, float]:
    """Return the top of each bar, stacked downwards with gaps, in the order of `shares`."""
    heights = shares.to_numpy() + GAP
    tops = np.concatenate([[0.0], np.cumsum(heights)[:-1]])
    return dict(zip(map(str, shares.index), map(float, tops), strict=True))


def _draw_alluvial(figure: Figure, matrix: pd.DataFrame, looks: Looks) -> list[Ribbon]:
    """Draw both stacks of bars and the ribbons between them; return all, the thin ones too."""
    axes = figure.add_axes((1.5 / WIDTH, 0.6 / HEIGHT, 3.9 / WIDTH, 4.75 / HEIGHT))
    axes.set_axis_off()
    bottom = matrix.to_numpy().sum() + GAP * len(matrix)
    axes.set(xlim=(0.0, 1.0), ylim=(bottom, 0.0))
    found = ribbons(matrix)
    for ribbon in found:
        if ribbon.height >= LEAST_FLOW:
            _draw_ribbon(axes, ribbon, looks)
    _draw_bars(axes, matrix.sum(axis=1), "left", looks)
    _draw_bars(axes, matrix.sum(axis=0), "right", looks)
    return found


def _draw_ribbon(axes: Axes, ribbon: Ribbon, looks: Looks) -> None:
    """Draw a move as a bent ribbon from left to right, pale for people who stay."""
    a, b = BAR, 1.0 - BAR
    top, other = ribbon.left, ribbon.right
    down, under = top + ribbon.height, other + ribbon.height
    there = [(a, top), (0.5, top), (0.5, other), (b, other)]
    back = [(b, under), (0.5, under), (0.5, down), (a, down)]
    bend = [Curve.CURVE4] * 3
    codes = [Curve.MOVETO, *bend, Curve.LINETO, *bend, Curve.CLOSEPOLY]
    shape = Curve(np.array([*there, *back, there[0]]), codes)
    alpha = 0.15 if ribbon.source == ribbon.target else 0.6
    colour = platform(ribbon.source, looks).colour
    axes.add_patch(PathPatch(shape, facecolor=colour, alpha=alpha, linewidth=0))


def _draw_bars(axes: Axes, shares: pd.Series, side: str, looks: Looks) -> None:
    """Draw the bars of one side (`left` or `right`), with names and shares outside of them."""
    tops = bar_tops(shares)
    bottom = axes.get_ylim()[0]
    middles = [tops[str(name)] + share / 2 for name, share in shares.items()]
    gap = 1.3 * SMALL * bottom / (POINTS * axes.bbox.height / DPI)
    places = spread(middles, gap, 0.0, bottom)
    edge, outside, align = (0.0, -0.02, "right") if side == "left" else (1 - BAR, 1.02, "left")
    for (name, share), place in zip(shares.items(), places, strict=True):
        look = platform(str(name), looks)
        box = (edge, tops[str(name)])
        axes.add_patch(Rectangle(box, BAR, share, facecolor=look.colour, linewidth=0))
        text, colour = f"{look.label} {share:.1%}", darker(look.colour)
        axes.text(outside, place, text, ha=align, va="center", fontsize=SMALL, color=colour)


def _move(ribbon: Ribbon, there: pd.DataFrame | None, looks: Looks) -> str:
    """Return the share of a move, and that of the counterfactual in brackets."""
    source, target = (platform(name, looks).label for name in (ribbon.source, ribbon.target))
    names = f"{source} to {target}"
    if there is None:
        return f"{names} {ribbon.height:.1%}"
    known = ribbon.source in there.index and ribbon.target in there.columns
    other = float(there.loc[ribbon.source, ribbon.target]) if known else 0.0
    return f"{names} {ribbon.height:.1%} ({other:.1%})"


def _list_moves(
    figure: Figure,
    moves: Sequence[Ribbon],
    there: pd.DataFrame | None,
    counterfactual: str | None,
    looks: Looks,
) -> None:
    """List the largest moves next to the ribbons, as thin ones cannot carry labels."""
    left = 6.6 / WIDTH
    figure.text(left, 5.4 / HEIGHT, "Largest moves", fontsize=NORMAL, color=INK, fontweight="bold")
    if counterfactual is not None:
        text = f"In brackets: {counterfactual}"
        figure.text(0.2 / WIDTH, 5.52 / HEIGHT, text, fontsize=SMALL, color=MUTED)
    for place, ribbon in enumerate(moves[:LISTED]):
        if ribbon.height >= LEAST_FLOW:
            top = (4.95 - 0.2 * place) / HEIGHT
            figure.text(left, top, _move(ribbon, there, looks), fontsize=SMALL, color=MUTED)
