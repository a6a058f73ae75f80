"""The figures that a run leaves: tables in, one figure a question out."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sim import plotting
from sim.observed import events, observations, observed_reach
from sim.results import Result


def figures(result: Result) -> dict[str, Figure]:
    """Return what the tables of a run can show, by name.

    Returns
    -------
    dict of Figure
        `reach` (if a whole month was run), `effects_against_NAME` for each counterfactual, `use`,
        `harms`, `flows` (if anybody's move was noted).
    """
    config, timeseries = result.config, result.timeseries
    scenario, others = config.scenario, config.compare_to
    drawn = {}
    if _has(timeseries, "mau"):
        points, first = observed_reach(observations(config)), next(iter(others), None)
        drawn["reach"] = plotting.reach(timeseries, scenario, points, events(config), first)
    for other in others:
        figure = plotting.effects(result.effects, scenario, other)
        drawn[f"effects_against_{other}"] = figure
    drawn["use"] = plotting.use(timeseries, scenario)
    drawn["harms"] = plotting.harms(timeseries, (scenario, *others))
    if len(result.flows):
        drawn["flows"] = plotting.flows(result.flows, scenario)
    return drawn


def _has(timeseries: pd.DataFrame, measure: str) -> bool:
    return bool((timeseries["measure"] == measure).any())
