"""A page of many worlds that one can play with: a grid of runs, and what lies between them.

The page holds the medians of every world of a grid (conf/design/explore.yaml) by month. Between
shares of failing calls and messages it interpolates linearly; how far off that is, is measured on
other worlds (conf/design/explore_check.yaml) and stands on the page. It works offline, without
Python or a server; d3 (ISC licence) draws it.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from scipy.interpolate import RegularGridInterpolator

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.plotting.palette import platform

LIBRARY = "d3-7.9.2.min.js"
STEPS = 10_000  # in which shares are kept
PUSHED = {"call_ban_only": 0, "call_ban": 1}


class Axis(NamedTuple):
    """One lever of the page: a column of the grid."""

    column: str
    title: str
    words: tuple[str, ...] = ()  # of each level; none: a share, with values between the levels


AXES = (
    Axis("policies.call_restriction.grade", "Calls that fail in WhatsApp and Telegram"),
    Axis("policies.messages.grade", "Messages that fail there, too"),
    Axis(
        "policies.call_restriction.start", "From",
        ("13 August 2025", "13 October 2025", "13 December 2025"),
    ),
    Axis("scenario", "Max is pushed, as it was", ("no", "yes")),
    Axis("policies.vpns.rate", "VPNs are blocked, too", ("no", "yes")),
    Axis(
        "policies.whatsapp_obeys.degree", "Both obey in December 2025 and are read", ("no", "yes"),
    ),
)  # fmt: skip
COSTS = {  # beside reach, in the order of the tiles: (platform, channel, measure), title, unit
    ("any", "any", "exposure"): ("Read by the state, of all that is said", "%"),
    ("cellular", "call", "use"): ("Ordinary phone calls", "index"),
    ("any", "call", "no_means"): ("Ties without affordable calls", "%"),
    ("any", "any", "unsent"): ("Messages not sent, per person and day", "index"),
    ("any", "any", "vpn"): ("Use a VPN", "%"),
    ("any", "any", "welfare"): ("Welfare", "utils"),
}


class Grid(NamedTuple):
    """The medians of all worlds."""

    levels: tuple[F64, ...]  # of each axis; of words their numbers
    months: tuple[dt.date, ...]
    series: tuple[tuple[str, str, str], ...]  # platform, channel, measure
    medians: F64  # by axes, series and month

    def at(self, points: F64) -> F64:
        """Return values at points, shape (points, series, months)."""
        return RegularGridInterpolator(self.levels, self.medians)(points)  # type: ignore[no-any-return]


def read_grid(summary: pd.DataFrame, config: SimConfig) -> Grid:
    """Return the worlds of a grid from the table that `sim.collect` wrote.

    Raises
    ------
    ConfigError
        If worlds are missing.
    """
    table, series = coded(summary, config)
    columns = [axis.column for axis in AXES]
    levels = tuple(np.sort(table[column].unique()).astype(float) for column in columns)
    months = tuple(sorted(table["date"].unique()))
    keys = pd.MultiIndex.from_product([*levels, range(len(series)), months])
    found = table.set_index([*columns, "series", "date"])["median"].reindex(keys)
    if found.isna().any():
        raise ConfigError("worlds of the grid are missing: python -m sim.resume its folder")
    shape = [*map(len, levels), len(series), len(months)]
    dates = tuple(pd.Timestamp(month).date() for month in months)
    return Grid(levels, dates, series, found.to_numpy().reshape(shape))


def coded(
    summary: pd.DataFrame, config: SimConfig
) -> tuple[pd.DataFrame, tuple[tuple[str, str, str], ...]]:
    """Return the rows that the page shows, with numbers for words, and their series."""
    reach = [(name, "any", "mau") for name in config.messengers]
    series = (*reach, *COSTS)
    places = {of: k for k, of in enumerate(series)}
    of_row = zip(
        *(summary[name].astype(str) for name in ("platform", "channel", "measure")), strict=True
    )
    table = summary.assign(series=[places.get(of, -1) for of in of_row])
    table = table[(table["series"] >= 0) & (table["group"].astype(str) == "all")]
    table["scenario"] = table["scenario"].astype(str).map(PUSHED)
    starts = table["policies.call_restriction.start"].astype(str)
    numbers = {name: k for k, name in enumerate(sorted(starts.unique()))}
    table["policies.call_restriction.start"] = starts.map(numbers)
    return table, series


class Error(NamedTuple):
    """How far the page is off: mean and largest error of monthly reach, in points."""

    n_worlds: int
    mean: float
    largest: float


def error_of(grid: Grid, summary: pd.DataFrame, config: SimConfig) -> Error:
    """Compare what lies between the worlds of a grid with worlds that were run."""
    table, series = coded(summary, config)
    columns = [axis.column for axis in AXES]
    reach = [k for k, of in enumerate(series) if of[2] == "mau"]
    last = table[(table["date"] == table["date"].max()) & table["series"].isin(reach)]
    true = last.pivot_table("median", columns, "series")
    points = np.array(true.index.to_list(), float)
    between = grid.at(points)[:, reach, -1]
    off = 100 * np.abs(between - true.to_numpy())
    return Error(len(true), float(off.mean()), float(off.max()))


def write_explorable(grid: Grid, error: Error, config: SimConfig, path: Path) -> None:
    """Write the page."""
    environment = Environment(
        loader=PackageLoader("sim.exports"), undefined=StrictUndefined, autoescape=True
    )
    folder = Path(__file__).parent / "templates"
    page = environment.get_template("explore.html").render(
        data=json.dumps(_data(grid), separators=(",", ":")).replace("<", "\\u003c"),
        library=(folder / LIBRARY).read_text(encoding="utf-8"),
        script=(folder / "explore.js").read_text(encoding="utf-8"),
        case=config.case.title, users=config.population.n_users,
        n_worlds=int(np.prod([len(levels) for levels in grid.levels])), error=error,
    )  # fmt: skip
    with atomic_write(path) as draft:
        draft.write_text(page, encoding="utf-8")


def _data(grid: Grid) -> dict[str, Any]:
    """Return what the page draws, as JSON takes it."""
    axes = [
        {"title": axis.title, "words": axis.words, "levels": levels.tolist()}
        for axis, levels in zip(AXES, grid.levels, strict=True)
    ]
    series = []
    for name, channel, measure in grid.series:
        if measure == "mau":
            look = platform(name)
            series.append({"title": look.label, "unit": "%", "colour": look.colour})
        else:
            title, unit = COSTS[name, channel, measure]
            series.append({"title": title, "unit": unit, "colour": ""})
    return {
        "axes": axes, "series": series, "steps": STEPS,
        "months": [f"{month:%Y-%m-01}" for month in grid.months],
        "values": np.rint(grid.medians * STEPS).astype(int).ravel().tolist(),
    }  # fmt: skip
