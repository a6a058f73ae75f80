"""Small multiples: reach and what it costs, group by group; tables in, a matplotlib Figure out."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.base.errors import ConfigError
from sim.measures.registry import find
from sim.plotting.drawing import (
    NORMAL,
    SMALL,
    WIDTH,
    draw_lines,
    new_figure,
    note,
    panel,
    time_axis,
)
from sim.plotting.layout import band_note, bands, midway, select
from sim.plotting.palette import INK, MUTED, PLATFORMS, Look, Looks, looks_in, scenario

COLUMNS = 4
UPPER, LOWER, PITCH = 1.15, 0.8, 2.8  # heights of both panels, and from group to group, inches
BELOW = 1.25  # height below the panels, for dates, legend and note [inches]
COSTS = tuple(  # measure, channel, how it is called
    (name, channel, find(name).lines["any", channel].lower())
    for name, channel in (
        ("exposure_phone", "any"),
        ("exposure_apps", "any"),
        ("no_means", "call"),
    )
)
NOTE = (
    "Above: daily reach, % of the group. Below: readable by the state, % of the group's "
    "communication; no means of calling: % of its ties.\nIn figures: change of the welfare index "
    "since the first step (blind to pressure). Small groups are noisy. "
)


def by_group(
    timeseries: pd.DataFrame, scenario_name: str, kind: str, looks: Looks = PLATFORMS
) -> Figure:
    """Draw daily reach by platform and, below it, what it costs, for each group of a kind.

    Parameters
    ----------
    timeseries : DataFrame
        The run's tidy table.
    scenario_name : str
    kind : str
        `age`, `region` or `type`: groups are called ``kind=name``.
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.

    Raises
    ------
    ConfigError
        If the table holds no groups of that kind, or not the scenario.
    """
    rows = select(timeseries, scenario=scenario_name)
    groups = _groups(rows, kind)
    lines_of = looks_in(map(str, select(rows, measure="dau")["platform"].unique()), looks)
    costs = {name: scenario(name, place) for place, (_, _, name) in enumerate(COSTS)}
    n_rows = -(-len(groups) // COLUMNS)
    figure = new_figure(f"Reach and its costs by {kind}: {scenario_name}", BELOW + PITCH * n_rows)
    wide = (WIDTH - 0.55) / COLUMNS
    for place, group in enumerate(groups):
        left = 0.55 + wide * (place % COLUMNS)
        bottom = BELOW - 0.2 + PITCH * (n_rows - 1 - place // COLUMNS)
        mine = select(rows, group=group)
        upper = panel(figure, bottom + LOWER + 0.27, UPPER, left, wide - 0.3)
        lower = panel(figure, bottom, LOWER, left, wide - 0.3)
        lines = _draw_reach(upper, mine, lines_of)
        _draw_costs(lower, mine, costs)
        upper.set_title(group.partition("=")[2], fontsize=NORMAL, loc="left", color=INK)
        upper.tick_params(labelbottom=False)
        if place % COLUMNS:
            for axes in (upper, lower):
                axes.tick_params(labelleft=False)
        else:
            upper.set_ylabel("daily reach, %", fontsize=SMALL)
            lower.set_ylabel("costs, %", fontsize=SMALL)
    _legend(figure, [*lines_of.values(), *costs.values()])
    note(figure, f"{NOTE}{band_note(lines)}")
    figure.set_label(
        f"Daily reach, state reading, ties without means of calling and welfare in "
        f"{scenario_name}, by {kind}: {', '.join(group.partition('=')[2] for group in groups)}."
    )
    return figure


def _groups(rows: pd.DataFrame, kind: str) -> list[str]:
    """Return the groups of a kind in the order of the table."""
    found = [name for name in map(str, rows["group"].unique()) if name.startswith(f"{kind}=")]
    if not found:
        kinds = {name.partition("=")[0] for name in map(str, rows["group"].unique())} - {"all"}
        raise ConfigError(f"no groups {kind}=...; allowed: {', '.join(sorted(kinds))}")
    return found


def _draw_reach(axes: Axes, rows: pd.DataFrame, looks: dict[str, Look]) -> dict[str, pd.DataFrame]:
    daily = select(rows, measure="dau").astype({"platform": str})
    lines = bands(midway(daily), "platform")
    draw_lines(axes, lines, looks, 100.0)
    _percent(axes, daily)
    return lines


def _draw_costs(axes: Axes, rows: pd.DataFrame, looks: dict[str, Look]) -> None:
    drawn = [
        select(rows, platform="any", measure=measure, channel=channel).assign(line=name)
        for measure, channel, name in COSTS
    ]
    draw_lines(axes, bands(midway(pd.concat(drawn)), "line"), looks, 100.0)
    _percent(axes, drawn[0])
    welfare = select(rows, measure="welfare").groupby("date")["value"].median()
    change = f"welfare {round(welfare.iloc[-1] - welfare.iloc[0], 3) + 0.0:+.3f}"
    axes.text(0.0, 1.04, change, transform=axes.transAxes, fontsize=SMALL, color=MUTED)


def _percent(axes: Axes, rows: pd.DataFrame) -> None:
    time_axis(axes, rows["date"].min(), midway(rows)["date"].max())
    axes.set_ylim(0.0, 100.0)
    axes.set_yticks([0, 50, 100])


def _legend(figure: Figure, looks: list[Look]) -> None:
    """Name the lines once for all panels."""
    axes = figure.axes[0]  # lines need axes to be drawn by; these are empty
    handles = [axes.plot([], [], k.line, color=k.colour, label=k.label)[0] for k in looks]
    figure.legend(
        handles=handles, loc="lower left", ncols=len(handles), frameon=False, fontsize=SMALL,
        bbox_to_anchor=(0.15 / WIDTH, 0.42 / figure.get_figheight()), handlelength=1.6,
        columnspacing=1.2, borderaxespad=0.0,
    )  # fmt: skip
