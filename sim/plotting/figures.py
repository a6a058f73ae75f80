"""The figures of a run, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

from sim.observation.events import events
from sim.observation.observed import observations, observed_reach
from sim.plotting import runs as plotting
from sim.plotting.flows import flows
from sim.plotting.palette import looks_of
from sim.runs.results import Result


def figures(result: Result) -> dict[str, Figure]:
    """Return what the tables of a run can show, by name.

    Returns
    -------
    dict of Figure
        `reach` (if a whole month was run), `effects_against_NAME` for each counterfactual, `use`,
        `harms`, `flows` (if anybody's move was noted).
    """
    return {name: draw() for name, draw in drawings(result).items()}


def drawings(result: Result) -> dict[str, Callable[[], Figure]]:
    """Return what draws each of the `figures`, the slowest first."""
    config, everybody = result.config, result.of_everybody()
    first = next(iter(config.compare_to), None)
    # to look through all groups for each figure takes as long again
    timeseries, effects = everybody.timeseries, everybody.effects
    scenario, others = config.scenario, config.compare_to
    looks = looks_of({name: config.platforms[name].printed for name in config.messengers})
    drawn: dict[str, Callable[[], Figure]] = {
        "harms": partial(plotting.harms, timeseries, (scenario, *others))
    }
    if (timeseries["measure"] == "mau").any():
        points = observed_reach(observations(config))
        drawn["reach"] = partial(
            plotting.reach, timeseries, scenario, points, events(config), first, looks
        )
    for other in others:
        drawn[f"effects_against_{other}"] = partial(
            plotting.effects, effects, scenario, other, looks
        )
    drawn["use"] = partial(plotting.use, timeseries, scenario, looks)
    if len(result.flows):
        drawn["flows"] = partial(flows, result.flows, scenario, first, looks)
    return drawn
