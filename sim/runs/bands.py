"""Medians and bands of outcomes over replications, computed from a stream of runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sim.base.errors import ConfigError
from sim.base.units import BAND

KEYS = ("date", "group", "platform", "channel", "measure")  # columns that identify a value
SEED_COLUMNS = ("seed", "replication")  # bands are taken over these


class Bands:
    """Collects the values of runs that differ only in seed or replication, until all are there.

    Parameters
    ----------
    done : DataFrame
        The runs that will come: run, and the columns `parameters`.
    """

    def __init__(self, done: pd.DataFrame, parameters: list[str]) -> None:
        self._names = [name for name in parameters if name not in SEED_COLUMNS]
        group = done.groupby(self._names, dropna=False, sort=False) if self._names else None
        number = group.ngroup() if group is not None else pd.Series(0, index=done.index)
        self._group = dict(zip(done["run"], number, strict=True))
        self._left = number.value_counts().to_dict()
        first = done.loc[number.drop_duplicates().index]
        self._values = dict(
            zip(number[first.index], first[self._names].to_dict("records"), strict=True)
        )
        self._pieces: dict[int, dict[str, list[pa.Table]]] = defaultdict(lambda: defaultdict(list))

    def add(self, piece: pa.Table) -> None:
        """Keep the outcomes of a run in one scenario and replication."""
        group, scenario = self._group[piece["run"][0].as_py()], piece["scenario"][0].as_py()
        self._pieces[group][scenario].append(piece)

    def complete(self, runs: Iterable[int]) -> Iterator[pa.Table]:
        """Mark `runs` as finished; yield the bands of groups that are complete.

        Columns: parameters, scenario, date, group, platform, channel, measure, n, median, low,
        high.
        """
        for run in runs:
            group = self._group[int(run)]
            self._left[group] -= 1
            if not self._left[group]:
                for scenario, pieces in self._pieces.pop(group).items():
                    yield self._table(self._values[group], scenario, pieces)

    def _table(
        self, parameters: dict[str, Any], scenario: str, pieces: list[pa.Table]
    ) -> pa.Table:
        first, *others = pieces
        keys = first.select(KEYS)
        if any(not other.select(KEYS).equals(keys) for other in others):
            setting = ", ".join(f"{name}={value}" for name, value in parameters.items())
            raise ConfigError(f"{scenario} at {setting}: replications with different series")
        values = np.array([piece["value"].to_numpy() for piece in pieces])
        low, median, high = np.quantile(values, list(BAND.values()), axis=0)
        columns: dict[str, Any] = {
            name: _repeated(value, len(keys)) for name, value in parameters.items()
        }
        columns["scenario"] = _repeated(scenario, len(keys))
        columns |= {name: keys[name] for name in KEYS}
        columns["n"] = np.full(len(keys), len(pieces), np.int32)
        return pa.table({**columns, "median": median, "low": low, "high": high})


def _repeated(value: Any, n: int) -> pa.Array:
    repeated = pa.repeat(pa.scalar(value), n)
    return repeated.dictionary_encode() if isinstance(value, str) else repeated
