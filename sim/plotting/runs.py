"""The figures that a run leaves: tidy tables in, a matplotlib Figure out; nothing is read.

Every figure carries its text alternative as its label (``figure.get_label()``), which
`sim.plotting.files` writes into the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from sim.measures.registry import MONTHLY, measures
from sim.plotting.drawing import (
    LEFT,
    MID_MONTH,
    NORMAL,
    SMALL,
    WIDTH,
    draw_dashed,
    draw_lines,
    draw_observed,
    label_ends,
    mark_events,
    new_figure,
    note,
    panel,
    time_axis,
    within,
)
from sim.plotting.layout import band_note, bands, midway, select, split
from sim.plotting.palette import INK, PLATFORMS, Looks, looks_in
from sim.plotting.palette import scenario as scenario_look

LEAST_EFFECT = (
    0.5  # an axis shows at least so many points on both sides of 0, or it would magnify chance
)
LEAST_PERCENT = 1.0  # that an axis of costs covers
LABEL = 17  # characters of a scenario's title that fit on a line beside a panel
UNIT = "(all communication of the average person = 1)"
HARM_NOTE = (
    "Displaced, worse off: against the first scenario compared with. Welfare: an index of what\n"
    "people can use; pressure to use it is not part of it."
)
APART = "Pale events and markers: of what happened, which this scenario leaves out."


class HarmPanel(NamedTuple):
    """A panel of a figure of costs."""

    measure: str
    channel: str
    title: str
    unit: str  # of the axis
    factor: int
    floor: float | None  # where the axis starts
    is_paired: bool  # only the scenario is drawn: others are what it is compared with


def harm_panels(timeseries: pd.DataFrame, scenarios: Sequence[str]) -> list[HarmPanel]:
    """Return a panel for each line that the report prints of a measure of harm.

    Without a counterfactual nothing can be compared, and without a whole month nothing is
    measured by the month.
    """
    months = any((timeseries["measure"] == name).any() for name in MONTHLY)
    return [
        HarmPanel(
            one.name, channel, label, one.axis or one.unit, *_SCALES[one.form], one.is_paired
        )
        for one in measures()
        for (platform, channel), label in one.lines.items()
        if one.is_harm and platform == "any"
        and (len(scenarios) > 1 or not one.is_paired) and (months or not one.is_monthly)
    ]  # fmt: skip


_SCALES = {"percent": (100, 0.0), "number": (1, None)}  # factor and floor


def reach(
    timeseries: pd.DataFrame,
    scenario: str,
    observed: pd.DataFrame,
    events: pd.DataFrame,
    counterfactual: str | None = None,
    looks: Looks = PLATFORMS,
) -> Figure:
    """Draw monthly and daily reach of every platform, the observed points and the events.

    Parameters
    ----------
    timeseries : DataFrame
        The run's tidy table; group `all`, channel `any`, measures `mau` and `dau` are drawn.
    scenario : str
        Median line and 90 % band.
    observed : DataFrame, as of `sim.observation.observed.observed_reach`
        Filled markers; company claims are hollow.
    events : DataFrame, as of `sim.observation.events.events`
        Those within the run are marked.
    counterfactual : str, optional
        A second scenario, drawn as thin dashed medians.
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.
    """
    rows = select(timeseries, group="all", channel="any")
    start, end = _run(select(rows, scenario=scenario, measure="dau"))
    has_events = bool(events["date"].between(start, end).any())
    figure = new_figure(f"Reach by platform: {scenario}", 8.5 if has_events else 7.4)
    daily, monthly = panel(figure, 0.75, 2.8), panel(figure, 4.05, 2.8)
    for axes, measure, name in ((monthly, "mau", "monthly"), (daily, "dau", "average daily")):
        lines = _reach_lines(rows, scenario, measure)
        ends = draw_lines(axes, lines, looks_in(lines, looks), 100.0)
        if counterfactual is not None:
            draw_dashed(axes, _reach_lines(rows, counterfactual, measure), looks)
        time_axis(axes, start, end)
        draw_observed(axes, observed[observed["measure"] == measure], looks)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(f"{name} reach, % of people aged 12+", fontsize=NORMAL)
        label_ends(axes, ends)
    mark_events((monthly, daily), events)
    dashed = "" if counterfactual is None else f" Dashed: {counterfactual}."
    seen = within(daily, observed["date"] + MID_MONTH).any()
    markers = " Markers: observed (hollow: company claim)." if seen else ""
    above = f" {APART}" if observed["apart"].any() or events["apart"].any() else ""
    note(figure, f"{band_note(lines)}{dashed}{markers}\nMonths stand at their middle.{above}")
    as_observed = ", and as observed" if seen else ""
    figure.set_label(
        f"Monthly and daily reach of {_names(lines, looks)}{as_observed}: {scenario}."
    )
    return figure


def effects(
    effects: pd.DataFrame, scenario: str, counterfactual: str, looks: Looks = PLATFORMS
) -> Figure:
    """Draw the paired effect on daily reach and on ordinary phone calls (percentage points).

    Parameters
    ----------
    effects : DataFrame
        The run's paired differences, with columns median, low and high.
    scenario, counterfactual : str
        The pair; differences are scenario minus counterfactual.
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.
    """
    rows = select(effects, scenario=scenario, counterfactual=counterfactual, group="all")
    reached = select(rows, measure="dau", channel="any")
    start, end = _run(reached)
    called = select(rows, measure="use", channel="call", platform="cellular")
    daily, calls = (split(midway(some), "platform") for some in (reached, called))
    figure = new_figure(f"What changes: {scenario}", 6.6)
    lower, upper = panel(figure, 0.75, 1.7), panel(figure, 3.0, 3.0)
    for axes, lines, factor, unit in (
        (upper, daily, 100.0, "change of daily reach,\npercentage points of people aged 12+"),
        (lower, calls, 100.0, "ordinary phone calls,\npoints of all communication"),
    ):
        ends = draw_lines(axes, lines, looks_in(lines, looks), factor)
        axes.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
        if max(map(abs, axes.get_ylim())) < LEAST_EFFECT:
            axes.set_ylim(-LEAST_EFFECT, LEAST_EFFECT)
        time_axis(axes, start, end)
        axes.set_ylabel(unit, fontsize=NORMAL)
        label_ends(axes, ends)
    compared = f"Compared with: {counterfactual}. Both runs draw the same random numbers."
    note(figure, f"{compared}\n{band_note(daily)}")
    subjects = f"{_names(daily, looks)}, and ordinary phone calls"
    figure.set_label(
        f"What changes: {scenario}. Compared with: {counterfactual}. Daily reach of {subjects}."
    )
    return figure


def use(timeseries: pd.DataFrame, scenario: str, looks: Looks = PLATFORMS) -> Figure:
    """Draw messages and calls a person a day by platform, ordinary phone included.

    Parameters
    ----------
    timeseries : DataFrame
        The run's tidy table; group `all`, measure `use`, channels `message` and `call` are drawn.
    scenario : str
    looks : mapping of Look, optional
        Of the platforms, as of `palette.looks_of`, for another case than Russia's.
    """
    rows = select(timeseries, scenario=scenario, group="all", measure="use")
    figure = new_figure(f"Messages and calls by app: {scenario}", 7.1)
    lower, upper = panel(figure, 0.75, 2.7), panel(figure, 3.95, 2.7)
    for axes, channel in ((upper, "message"), (lower, "call")):
        lines = bands(midway(select(rows, channel=channel)), "platform")
        ends = draw_lines(axes, lines, looks_in(lines, looks), 1.0)
        time_axis(axes, *_run(rows))
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(f"{channel}s a person a day\n{UNIT}", fontsize=NORMAL)
        label_ends(axes, ends)
    note(figure, f"{band_note(lines)} Ordinary phone: calls and SMS.")
    figure.set_label(f"Messages and calls a person a day on {_names(lines, looks)}: {scenario}.")
    return figure


def harms(timeseries: pd.DataFrame, scenarios: Sequence[str]) -> Figure:
    """Draw the costs in some scenarios: all measures of harm.

    Parameters
    ----------
    timeseries : DataFrame
        The tidy table; group `all`, platform `any` are drawn.
    scenarios : sequence of str
        The scenario, then its counterfactuals.
    """
    panels = harm_panels(timeseries, scenarios)
    n_rows = (len(panels) + 1) // 2
    figure = new_figure(f"What it costs: {scenarios[0]}", 0.9 + 2.85 * n_rows)
    rows = select(timeseries, group="all", platform="any")
    looks = {name: scenario_look(fill(name, LABEL), place) for place, name in enumerate(scenarios)}
    for place, (measure, channel, title, unit, factor, floor, is_paired) in enumerate(panels):
        left = LEFT + place % 2 * WIDTH / 2
        bottom = 0.75 + 2.85 * (n_rows - 1 - place // 2)
        axes = panel(figure, bottom, 2.2, left, WIDTH / 2 - LEFT - 1.4)
        drawn = [
            select(rows, scenario=name, measure=measure, channel=channel)
            for name in (scenarios[:1] if is_paired else scenarios)
        ]
        lines = bands(midway(pd.concat(drawn)), "scenario")
        ends = draw_lines(axes, lines, {name: looks[name] for name in lines}, factor)
        time_axis(axes, *_run(drawn[0]))
        axes.set_title(title, fontsize=NORMAL, loc="left", color=INK)
        if floor is not None:  # or chance would be magnified
            axes.set_ylim(floor, max(axes.get_ylim()[1], LEAST_PERCENT))
        axes.set_ylabel(unit, fontsize=SMALL)
        label_ends(axes, ends)
    note(figure, f"{HARM_NOTE} {band_note(lines)}")
    compared = ", ".join(scenarios)
    figure.set_label(
        "What goes by other means, who is worse off, ties without means, state reading and "
        f"welfare over time: {compared}."
    )
    return figure


def _run(rows: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return when the first step of the rows starts, and the midst of the last one."""
    return rows["date"].min(), midway(rows)["date"].max()


def _names(names: Iterable[str], looks: Looks) -> str:
    return ", ".join(look.label for look in looks_in(names, looks).values())


def _reach_lines(rows: pd.DataFrame, scenario: str, measure: str) -> dict[str, pd.DataFrame]:
    wanted = select(rows, scenario=scenario, measure=measure)
    is_monthly = measure == "mau"
    stand = wanted.assign(date=wanted["date"] + MID_MONTH) if is_monthly else midway(wanted)
    return bands(stand, "platform")
