"""Waves of one pollster: changes between them, which are known far better than the levels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from sim.observation.operators import IN_POINTS
from sim.observation.sources import error_in_points

SAME = ["measurer", "operator", "platform", "base", "group"]  # of all waves of a series


def waves(observed: pd.DataFrame) -> pd.DataFrame:
    """Return the change between each two successive waves of one pollster, in points.

    Parameters
    ----------
    observed : DataFrame, as of `sim.observation.observed.observations`

    Returns
    -------
    DataFrame, columns as of `observed`, index that of the later wave
        Of polls of reach and of apps installed that ask the same people the same question twice
        or more: a change from each wave to the next one, its sigma, and `fit` where the later
        wave is to be fitted.
    """
    polls = observed[
        (observed["quality"] == "poll")
        & (observed["operator"] + "_change").isin(IN_POINTS)
        & (observed["bound"] == "")
    ].sort_values("date", kind="stable")
    rows = dict(row for _, series in polls.groupby(SAME) for row in _changes(series))
    index = pd.Index(rows, dtype=observed.index.dtype, name=observed.index.name)
    found = pd.DataFrame(list(rows.values()), index, observed.columns)
    return found.astype(observed.dtypes.to_dict())


def with_waves(observed: pd.DataFrame) -> pd.DataFrame:
    """Return the figures, and after them the changes between `waves`, numbered on."""
    changes = waves(observed)
    if changes.empty:
        return observed
    first = int(observed.index.max()) + 1
    changes.index = pd.RangeIndex(first, first + len(changes), name=observed.index.name)
    return pd.concat([observed, changes])


def as_waves(observed: pd.DataFrame) -> pd.DataFrame:
    """Return the figures, every later wave as the change since the wave before it."""
    changes = waves(observed)
    return pd.concat([observed.drop(index=changes.index), changes]) if len(changes) else observed


def _changes(series: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the changes from wave to wave; of several figures of a month the first counts."""
    once = series.drop_duplicates("date")
    for (_, before), (line, after) in pairwise(once.iterrows()):
        yield (
            line,
            {
                **after,
                "date": before["date"],
                "until": after["date"],
                "period": before["period"],
                "until_period": after["period"],
                "metric": f"{after['metric']}, since the wave before",
                "operator": f"{after['operator']}_change",
                "value": after["value"] - before["value"],
                "in_points": True,
                "sigma": error_in_points("poll"),
                "bias": 0.0,
            },
        )
