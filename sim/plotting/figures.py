"""The figures of a run, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import NamedTuple, Self

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.config.titles import scenario_titles
from sim.config.validation import allowed_keys
from sim.observation.apart import points_apart
from sim.observation.events import events
from sim.observation.observed import observations, observed_reach
from sim.plotting import runs as plotting
from sim.plotting.flows import flows
from sim.plotting.headline import PHONE, WIDE, Paper, headline
from sim.plotting.palette import Look, looks_of
from sim.runs.results import Tables

HEADLINES = {"headline": WIDE, "headline_phone": PHONE}  # of the report alone, as SVG
NAMES = ("scenario", "counterfactual")  # columns that name a scenario


def figures(result: Tables) -> dict[str, Figure]:
    """Return what the tables of a run can show, by name.

    Returns
    -------
    dict of Figure
        `reach` (if a whole month was run), `effects_against_NAME` for each counterfactual, `use`,
        `harms`, `flows` (if anybody's move was noted).
    """
    return {name: draw() for name, draw in drawings(result).items()}


def drawings(result: Tables) -> dict[str, Callable[[], Figure]]:
    """Return what draws each of the `figures`, the slowest first."""
    drawn, of = dict[str, Callable[[], Figure]](), Titled.of(result)
    drawn["harms"] = partial(plotting.harms, of.timeseries, of.scenarios)
    first, *others = of.scenarios
    other = next(iter(others), None)
    if of.has_months:
        drawn["reach"] = partial(_reach, of, result.config)
    for name, title in zip(result.config.compare_to, others, strict=True):
        drawn[f"effects_against_{name}"] = partial(
            plotting.effects, of.effects, first, title, of.looks
        )
    drawn["use"] = partial(plotting.use, of.timeseries, first, of.looks)
    if len(result.flows):
        drawn["flows"] = partial(flows, of.flows, first, other, of.looks)
    return drawn


class Panels(tuple[Axes, ...]):
    """The axes of a figure, from top to bottom; a notebook shows the figure."""

    def _repr_png_(self) -> bytes:
        page = BytesIO()
        self[0].get_figure(root=True).savefig(page, format="png")  # type: ignore[union-attr]
        return page.getvalue()


def plot(result: Tables, name: str) -> Panels:
    """Return the axes of one of the `figures`, from top to bottom; ``effects`` is the first.

    Raises
    ------
    ConfigError
        If the result has no such figure.
    """
    known = drawings(result)
    if name == "effects" and result.config.compare_to:
        name = f"effects_against_{result.config.compare_to[0]}"
    if name not in known:
        raise ConfigError(f"plot({name!r}): no such figure; {allowed_keys(name, [*known])}")
    return Panels(sorted(known[name]().axes, key=lambda axes: -axes.get_position().y1))


def headlines(result: Tables) -> dict[str, Callable[[], Figure]]:
    """Return what draws the first figure of the report, wide and for a phone."""
    of = Titled.of(result)
    papers = HEADLINES if of.has_months else {}
    return {name: partial(_headline, of, result.config, paper) for name, paper in papers.items()}


class Titled(NamedTuple):
    """Tables of everybody, in which scenarios have their titles for names."""

    timeseries: pd.DataFrame
    effects: pd.DataFrame
    flows: pd.DataFrame
    scenarios: tuple[str, ...]
    looks: dict[str, Look]

    @classmethod
    def of(cls, result: Tables) -> Self:
        """Return the tables of a result; to look through all groups takes as long again."""
        config, titles = result.config, scenario_titles(result.config)
        everybody = result.of_everybody()
        timeseries, effects, moves = (
            table.assign(**{name: table[name].map(titles) for name in NAMES if name in table})
            for table in (everybody.timeseries, everybody.effects, result.flows)
        )
        labels = {name: config.platforms[name].printed for name in config.messengers}
        return cls(timeseries, effects, moves, tuple(titles.values()), looks_of(labels))

    @property
    def has_months(self) -> bool:
        """Say whether a whole month was run."""
        return bool((self.timeseries["measure"] == "mau").any())


def _reach(of: Titled, config: SimConfig) -> Figure:
    first, *others = of.scenarios
    other = next(iter(others), None)
    return plotting.reach(of.timeseries, first, _points(config), events(config), other, of.looks)


def _headline(of: Titled, config: SimConfig, paper: Paper) -> Figure:
    seen = _points(config), events(config)
    return headline(of.timeseries, of.scenarios, *seen, of.looks, paper)


def _points(config: SimConfig) -> pd.DataFrame:
    points = observed_reach(observations(config))
    return points.assign(apart=points_apart(config, points["date"]))
