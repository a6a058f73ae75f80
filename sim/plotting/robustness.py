"""Figures of robustness: tidy tables in, a matplotlib Figure out, as in sim.plotting.runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plotting.drawing import NORMAL, SMALL, WIDTH, new_figure, note, panel
from sim.plotting.palette import ALONE, FAINT, INK, MUTED, WHOLE, Look, darker

ROW = 0.17  # between two choices, inches
NAMES, GAP = 1.75, 0.13  # room for the names of choices, and between columns, inches
TILTED = 24.0  # of columns' titles, degrees
BELOW, ABOVE = 0.75, 1.25  # a forest, inches
MARGIN = 0.08  # of a column's width, on either side of its values
PANEL = 1.6  # of the size study, inches
ASIDE = 1.12  # between outcomes of one number of users, a ratio
WIDE = 1.96  # half a 95 % interval, standard errors


class Column(NamedTuple):
    """An outcome of a forest plot."""

    outcome: str
    label: str
    unit: str


def forest(effects: pd.DataFrame, columns: Sequence[Column], factor: float, title: str) -> Figure:
    """Draw an effect under every choice and under the default, a column an outcome.

    Parameters
    ----------
    effects : DataFrame
        choice, outcome, low, median, high, missed; the default's rows come first.
    columns : sequence of Column
    factor : float
        Within it of the default's effect, a size holds; the range is shaded.
    title : str
    """
    choices = list(dict.fromkeys(effects["choice"]))
    high = ROW * len(choices)
    figure = new_figure(title, BELOW + high + ABOVE)
    wide = (WIDTH - NAMES - 0.1) / len(columns)
    for place, column in enumerate(columns):
        axes = panel(figure, BELOW, high, NAMES + wide * place, wide - GAP)
        rows = effects[effects["outcome"] == column.outcome].set_index("choice").loc[choices]
        _effects(axes, rows, factor)
        axes.set_yticks(np.arange(len(choices)), choices if place == 0 else [], fontsize=SMALL)
        axes.set_ylim(len(choices) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.text(
            0.0, 1.02, column.label, transform=axes.transAxes, rotation=TILTED,
            rotation_mode="anchor", fontsize=SMALL, color=INK,
        )  # fmt: skip
        axes.set_xlabel(column.unit, fontsize=SMALL)
    note(
        figure,
        "Median and 90 % band over replications; line: the default's effect; shaded: within a "
        f"factor of {factor:g} of it. Orange diamonds: the effect does not hold there.",
    )
    names = ", ".join(column.label for column in columns)
    figure.set_label(f"{title}, under {len(choices)} choices of the modeller: {names}.")
    return figure


def _effects(axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    """Draw one outcome's effects from top to bottom, those that do not hold in orange."""
    default = float(rows["median"].iloc[0])
    axes.axvspan(*sorted((default / factor, default * factor)), color=FAINT, linewidth=0)
    axes.axvline(default, color=MUTED, linewidth=0.8)
    axes.axvline(0.0, color=MUTED, linewidth=0.8, linestyle=":")
    axes.grid(visible=False)
    at = np.arange(len(rows))
    missed = rows["missed"].to_numpy(bool)
    for chosen, look, marker in ((~missed, WHOLE, "o"), (missed, ALONE, "D")):
        some = rows[chosen]
        spread = [some["median"] - some["low"], some["high"] - some["median"]]
        axes.errorbar(
            some["median"], at[chosen], xerr=spread, fmt=marker, color=look.colour,
            markersize=3.5, linewidth=0.9,
        )  # fmt: skip
    shown = [*rows["low"], *rows["high"], 0.0, default]
    span = max(shown) - min(shown)
    room = MARGIN * span if span else 1.0
    axes.set_xlim(min(shown) - room, max(shown) + room)
    axes.locator_params(axis="x", nbins=2)
    axes.xaxis.set_major_formatter("{x:g}")  # two numbers are side by side: 0, not 0.00


def size_study(
    sizes: pd.DataFrame, costs: pd.DataFrame, effects: Mapping[str, str], looks: Mapping[str, Look]
) -> Figure:
    """Draw spread and bias of effects, and the cost of a run, against the number of users.

    Parameters
    ----------
    sizes : DataFrame
        n, effect, outcome, sd, bias, bias_error [points].
    costs : DataFrame
        n, run, start [s].
    effects : mapping of str
        Titles of effects by name: a column of panels each.
    looks : mapping of Look
        Of the outcomes that are drawn.
    """
    rows = [0.85 + place * (PANEL + 0.75) for place in (2, 1, 0)]  # bottoms, inches
    figure = new_figure("How many users are enough", rows[0] + PANEL + 0.85)
    wide = WIDTH / len(effects)
    for place, (name, label) in enumerate(effects.items()):
        chosen = sizes[sizes["effect"] == name]
        upper, lower = (
            panel(figure, bottom, PANEL, 0.6 + wide * place, wide - 0.75) for bottom in rows[:2]
        )
        _spreads(upper, chosen, looks)
        _biases(lower, chosen, looks)
        upper.set_title(label, fontsize=SMALL, loc="left", color=INK)
        if place == 0:
            upper.set_ylabel("sd of the effect, points", fontsize=SMALL)
            lower.set_ylabel("bias, points", fontsize=SMALL)
    _seconds(panel(figure, rows[2], PANEL, 0.6, 2 * wide - 0.75), costs)
    _name_lines(figure, looks, 0.6 + 2 * wide, rows[2] + PANEL)
    note(
        figure,
        "Above: sd of one run of one society, dotted: as n^-1/2. Middle: mean less that of the "
        "largest n, 95 % interval.\nBelow: seconds by the clock of a run (solid) and of the start "
        "that runs share (dashed).",
    )
    named = ", ".join(look.label for look in looks.values())
    figure.set_label(f"Spread and bias of effects on {named}, and seconds, by number of users.")
    return figure


def _spreads(axes: Axes, sizes: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, look in looks.items():
        rows = sizes[(sizes["outcome"] == name) & (sizes["sd"] > 0)]
        axes.plot(
            rows["n"], rows["sd"], look.marker + "-", color=look.colour, markersize=3, linewidth=1
        )
    n = np.array([sizes["n"].min(), sizes["n"].max()], float)
    top = sizes.loc[(sizes["n"] == n[0]) & sizes["outcome"].isin(looks), "sd"].max()
    axes.plot(n, top * (n / n[0]) ** -0.5, ":", color=MUTED, linewidth=1)
    _by_users(axes)


def _biases(axes: Axes, sizes: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    axes.set_xscale("log")
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    for place, (name, look) in enumerate(looks.items()):
        rows = sizes[(sizes["outcome"] == name) & (sizes["n"] < sizes["n"].max())]
        axes.errorbar(
            rows["n"] * ASIDE**place, rows["bias"], yerr=WIDE * rows["bias_error"],
            fmt=look.marker, color=look.colour, markersize=3, linewidth=0.9,
        )  # fmt: skip
    _by_users(axes)


def _seconds(axes: Axes, costs: pd.DataFrame) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for column, line in (("run", "-"), ("start", "--")):
        axes.plot(costs["n"], costs[column], "o" + line, color=INK, markersize=3, linewidth=1)
    axes.set_ylabel("seconds", fontsize=SMALL)
    _by_users(axes)


def _by_users(axes: Axes) -> None:
    axes.set_xlabel("users", fontsize=SMALL)
    axes.minorticks_off()


def _name_lines(figure: Figure, looks: Mapping[str, Look], left: float, top: float) -> None:
    """Name the lines of all panels, one below another, at a place in inches."""
    height = figure.get_figheight()
    for place, look in enumerate(looks.values()):
        at = (left / WIDTH, (top - 0.2 * (place + 1)) / height)
        figure.text(*at, look.label, fontsize=NORMAL, color=darker(look.colour))
