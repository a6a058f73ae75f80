"""The result of runs as an xarray Dataset: one variable per measure, with dimensions and units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.base.extras import extra
from sim.config.platforms import CHANNELS
from sim.config.sim_config import SimConfig
from sim.measures.registry import MONTHLY, meaning_of
from sim.measures.strata import groups
from sim.runs.results import CHANGES, Tables

Axes = Mapping[str, pd.Index]
STATISTICS = ("median", "low", "high")
OWN_NAME = {change.measure for change in CHANGES}  # measures that are effects already
EFFECT = "effect_on_"


def to_xarray(result: Tables) -> Any:
    """Return the tables of a result as an `xarray.Dataset`; flows are left to their table.

    Returns
    -------
    Dataset
        Every measure of docs/measures.md is a variable over scenario, replication, date (month, if
        it is observed by the month), group, and where it has them platform and channel. What is
        paired is a variable ``effect_on_MEASURE`` over counterfactual, statistic (median, low,
        high) and the same; `newly_exposed` and `no_longer_exposed` keep their names. NaN: not
        measured there. Units are in each variable's ``attrs``.

    Raises
    ------
    ConfigError
        If xarray is not installed.
    """
    axes = _axes(result)
    variables = dict(_levels(result.timeseries, axes))
    if len(result.effects):
        variables |= dict(_effects(result.effects, axes))
    used = {name for dims, *_ in variables.values() for name in dims}
    return extra("xarray").Dataset(
        variables, {name: axis for name, axis in axes.items() if name in used},
        _about(result.config),
    )  # fmt: skip


def _axes(result: Tables) -> dict[str, pd.Index]:
    config, rows = result.config, result.timeseries
    is_month = rows["measure"].isin(MONTHLY)
    names = {
        "scenario": (config.scenario, *config.compare_to),
        "counterfactual": config.compare_to,
        "statistic": STATISTICS,
        "replication": range(config.replications),
        "date": sorted(rows.loc[~is_month, "date"].unique()),
        "month": sorted(rows.loc[is_month, "date"].unique()),
        "group": groups(config),
        "platform": config.carriers,
        "channel": (*CHANNELS, "any"),
    }
    return {name: pd.Index(list(values), name=name) for name, values in names.items()}


def _levels(rows: pd.DataFrame, axes: Axes) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield every measure with its dimensions, values and attributes."""
    for name, mine in rows.groupby("measure", observed=True):
        dims = ["scenario", "replication", *_places(str(name), mine)]
        yield str(name), (dims, _filled(mine, dims, axes, "value"), _unit(str(name), "{}"))


def _effects(rows: pd.DataFrame, axes: Axes) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield every paired difference."""
    for name, mine in rows.groupby("measure", observed=True):
        dims = ["counterfactual", *_places(str(name), mine)]
        values = np.stack([_filled(mine, dims, axes, column) for column in STATISTICS], axis=1)
        own = str(name) in OWN_NAME
        attrs = _unit(str(name), "{}" if own else "scenario minus counterfactual, paired: {}")
        whole = [dims[0], "statistic", *dims[1:]]
        yield str(name) if own else f"{EFFECT}{name}", (whole, values, attrs)


def _places(name: str, rows: pd.DataFrame) -> list[str]:
    """Return the dimensions of a measure that scenarios and replications share."""
    some = [key for key in ("platform", "channel") if not (rows[key] == "any").all()]
    return ["month" if name in MONTHLY else "date", "group", *some]


def _filled(rows: pd.DataFrame, dims: list[str], axes: Axes, column: str) -> np.ndarray:
    """Lay a column out over `dims`, NaN where there is no row."""
    values = np.full([len(axes[name]) for name in dims], np.nan)
    at = [axes[name].get_indexer(rows["date" if name == "month" else name]) for name in dims]
    values[tuple(at)] = rows[column].to_numpy()
    return values


def _unit(name: str, text: str) -> dict[str, str]:
    meaning = meaning_of(name)
    return {"units": meaning.unit, "long_name": text.format(meaning.text)}


def _about(config: SimConfig) -> dict[str, Any]:
    return {
        "title": f"{config.scenario}: {config.case.title}",
        "case": config.case.name,
        "scenario": config.scenario,
        "seed": config.seed,
        "n_users": config.population.n_users,
        "step_days": config.step_days,
        "parameters": config.parameters,
    }
