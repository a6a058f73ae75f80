"""Figures of sweeps: tidy tables in, a matplotlib Figure out, as in sim.plotting.runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from sim.plotting.drawing import LEFT, NORMAL, SMALL, WIDTH, new_figure, note, panel
from sim.plotting.layout import limit
from sim.plotting.palette import ABOVE, ALONE, BELOW, CHANCE, FAINT, INK, MAP, MUTED, WHOLE, Look

ROW = 0.19  # between two parameters of a panel, inches
HIGH = 2.95  # of a row of maps, inches
MOST = 8  # parameters of a panel
APART = 0.17  # of two values of a parameter from the middle of its row, rows
LIMITS_NOTE = (
    "Left: each dot is a box, from all points (right) to the smallest; ringed: the one at the "
    "right.\nRight: what a point must satisfy to lie in that box; grey: the whole range. "
)


class Map(NamedTuple):
    """An outcome over two parameters: the value at each point of a grid.

    Attributes
    ----------
    table : DataFrame, index the vertical parameter's values, columns the horizontal one's
    """

    title: str
    unit: str
    table: pd.DataFrame


def screening(effects: pd.DataFrame) -> Figure:
    """Draw the largest elementary effects on each outcome, with confidence.

    Parameters
    ----------
    effects : DataFrame
        title, unit, parameter, mu_star, mu_star_conf; a panel a title, in order of appearance.
    """
    titles = list(dict.fromkeys(effects["title"]))
    figure, panels = _grid("What each parameter moves across its range", titles, MOST)
    for axes, title in zip(panels, titles, strict=True):
        rows = effects[effects["title"] == title].nlargest(MOST, "mu_star")
        _dots(axes, 0.0, rows["mu_star"], rows["mu_star_conf"], WHOLE)
        _name_rows(axes, rows["parameter"], MOST)
        axes.set_title(title, fontsize=NORMAL, loc="left", color=INK, x=-0.65)
        axes.set_xlabel(rows["unit"].iloc[0].replace("%", "points of %"), fontsize=SMALL)
        axes.set_xlim(left=0.0)
    note(
        figure,
        "Mean size of the change of an outcome when one parameter crosses its whole range (mu*, "
        f"Morris), 95 % interval; the {MOST} largest of each.",
    )
    figure.set_label(f"Largest elementary effects on {', '.join(titles)}.")
    return figure


def variances(indices: pd.DataFrame) -> Figure:
    """Draw Sobol' indices of each outcome, and the share of chance in its variance.

    Parameters
    ----------
    indices : DataFrame
        title, parameter, S1, S1_conf, ST, ST_conf, chance; a panel a title.
    """
    titles = list(dict.fromkeys(indices["title"]))
    n = indices["parameter"].nunique() + 1
    figure, panels = _grid("Sources of variance", titles, n)
    for axes, title in zip(panels, titles, strict=True):
        rows = indices[indices["title"] == title]
        _dots(axes, -APART, rows["ST"], rows["ST_conf"], WHOLE)
        _dots(axes, APART, rows["S1"], rows["S1_conf"], ALONE)
        share = rows["chance"].iloc[0]
        axes.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)
        axes.plot([share], [n - 1], CHANCE.marker, color=CHANCE.colour, markersize=5)
        _name_rows(axes, [*rows["parameter"], CHANCE.label], n)
        axes.set_title(title, fontsize=NORMAL, loc="left", color=INK, x=-0.65)
        axes.set_xlabel("share of the variance", fontsize=SMALL)
        axes.set_xlim(-0.1, 1.2)
        axes.set_xticks([0.0, 0.5, 1.0])
    note(
        figure,
        "Black, open: total index ST; orange: the parameter alone, S1; shares of the variance of "
        "means over replications, 95 % intervals.\nGrey: chance, the variance between "
        "replications of a point as a share of the whole variance.",
    )
    figure.set_label(f"Sobol' indices and the share of chance for {', '.join(titles)}.")
    return figure


def phase_maps(
    maps: Sequence[Map], below: pd.DataFrame, above: pd.DataFrame, level: float,
    labels: tuple[str, str], title: str,
) -> Figure:  # fmt: skip
    """Draw outcomes over two parameters, with the line where society tips on each.

    Parameters
    ----------
    maps : sequence of Map
        A panel each.
    below, above : DataFrame, as `Map.table`
        What tips, reached from below and from above.
    level : float
        Above it society has tipped, unit of `below`.
    labels : tuple of str
        Of the horizontal and the vertical axis, with units.
    """
    columns, n_rows = 3, -(-len(maps) // 3)
    figure = new_figure(title, 0.85 + HIGH * n_rows)
    wide = WIDTH / columns
    for place, one in enumerate(maps):
        bottom = 0.95 + HIGH * (n_rows - 1 - place // columns)
        axes = panel(figure, bottom, 1.95, 0.6 + wide * (place % columns), wide - 1.25)
        _colour(figure, axes, one)
        _line(axes, below, level, BELOW)
        _line(axes, above, level, ABOVE)
        axes.text(0.0, 1.12, one.title, transform=axes.transAxes, fontsize=NORMAL, color=INK)
        axes.text(0.0, 1.03, one.unit, transform=axes.transAxes, fontsize=SMALL, color=MUTED)
        axes.set_xlabel(labels[0], fontsize=SMALL)
        axes.set_ylabel(labels[1], fontsize=SMALL)
    note(
        figure,
        f"White, solid: where {level:.0f} % talk mostly where the state reads, from below; dashed:"
        " after a full block.\nWhere a line is missing, the whole map lies on one side of it.",
    )
    names = ", ".join(one.title for one in maps)
    figure.set_label(f"{names} over {labels[0]} and {labels[1]}.")
    return figure


class Found(NamedTuple):
    """A question and the box that answers it.

    Attributes
    ----------
    trajectory : DataFrame
        coverage, density, n_limits, chosen; a row a box.
    limits : DataFrame
        parameter, low, high, lowest, highest; a row a parameter that is limited.
    """

    question: str
    trajectory: pd.DataFrame
    limits: pd.DataFrame


def boxes(found: Sequence[Found]) -> Figure:
    """Draw for each question the trade-off of PRIM's boxes and the limits of the chosen one."""
    height = 2.9
    figure = new_figure("Under which conditions", 0.75 + height * len(found))
    for place, one in enumerate(reversed(found)):
        bottom = 1.0 + height * place
        left = panel(figure, bottom, height - 1.0, LEFT, 3.0)
        _trajectory(left, one.trajectory)
        left.set_title(one.question, fontsize=NORMAL, loc="left", color=INK)
        right = panel(figure, bottom, height - 1.0, 6.0, 1.9)
        _limits(right, one.limits)
    note(figure, LIMITS_NOTE + "Limits are written in the parameters' units.")
    figure.set_label(f"Boxes found by PRIM: {'; '.join(one.question for one in found)}.")
    return figure


def _grid(title: str, titles: Sequence[str], n_lines: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with a small panel for each title, three in a row."""
    columns, high = 3, ROW * (n_lines + 0.5)
    n_rows = -(-len(titles) // columns)
    figure = new_figure(title, 0.65 + (high + 0.75) * n_rows + 0.35)
    wide = WIDTH / columns

    def panels() -> Iterator[Axes]:
        for place in range(len(titles)):
            bottom = 0.95 + (high + 0.75) * (n_rows - 1 - place // columns)
            axes = panel(figure, bottom, high, 1.3 + wide * (place % columns), wide - 1.45)
            axes.grid(visible=False, axis="y")
            axes.grid(axis="x", color=FAINT, linewidth=0.6)
            yield axes

    return figure, list(panels())


def _dots(axes: Axes, below: float, values: pd.Series, spread: pd.Series, look: Look) -> None:
    """Draw values from top to bottom with their intervals, a bit below the middles of rows."""
    face = "white" if look is WHOLE else look.colour
    axes.errorbar(
        values, np.arange(len(values)) + below, xerr=spread, fmt=look.marker, color=look.colour,
        markerfacecolor=face, markersize=4.5 if look is WHOLE else 3.0, linewidth=0.9,
        markeredgewidth=0.9,
    )  # fmt: skip


def _name_rows(axes: Axes, names: Iterable[str], room: int) -> None:
    """Name the rows of a panel that has room for so many."""
    labels = list(names)
    axes.set_yticks(np.arange(len(labels)), labels, fontsize=SMALL)
    axes.set_ylim(room - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _colour(figure: Figure, axes: Axes, one: Map) -> None:
    x, y = one.table.columns.to_numpy(float), one.table.index.to_numpy(float)
    z = one.table.to_numpy(float)
    top = max(z.max(), z.min() + 1e-9)  # the scale of a flat map has a width too
    mesh: ScalarMappable = axes.pcolormesh(
        x, y, z, cmap=MAP, vmin=z.min(), vmax=top, shading="nearest"
    )
    axes.grid(visible=False)
    box = axes.get_position()
    bar = figure.colorbar(
        mesh, cax=figure.add_axes((box.x1 + 0.06 / WIDTH, box.y0, 0.09 / WIDTH, box.height))
    )
    bar.ax.tick_params(labelsize=SMALL, length=2, color=MUTED)
    bar.outline.set_visible(False)


def _line(axes: Axes, values: pd.DataFrame, level: float, look: Look) -> None:
    """Draw where the map crosses a level, if it does."""
    z = values.to_numpy()
    if z.min() < level < z.max():
        x, y = values.columns.to_numpy(float), values.index.to_numpy(float)
        axes.contour(x, y, z, [level], colors=INK, linewidths=2.6, linestyles="-")
        axes.contour(x, y, z, [level], colors=look.colour, linewidths=1.4, linestyles=look.line)


def _trajectory(axes: Axes, boxes: pd.DataFrame) -> None:
    most = max(1, int(boxes["n_limits"].max()))
    dots = axes.scatter(
        boxes["coverage"], boxes["density"], c=boxes["n_limits"], cmap=MAP, vmin=0, vmax=most,
        s=18, zorder=2,
    )  # fmt: skip
    chosen = boxes[boxes["chosen"]]
    axes.scatter(
        chosen["coverage"], chosen["density"], s=70, facecolors="none", edgecolors=INK, zorder=3
    )
    axes.set_xlabel("coverage: share of all cases that lie in the box", fontsize=SMALL)
    axes.set_ylabel("density: share of cases in the box", fontsize=SMALL)
    axes.set_xlim(-0.03, 1.05)
    axes.set_ylim(0.0, 1.05)
    ticks = range(0, most + 1, max(1, most // 4))
    bar = axes.figure.colorbar(dots, ax=axes, fraction=0.04, pad=0.03, ticks=ticks)
    bar.ax.tick_params(labelsize=SMALL, length=2)
    bar.ax.set_title("limits", fontsize=SMALL, color=MUTED)
    bar.outline.set_visible(False)


def _limits(axes: Axes, limits: pd.DataFrame) -> None:
    """Draw each limited range as a bar on the whole one."""
    whole = limits["highest"] - limits["lowest"]
    start = (limits["low"] - limits["lowest"]) / whole
    end = (limits["high"] - limits["lowest"]) / whole
    at = np.arange(len(limits))
    axes.hlines(at, 0.0, 1.0, color=FAINT, linewidth=5)
    axes.hlines(at, start, end, color=WHOLE.colour, linewidth=5)
    ends = limits[["low", "high", "lowest", "highest"]].to_numpy()
    for place, (low, high, lowest, highest) in zip(at, ends, strict=True):
        text = limit(low, high, lowest, highest)
        axes.text(1.05, float(place), text, va="center", fontsize=SMALL, color=INK)
    _name_rows(axes, limits["parameter"], max(len(limits), 6))
    axes.grid(visible=False)
    axes.set_xticks([0.0, 1.0], ["lowest", "highest"])
    axes.set_xlim(-0.02, 1.02)
