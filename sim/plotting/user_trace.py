"""The figure of one user's trace: tables in, a matplotlib Figure out, as in sim.plotting.runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plotting.drawing import (
    LEFT,
    NORMAL,
    SMALL,
    WIDTH,
    days,
    draw_lines,
    label_ends,
    new_figure,
    note,
    panel,
    time_axis,
)
from sim.plotting.palette import FAINT, INK, MUTED, PLATFORMS, Looks, looks_in, scenario

HIGH, APART = 2.0, 2.75  # of a panel, and from one to the next, inches
BAR = 0.5  # height of a line of what the user has, rows
SHARES = {
    "contacts": ("Contacts who have it", "% of the user's contacts"),
    "message": ("Messages", "% of the user's messages"),
    "call": ("Calls", "% of the user's calls"),
    "belief": ("Believes that the state reads it", "belief, %"),
}
REACHABLE = {  # labels by column
    "reachable_call": "calls",
    "reachable_message": "messages",
    "secure_call": "private calls",
    "secure_message": "private messages",
}
NOTE = (
    "One user of a synthetic society, one replication. Dotted: {what}.\n"
    "Has it: thick where the user has it at the end of a step, outlined where an institution "
    "demands it. Messages and calls include the ordinary phone."
)


def user_trace(
    days_of: pd.DataFrame, platforms: pd.DataFrame, who: str, since: pd.Timestamp, what: str,
    looks: Looks = PLATFORMS,
) -> Figure:  # fmt: skip
    """Draw the apps, communication, beliefs and reachable contacts of a user.

    Parameters
    ----------
    days_of, platforms : DataFrame
        Those of a `sim.exports.user_trace.UserTrace`.
    who : str
        The user in a few words, for the title.
    since : Timestamp
        A date that is marked in every panel.
    what : str
        What begins then.
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.
    """
    figure = new_figure(f"Inside one user: {who}", 9.2)
    panels = [panel(figure, 0.95 + APART * (2 - k // 2), HIGH, *_place(k % 2)) for k in range(6)]
    start, end = days_of["date"].min(), days_of["date"].max()
    for axes in panels:
        time_axis(axes, start, end)
        axes.axvline(*days([since]), color=MUTED, linewidth=0.8, linestyle=":", zorder=0.5)
    _draw_has(panels[0], platforms, looks)
    for axes, (column, (title, unit)) in zip(panels[1:], SHARES.items(), strict=False):
        _draw_shares(axes, platforms, column, looks)
        _name(axes, title, unit)
    _draw_reachable(panels[5], days_of)
    _name(panels[5], "Reachable by app", "% of attempts that can succeed")
    note(figure, NOTE.format(what=what))
    figure.set_label(
        f"Trace of one user ({who}): what it has, where it writes and calls, what it believes, "
        "which contacts it can reach."
    )
    return figure


def _place(column: int) -> tuple[float, float]:
    """Return left edge and width of the panels in a column."""
    return LEFT + column * WIDTH / 2, WIDTH / 2 - LEFT - 1.4


def _name(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, fontsize=NORMAL, loc="left", color=INK)
    axes.set_ylabel(unit, fontsize=SMALL)


def _draw_has(axes: Axes, platforms: pd.DataFrame, looks: Looks) -> None:
    """Draw a line for each messenger: thick while the user has it."""
    rows = platforms.dropna(subset="has")
    drawn = list(reversed(looks_in(rows["platform"], looks).items()))  # the first is on top
    for at, (name, look) in enumerate(drawn):
        mine = rows[rows["platform"] == name]
        when = days(mine["date"])
        length = when[1] - when[0] if len(when) > 1 else 1.0
        for column, style in (
            ("has", {"facecolors": look.colour}),
            ("mandated", {"facecolors": "none", "edgecolors": INK, "linewidth": 0.8}),
        ):
            spans = _spans(when, mine[column].to_numpy(bool), length)
            axes.broken_barh(spans, (at - BAR / 2, BAR), **style)
        axes.axhline(at, color=FAINT, linewidth=0.8, zorder=0.5)
    axes.set_yticks([])
    axes.set_ylim(-0.5, len(drawn) - 0.5)
    label_ends(axes, [(float(at), look) for at, (_, look) in enumerate(drawn)])
    axes.grid(visible=False)
    axes.set_title("Has it", fontsize=NORMAL, loc="left", color=INK)


def _spans(when: np.ndarray, holds: np.ndarray, length: float) -> list[tuple[float, float]]:
    """Return start and length of every stretch of steps in which something holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(int)))
    return [
        (float(when[first]), float(when[last - 1] - when[first] + length))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def _draw_shares(axes: Axes, platforms: pd.DataFrame, column: str, looks: Looks) -> None:
    """Draw a column of shares, a line a platform."""
    rows = platforms.dropna(subset=column).sort_values("date")
    drawn = looks_in(rows["platform"], looks)
    lines = {name: _path(rows[rows["platform"] == name], column) for name in drawn}
    ends = draw_lines(axes, lines, drawn, 100.0)
    axes.set_ylim(0.0, 104.0)
    label_ends(axes, ends)


def _draw_reachable(axes: Axes, days_of: pd.DataFrame) -> None:
    lines = {column: _path(days_of, column) for column in REACHABLE}
    looks = {column: scenario(label, k) for k, (column, label) in enumerate(REACHABLE.items())}
    ends = draw_lines(axes, lines, looks, 100.0)
    axes.set_ylim(0.0, 104.0)
    label_ends(axes, ends)


def _path(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a line without a band: one run."""
    value = rows.set_index("date")[column].astype(float)
    return pd.DataFrame({"low": value, "median": value, "high": value})
