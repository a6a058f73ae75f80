"""The result of runs as tidy tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from sim.cells import Cells, groups
from sim.config import SimConfig
from sim.measures import Observations, Series, month_series, step_series
from sim.platforms import CELLULAR
from sim.rules.records import F64

Runs = Mapping[str, Sequence[Observations]]  # scenario -> its replications
BAND = (0.05, 0.95)  # of replications
EFFECTS = (
    "scenario", "counterfactual", "date", "group", "platform", "channel", "measure",
    "median", "low", "high",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What `run` and `compare` give; docs/measures.md explains the columns.

    Attributes
    ----------
    config : SimConfig
    timeseries : DataFrame
        scenario, replication, date, group, platform, channel, measure, value.
    effects : DataFrame
        scenario, counterfactual, date, group, platform, channel, measure, median, low, high:
        paired differences, scenario minus counterfactual; empty without counterfactuals.
    flows : DataFrame
        scenario, replication, from_date, to_date, from_platform, to_platform, share.
    """

    config: SimConfig
    timeseries: pd.DataFrame
    effects: pd.DataFrame
    flows: pd.DataFrame
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once[T](self, name: str, work: Callable[[], T]) -> T:
        """Return what `work` gives; it is done once, as terminal and report ask for the same."""
        if name not in self._known:
            self._known[name] = work()
        found: T = self._known[name]
        return found

    def of_everybody(self) -> Result:
        """Return the rows about group `all`, of which all figures are drawn."""
        tables = {"timeseries": self.timeseries, "effects": self.effects}
        some = {name: table[table["group"] == "all"] for name, table in tables.items()}
        return replace(self, **some)


def assemble(config: SimConfig, records: Runs, cells: Cells) -> Result:
    """Turn what was recorded into tables; the first scenario is compared with the others."""
    main, *others = records
    blocks = {name: _blocks(config, runs) for name, runs in records.items()}
    names = list(records)
    runs = {"scenario": names, "replication": range(config.replications)}
    timeseries = [
        _table(runs, dates, config, series, {"value": np.stack([blocks[n][k][2] for n in names])})
        for k, (dates, series, _) in enumerate(blocks[main])
        if len(dates)
    ]
    effects = [
        _effects(config, main, other, k, blocks)
        for other in others
        for k in range(2)
        if len(blocks[main][k][0])
    ]
    effects += [_changes(config, main, other, records, cells) for other in others]
    return Result(config, _join(timeseries), _join(effects, EFFECTS), _flows(config, records))


_Block = tuple[Sequence[dt.date], list[Series], F64]  # values (replication, date, group, series)


def _blocks(config: SimConfig, runs: Sequence[Observations]) -> tuple[_Block, _Block]:
    """Return the block observed in every step and that observed every month."""
    midnight = dt.datetime.combine(config.start, dt.time())  # steps may be parts of days
    dates = [midnight + dt.timedelta(days=k * config.step_days) for k in range(config.n_steps)]
    months = [first for first, _ in runs[0].months]
    by_step = np.array([run.steps for run in runs])
    by_month = np.array([[values for _, values in run.months] for run in runs])
    return (dates, step_series(config), by_step), (months, month_series(config), by_month)


def _effects(
    config: SimConfig, main: str, other: str, k: int, blocks: dict[str, tuple[_Block, _Block]]
) -> pd.DataFrame:
    dates, series, values = blocks[main][k]
    return _banded(config, main, other, dates, series, values - blocks[other][k][2])


def _banded(
    config: SimConfig, main: str, other: str, dates: Sequence[dt.date], series: list[Series],
    values: F64,
) -> pd.DataFrame:  # fmt: skip
    """Lay out median and band over the first axis, replications."""
    low, median, high = np.quantile(values, (BAND[0], 0.5, BAND[1]), axis=0)
    columns = {"median": median[None], "low": low[None], "high": high[None]}
    table = _table({"scenario": [main]}, dates, config, series, columns)
    table.insert(1, "counterfactual", pd.Categorical([other] * len(table), [other]))
    return table


CHANGES = [Series("any", "any", name) for name in ("newly_exposed", "no_longer_exposed")]


def _changes(
    config: SimConfig, main: str, other: str, records: Runs, cells: Cells
) -> pd.DataFrame:
    """Return whom the policy exposed and whom it hid: the same user in both worlds."""
    n = config.population.n_users
    dates = [date for date, _ in records[main][0].exposed]
    values = np.empty((config.replications, len(dates), len(groups(config)), len(CHANGES)))
    for r, (run, twin) in enumerate(zip(records[main], records[other], strict=True)):
        for d, ((_, here), (_, there)) in enumerate(zip(run.exposed, twin.exposed, strict=True)):
            values[r, d, :, 0] = cells.shares(np.unpackbits(here & ~there, count=n))
            values[r, d, :, 1] = cells.shares(np.unpackbits(there & ~here, count=n))
    return _banded(config, main, other, dates, CHANGES, values)


def _table(
    outer: dict[str, Sequence[Any]], dates: Sequence[dt.date], config: SimConfig,
    series: list[Series], columns: dict[str, F64],
) -> pd.DataFrame:  # fmt: skip
    """Lay a block out as one row a value; axes are `outer`, dates, groups, series."""
    axes = {**outer, "date": dates, "group": groups(config), "series": series}
    shape = [len(axis) for axis in axes.values()]

    def along(axis: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Repeat what stands for each label of an axis in all rows that have the label."""
        place = [-1 if name == axis else 1 for name in axes]
        return np.broadcast_to(values.reshape(place), shape).ravel()

    table: dict[str, Any] = {}
    for name in (*outer, "date", "group"):
        labels = list(axes[name])
        if name == "date":
            table[name] = along(name, np.array(labels, "datetime64[ms]"))
        elif name == "replication":
            table[name] = along(name, np.arange(len(labels), dtype=np.int32))
        else:
            numbers = np.arange(len(labels), dtype=np.min_scalar_type(-len(labels)))
            table[name] = pd.Categorical.from_codes(along(name, numbers), labels)
    for name in Series._fields:
        labels = sorted({getattr(one, name) for one in series})
        of_series = np.array([labels.index(getattr(one, name)) for one in series], np.int8)
        table[name] = pd.Categorical.from_codes(along("series", of_series), labels)
    table |= {name: values.ravel() for name, values in columns.items()}
    return pd.DataFrame(table, copy=False)


def _join(tables: list[pd.DataFrame], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Stack tables whose categories differ; without any, return an empty one with `columns`."""
    if len(tables) < 2:
        return tables[0] if tables else pd.DataFrame(columns=list(columns))
    joined = {}
    for name in tables[0]:
        parts = [table[name] for table in tables]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            parts = [part.array for part in parts]
            joined[name] = pd.api.types.union_categoricals(parts)
        else:
            joined[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(joined, copy=False)


def _flows(config: SimConfig, records: Runs) -> pd.DataFrame:
    names = (*config.messengers, CELLULAR)
    rows = [
        (scenario, replication, flow.from_date, flow.to_date, a, b, flow.table[i, j])
        for scenario, runs in records.items()
        for replication, run in enumerate(runs)
        for flow in run.flows
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if flow.table[i, j] > 0
    ]
    columns = [
        "scenario", "replication", "from_date", "to_date", "from_platform", "to_platform", "share",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    for name in ("from_date", "to_date"):
        table[name] = table[name].astype("datetime64[ms]")
    return table
