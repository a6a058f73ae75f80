"""Elements that all figures share: panels, bands, labels at line ends, dates, events.

Object interface only: every property is set where it is drawn, none globally.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from sim.plotting.layout import spread
from sim.plotting.palette import FAINT, INK, MUTED, PALE, PLATFORMS, Look, Looks, darker, platform

DPI = 150
WIDTH = 9.0  # inches, as all lengths below
NARROW = 5.0  # of figures that have to be read on a phone
LEFT, RIGHT = 0.75, 1.55
POINTS = 72.0  # an inch
TICKS_AN_INCH = 2.3
SMALL, NORMAL, LARGE = 7.5, 8.5, 11.0  # font sizes, points
MID_MONTH = pd.Timedelta(days=14)  # a month's value is drawn in its middle
TILT = 38.0  # of the events' labels, degrees
ALONE: dict[str, Any] = {"marker": "_", "markersize": 14}  # of a line of one point, else unseen
End = tuple[float, Look]


class PlainFigure(Figure):
    """A figure that prints ``$`` as it is: names in a case are no formulas.

    The powers of ten along a logarithmic axis are, and stay so.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure."""
        axes_of = [axis for axes in self.axes for axis in (axes.xaxis, axes.yaxis)]
        powers = {t for axis in axes_of if axis.get_scale() == "log" for t in axis.findobj(Text)}
        for text in {*self.findobj(Text)} - powers:
            text.set_parse_math(False)
        super().draw(renderer)


def new_figure(title: str, height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure with its title, `height` and `width` in inches."""
    figure = PlainFigure(figsize=(width, height), dpi=DPI, facecolor="white")
    top = 1.0 - 0.28 / height
    figure.text(0.2 / width, top, title, fontsize=LARGE, fontweight="bold", color=INK)
    return figure


def panel(
    figure: Figure, bottom: float, height: float, left: float = LEFT, width: float | None = None
) -> Axes:
    """Add axes at a place in inches, with room for labels to the right of them."""
    across, whole = figure.get_figwidth(), figure.get_figheight()
    wide = across - LEFT - RIGHT if width is None else width
    axes = figure.add_axes((left / across, bottom / whole, wide / across, height / whole))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(labelsize=SMALL, labelcolor=INK, color=MUTED, length=3)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def note(figure: Figure, text: str) -> None:
    """Write how to read the figure along its lower edge."""
    left, bottom = 0.2 / figure.get_figwidth(), 0.12 / figure.get_figheight()
    figure.text(left, bottom, text, fontsize=SMALL, color=MUTED)


def days(dates: Iterable[pd.Timestamp]) -> NDArray[np.float64]:
    """Return dates as days since 1970, shape (n,)."""
    seconds = pd.DatetimeIndex(list(dates)).to_numpy().astype("datetime64[s]")
    return np.asarray(seconds.astype(np.int64) / 86400.0)


def draw_lines(
    axes: Axes, lines: Mapping[str, pd.DataFrame], looks: Mapping[str, Look], factor: float
) -> list[End]:
    """Draw each line's median and band, in the order of `looks`; return where each line ends.

    Parameters
    ----------
    axes : Axes
    lines : mapping of DataFrame, index date, columns low, median, high
    looks : mapping of Look
    factor : float
        From the table's unit to that of the axis.
    """
    ends = []
    for name, look in looks.items():
        line = lines[name]
        at, median = days(line.index), factor * line["median"].to_numpy()
        low, high = factor * line["low"].to_numpy(), factor * line["high"].to_numpy()
        axes.fill_between(at, low, high, color=look.colour, alpha=0.2, linewidth=0, label=name)
        mark = ALONE if len(at) == 1 else {}
        axes.plot(at, median, look.line, color=look.colour, linewidth=1.7, label=name, **mark)
        ends.append((float(median[-1]), look))
    return ends


def draw_dashed(axes: Axes, lines: Mapping[str, pd.DataFrame], looks: Looks = PLATFORMS) -> None:
    """Draw the medians of platforms in another scenario, in percent of the population."""
    for name, line in lines.items():
        at, median = days(line.index), 100.0 * line["median"].to_numpy()
        mark = ALONE if len(at) == 1 else {}
        colour = platform(name, looks).colour
        axes.plot(at, median, "--", color=colour, linewidth=0.9, **mark)


def within(axes: Axes, dates: Iterable[pd.Timestamp]) -> NDArray[np.bool_]:
    """Return which dates lie in the time that the axis shows."""
    low, high = axes.get_xlim()
    at = days(dates)
    return np.asarray((at >= low) & (at <= high))


def draw_observed(axes: Axes, observed: pd.DataFrame, looks: Looks) -> None:
    """Mark the observed points in the middle of their months, as far as the axis goes.

    Those of another world (column `apart`) are pale.
    """
    for (name, quality, apart), points in observed.groupby(["platform", "quality", "apart"]):
        at = days(points["date"] + MID_MONTH)
        inside = within(axes, points["date"] + MID_MONTH)
        look = platform(name, looks)
        face, edge = (look.colour, "white") if quality != "company" else ("white", look.colour)
        axes.plot(
            at[inside],
            100.0 * points["value"].to_numpy()[inside],
            linestyle="none",
            marker=look.marker,
            markersize=6.5,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=0.9,
            alpha=0.4 if apart else 1.0,
            zorder=4,
            label=f"observed {name}",
        )


def label_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Name the lines at their right ends, moved apart and joined to the line where they must.

    The limits of the axes must be final, because the room that a label takes depends on them.
    """
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    n_lines = max((look.label.count("\n") + 1 for _, look in ends), default=1)
    gap = 1.3 * n_lines * SMALL * (high - low) / (POINTS * axes.bbox.height / DPI)
    places = spread([value for value, _ in ends], gap, low, high)
    side = axes.get_yaxis_transform()
    inch = DPI / axes.bbox.width
    for (value, look), place in zip(ends, places, strict=True):
        reach = [1.0 + 0.02 * inch, 1.0 + 0.14 * inch]
        axes.plot(reach, [value, place], color=look.colour, lw=0.8, transform=side, clip_on=False)
        axes.text(
            1.0 + 0.18 * inch,
            float(place),
            look.label,
            transform=side,
            va="center",
            fontsize=SMALL,
            color=darker(look.colour),
        )


def time_axis(axes: Axes, start: pd.Timestamp, end: pd.Timestamp) -> None:
    """Limit the axis to the run and mark months (weeks in short runs), with the year at first."""
    end = max(end, start + pd.Timedelta(days=1))  # a run of a single step has a width too
    axes.set_xlim(*days([start, end]))
    most = TICKS_AN_INCH * axes.bbox.width / DPI
    months = ticks = pd.date_range(start, end, freq="MS")
    if len(months) < 3:
        ticks = pd.date_range(start, end, freq="7D")
    for every in (2, 3, 6, 12):
        if len(ticks) > most:
            ticks = months[(months.month - 1) % every == 0]
    texts = [f"{tick:%b}" if tick.day == 1 else f"{tick.day} {tick:%b}" for tick in ticks]
    for place, tick in enumerate(ticks):
        if place == 0 or tick.year != ticks[place - 1].year:
            texts[place] += f"\n{tick.year}"
    axes.set_xticks(days(ticks), texts)


def mark_events(panels: Sequence[Axes], events: pd.DataFrame) -> None:
    """Draw a thin line at each event in all panels, with tilted labels above the first.

    Labels of close events are moved apart and joined to their lines. Events of the scenario are
    dark, those of another world (column `apart`) pale.
    """
    top = panels[0]
    low, high = top.get_xlim()
    inside = within(top, events["date"])
    at, labels = days(events["date"])[inside], events["label"][inside]
    gap = 1.15 * SMALL / np.sin(np.radians(TILT))
    gap *= (high - low) / (POINTS * top.bbox.width / DPI)
    places = spread(list(at), gap, low, high)
    above = top.get_xaxis_transform()
    tones = [PALE if apart else INK for apart in events["apart"][inside]]
    for when, place, text, tone in zip(at, places, labels, tones, strict=True):
        for axes in panels:
            axes.axvline(when, color=tone, linewidth=0.6, linestyle=":", zorder=0.5)
        top.plot([when, place], [1.0, 1.05], color=tone, lw=0.6, transform=above, clip_on=False)
        top.text(
            float(place),
            1.06,
            text,
            transform=above,
            rotation=TILT,
            rotation_mode="anchor",
            va="bottom",
            fontsize=SMALL,
            color=tone,
        )
