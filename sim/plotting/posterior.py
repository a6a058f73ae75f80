"""Figures of a calibration: tidy tables in, a matplotlib Figure out, as in sim.plotting.runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.base.units import REACHES
from sim.plotting.drawing import (
    LEFT,
    MID_MONTH,
    NORMAL,
    SMALL,
    WIDTH,
    days,
    new_figure,
    note,
    panel,
    time_axis,
)
from sim.plotting.palette import FAINT, INK, MUTED, in_order, platform

HIGH, APART = 1.75, 0.62  # of a panel and between two, inches
COLUMNS = 2
N_BINS = 12  # of a prior's range


def predictive(bands: pd.DataFrame, observed: pd.DataFrame, until: pd.Timestamp) -> Figure:
    """Draw posterior bands of reach with every observed point.

    Parameters
    ----------
    bands : DataFrame
        platform, measure (mau, dau), date (first day of the month), q05, q25, q50, q75, q95 [1].
    observed : DataFrame
        platform, measure, date, value [1], sd [1], period (what was fitted is drawn full).
    until : Timestamp
        The last day that was fitted; what comes after is shaded.
    """
    kinds = [
        (name, measure)
        for name in in_order(set(observed["platform"]) & set(bands["platform"]))
        for measure in REACHES
        if ((observed["platform"] == name) & (observed["measure"] == measure)).any()
    ]
    rows = -(-len(kinds) // COLUMNS)
    figure = new_figure(
        "What the posterior says, and what was observed", 1.0 + rows * (HIGH + APART)
    )
    wide = (WIDTH - 2 * LEFT) / COLUMNS
    for place, (name, measure) in enumerate(kinds):
        row, column = divmod(place, COLUMNS)
        bottom = 0.75 + (rows - 1 - row) * (HIGH + APART)
        axes = panel(figure, bottom, HIGH, LEFT + column * (wide + 0.4), wide - 0.15)
        mine, seen = (
            table[(table["platform"] == name) & (table["measure"] == measure)]
            for table in (bands, observed)
        )
        _reach(axes, mine, seen, until)
        axes.set_title(
            f"{platform(name).label}, {REACHES[measure]} reach, %", fontsize=NORMAL, loc="left"
        )
    note(
        figure,
        "Bands: 50 and 90 % over draws. Points: observed, bars one stated sd of the "
        "source; full: fitted, open: not.\nShaded: after the last month that was fitted.",
    )
    figure.set_label("Posterior bands of reach by month and platform, with observed points.")
    return figure


def _reach(axes: Axes, bands: pd.DataFrame, observed: pd.DataFrame, until: pd.Timestamp) -> None:
    look = platform(str(bands["platform"].iloc[0]))
    bands = bands.sort_values("date")
    at = days(bands["date"] + MID_MONTH)
    for low, high, alpha in (("q05", "q95", 0.2), ("q25", "q75", 0.35)):
        axes.fill_between(
            at, 100 * bands[low], 100 * bands[high], color=look.colour, alpha=alpha, linewidth=0
        )
    axes.plot(at, 100 * bands["q50"], color=look.colour, linewidth=1.3)
    for fitted, points in observed.groupby(observed["period"] == "fitted"):
        axes.errorbar(
            days(points["date"] + MID_MONTH), 100 * points["value"], 100 * points["sd"],
            linestyle="none", marker=look.marker, markersize=4.5, color=INK, elinewidth=0.7,
            markerfacecolor=INK if fitted else "white", zorder=4,
        )  # fmt: skip
    start, end = bands["date"].min(), bands["date"].max() + pd.Timedelta(days=31)
    time_axis(axes, start, end)
    if until < end:
        axes.axvspan(*days([until, end]), color=FAINT, alpha=0.6, zorder=0, linewidth=0)


def contraction(places: pd.DataFrame, ranges: pd.DataFrame) -> Figure:
    """Draw the posterior of each parameter over its prior, which is even.

    Parameters
    ----------
    places : DataFrame
        A row a draw, a column a parameter: the prior's probability of less, 0 to 1.
    ranges : DataFrame, index parameter
        low, high (as text, with units), ratio (posterior sd / prior sd).
    """
    columns = 4
    rows = -(-len(places.columns) // columns)
    high, apart = 0.95, 0.75
    figure = new_figure("What the data said of each parameter", 0.8 + rows * (high + apart))
    wide = (WIDTH - 0.6) / columns
    for place, name in enumerate(places.columns):
        row, column = divmod(place, columns)
        bottom = 0.75 + (rows - 1 - row) * (high + apart)
        axes = panel(figure, bottom, high, 0.3 + column * wide, wide - 0.3)
        count, edges = np.histogram(places[name], N_BINS, (0.0, 1.0))
        axes.stairs(
            count * N_BINS / len(places),
            edges,
            fill=True,
            color=platform("whatsapp").colour,
            alpha=0.6,
        )
        axes.axhline(1.0, color=MUTED, linewidth=1.0, linestyle="--")
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([0.0, 1.0], [ranges.loc[name, "low"], ranges.loc[name, "high"]])
        lowest, highest = axes.get_xticklabels()
        lowest.set_horizontalalignment("left")
        highest.set_horizontalalignment("right")
        axes.set_yticks([])
        axes.set_title(f"{name} ({ranges.loc[name, 'ratio']:.2f})", fontsize=SMALL, loc="left")
    note(
        figure,
        "Dashed: prior, between its ends by its own quantiles; bars: posterior. In brackets: "
        "posterior sd / prior sd.\nBelow .5 identified by the data, below .8 in part, else prior.",
    )
    figure.set_label("Posterior and prior of each parameter.")
    return figure
