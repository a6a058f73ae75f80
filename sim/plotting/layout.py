"""Computations behind figures: rows, bands, places of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.base.errors import ConfigError
from sim.base.units import BAND


def select(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Return the rows where every named column has its value.

    Raises
    ------
    ConfigError
        If none has; the message says which values the first failing column does have.
    """
    rows = table
    for column, value in wanted.items():
        found = rows[rows[column] == value]
        if found.empty:
            there = sorted(map(str, rows[column].unique()))
            raise ConfigError(f"no rows with {column} = {value!r} ({wanted}); there are: {there}")
        rows = found
    return rows


def midway(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of steps with dates in the midst of the steps.

    A value holds for the whole of a step: drawn where the step begins it would rise before what
    makes it rise.
    """
    dates = rows["date"].drop_duplicates().sort_values()
    step = dates.diff().min() if len(dates) > 1 else pd.Timedelta(0)
    return rows.assign(date=rows["date"] + step / 2)


def bands(rows: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Return median and 90 % band over replications of each line of a panel.

    Parameters
    ----------
    rows : DataFrame, columns date, value and `by`
        One row a replication, date and line.
    by : str
        The column that distinguishes the lines.

    Returns
    -------
    dict of DataFrame, index date, columns low, median, high
    """
    values = rows.groupby([by, "date"])["value"]
    table = pd.DataFrame({name: values.quantile(at) for name, at in BAND.items()})
    return split(table.reset_index(), by)


def split(table: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Return each line of a table of low, median, high on its own, index date, in time order."""
    lines = table.set_index("date")[[by, *BAND]]
    return {str(name): line[[*BAND]].sort_index() for name, line in lines.groupby(by)}


def band_note(lines: Mapping[str, pd.DataFrame]) -> str:
    """Say what the lines and shades of a panel are; where all are alike there is no shade."""
    if any((line["low"] < line["high"]).any() for line in lines.values()):
        return "Line: median, shade: 5 % to 95 % quantile of replications."
    return "No shade: one replication, or all of them alike."


def spread(places: Sequence[float], gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Move labels apart as little as possible (least squares), keeping their order.

    Parameters
    ----------
    places : sequence of float, shape (n,)
        Preferred places of the labels.
    gap : float
        The least distance between two labels, same unit.
    low, high : float
        The labels stay within these bounds when there is room.

    Returns
    -------
    array, shape (n,)
    """
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(order))
    blocks: list[tuple[float, int]] = []  # mean and size: pool adjacent violators
    for place in np.asarray(places, dtype=float)[order] - steps:
        mean, size = float(place), 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    fitted = np.array([mean for mean, size in blocks for _ in range(size)])
    last = steps[-1] if len(steps) else 0.0
    moved = np.empty(len(order))
    moved[order] = np.clip(fitted, low, max(low, high - last)) + steps
    return moved


def limit(low: float, high: float, lowest: float, highest: float) -> str:
    """Write down how a range is limited, naming the ends that differ from the whole range."""
    if low > lowest and high < highest:
        return f"{low:.3g} to {high:.3g}"
    return f"over {low:.3g}" if low > lowest else f"up to {high:.3g}"
