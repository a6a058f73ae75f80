"""The map of a small society: main apps, and whose communication the state can read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.plotting.drawing import NARROW, NORMAL, SMALL, new_figure, note
from sim.plotting.network_layout import NetworkLayout
from sim.plotting.palette import (
    FAINT,
    INK,
    MUTED,
    PLATFORMS,
    Look,
    Looks,
    darker,
    looks_in,
)

AREA = 6000.0  # of all markers together [points^2]
LARGEST = 40.0  # marker [points^2]
RIM = 0.22  # width of the rim, share of the marker's side
WEAK = "weak"  # the layer whose ties cross the country and would cover everything
HEIGHT, LEGEND = 5.6, 0.85  # inches


def network_map(
    layout: NetworkLayout, primary: Sequence[str], exposed: NDArray[np.bool_], title: str,
    looks: Looks = PLATFORMS,
) -> Figure:  # fmt: skip
    """Draw every user in its place, with the colour and shape of its primary platform.

    Parameters
    ----------
    layout : NetworkLayout
        Places, ties and regions, from `sim.plotting.network_layout.lay_out_network`; weak ties are
        not drawn.
    primary : sequence of str, length n
        Each user's primary platform: the messenger that carries most of its communication;
        `cellular` for a user of none.
    exposed : array of bool, shape (n,)
        Whether the user is exposed: drawn with a dark rim.
    title : str
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.

    Raises
    ------
    ValueError
        If there are not as many of each as users are placed.
    """
    if not len(primary) == len(exposed) == len(layout.places):
        sizes = f"{len(primary)} primary, {len(exposed)} exposed"
        raise ValueError(f"{len(layout.places)} users are placed, but there are {sizes}")
    names = np.array(primary)
    figure = new_figure(title, HEIGHT, NARROW)
    room = (0.02, LEGEND / HEIGHT, 0.96, 1.0 - (LEGEND + 0.6) / HEIGHT)
    axes = figure.add_axes(room)
    axes.set_axis_off()
    axes.set_aspect("equal")
    _draw_ties(axes, layout)
    shares = [(look, names == name) for name, look in looks_in(primary, looks).items()]
    for look, mine in shares:
        _draw_users(axes, layout, mine, exposed, look)
    _name_regions(axes, layout)
    axes.margins(0.03)
    axes.autoscale_view()
    _legend(figure, shares)
    note(figure, "Dark rim: readable by the state. Rings: households. Lines: all but weak ties.")
    listing = ", ".join(f"{look.label} {mine.mean():.0%}" for look, mine in shares)
    figure.set_label(
        f"Map of {len(names)} users by main app: {listing}; "
        f"readable by the state {exposed.mean():.0%}."
    )
    return figure


def _draw_ties(axes: Axes, layout: NetworkLayout) -> None:
    """Draw ties, those of households darker."""
    for level, name in enumerate(layout.layers):
        if name != WEAK:
            ends = layout.places[layout.ties[layout.layer == level]]
            colour, width = (MUTED, 0.5) if name == "household" else (FAINT, 0.25)
            axes.add_collection(LineCollection(list(ends), colors=colour, linewidths=width))


def _draw_users(
    axes: Axes, layout: NetworkLayout, mine: NDArray[np.bool_], exposed: NDArray[np.bool_],
    look: Look,
) -> None:  # fmt: skip
    """Draw the users of one platform."""
    size = min(LARGEST, AREA / len(mine))
    rim = RIM * np.sqrt(size)
    rims = np.where(exposed[mine], INK, look.colour)
    x, y = layout.places[mine].T
    axes.scatter(
        x, y, size, color=look.colour, edgecolors=list(rims), marker=look.marker,
        linewidths=rim, zorder=2, label=look.label,
    )  # fmt: skip


def _name_regions(axes: Axes, layout: NetworkLayout) -> None:
    """Write the name of each region above its disc."""
    for name, (x, y), radius in zip(layout.regions, layout.centres, layout.radii, strict=True):
        text = name.replace("_", " ")
        axes.text(x, y + radius + 0.3, text, ha="center", va="bottom", fontsize=SMALL, color=MUTED)


def _legend(figure: Figure, shares: Sequence[tuple[Look, NDArray[np.bool_]]]) -> None:
    """Write each platform's share of users next to its marker, three in a row."""
    axes = figure.add_axes((0.04, 0.3 / HEIGHT, 0.92, (LEGEND - 0.35) / HEIGHT))
    axes.set(xlim=(0, 3), ylim=(2, 0))
    axes.set_axis_off()
    for place, (look, mine) in enumerate(shares):
        x, y = place % 3 + 0.03, place // 3 + 0.5
        axes.plot(x, y, look.marker, color=look.colour, markersize=6, clip_on=False)
        text = f"{look.label} {mine.mean():.0%}"
        axes.text(x + 0.07, y, text, va="center", fontsize=NORMAL, color=darker(look.colour))
