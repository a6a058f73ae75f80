"""Results of runs as tidy tables."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from sim.base.units import BAND
from sim.config.draws import drawn
from sim.config.parameters import Behaviour
from sim.config.platforms import CHANNELS
from sim.config.sim_config import SimConfig
from sim.engine.accumulators import BENEFIT_STEPS
from sim.kernel.arrays import F64, I16
from sim.measures.measure import Measure
from sim.measures.registry import measures, paired_measures
from sim.measures.series import Observations, Series, month_series, step_series
from sim.measures.strata import Strata, groups

Runs = Mapping[str, Sequence[Observations]]  # scenario -> its replications
EFFECTS = (
    "scenario", "counterfactual", "date", "group", "platform", "channel", "measure",
    "median", "low", "high",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Tables:
    """The tables of a run or comparison, and what is derived from them."""

    config: SimConfig
    timeseries: pd.DataFrame
    effects: pd.DataFrame
    flows: pd.DataFrame
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once[T](self, name: str, work: Callable[[], T]) -> T:
        """Return the result of `work`, cached under `name` for terminal and report."""
        if name not in self._known:
            self._known[name] = work()
        found: T = self._known[name]
        return found

    def of_everybody(self) -> Self:
        """Return the rows of group `all`, from which figures are drawn."""
        tables = {"timeseries": self.timeseries, "effects": self.effects}
        some = {name: table[table["group"] == "all"] for name, table in tables.items()}
        return replace(self, **some)


def assemble(config: SimConfig, records: Runs, strata: Sequence[Strata]) -> Tables:
    """Turn observations into tables; the first scenario is compared with the others.

    Parameters
    ----------
    config : SimConfig
        Configuration of the runs.
    records : dict
        By scenario the observations of each replication (`simulation.recorder.observations`).
    strata : sequence of Strata
        Of the users of each replication, whose scenarios share them.

    Raises
    ------
    ValueError
        If the number of runs of a scenario, or of their steps, differs from `config`, or runs to
        be compared have kept nothing to compare, as ``compare_to`` was empty.
    """
    whole = [config.n_steps] * config.replications
    for name, runs_of in records.items():
        taken = [len(run.steps) for run in runs_of]
        if taken != whole:
            raise ValueError(f"{name}: runs of {taken} steps; allowed: {whole}")
        if len(records) > 1 and any(len(run.benefits) != len(run.months) for run in runs_of):
            raise ValueError(f"{name}: compare_to=[] in its runs; allowed: any other scenario")
    main, *others = records
    blocks = {name: _blocks(config, runs) for name, runs in records.items()}
    for reference in others[:1]:
        there = blocks[reference], records[reference]
        blocks = {
            name: _with_paired(config, (of, records[name]), there, strata)
            for name, of in blocks.items()
        }
    runs = {"scenario": list(records), "replication": range(config.replications)}
    timeseries = [
        _rows(config, runs, dates, series, value=np.stack([of[k][2] for of in blocks.values()]))
        for k, (dates, series, _) in enumerate(blocks[main])
        if len(dates)
    ]
    effects = [
        _banded(config, main, other, dates, series, values - blocks[other][k][2])
        for other in others
        for k, (dates, series, values) in enumerate(blocks[main])
        if len(dates)
    ]
    effects += [_changes(config, main, other, records, strata) for other in others]
    return Tables(config, _table(timeseries), _table(effects), _flows(config, records))


_Block = tuple[Sequence[dt.date], list[Series], F64]  # values (replication, date, group, series)


def _blocks(config: SimConfig, runs: Sequence[Observations]) -> tuple[_Block, _Block]:
    """Return the block observed in every step and that observed every month."""
    dates = [config.step_begins(step) for step in range(config.n_steps)]
    months = [first for first, _ in runs[0].months]
    by_step = np.array([run.steps for run in runs])
    by_month = np.array([[values for _, values in run.months] for run in runs])
    return (dates, step_series(config), by_step), (months, month_series(config), by_month)


_Runs = tuple[tuple[_Block, _Block], Sequence[Observations]]  # of one scenario


def _with_paired(
    config: SimConfig, here: _Runs, there: _Runs, strata: Sequence[Strata]
) -> tuple[_Block, _Block]:
    """Return the blocks of a scenario with the measures that compare it with a reference."""
    (by_step, by_month), runs = here
    (step_there, _), runs_there = there
    steps, months = paired_measures("step"), paired_measures("month")
    use = _use(config, by_step), _use(config, step_there)
    with np.errstate(invalid="ignore", divide="ignore"):  # a group may be empty: NaN
        found = [_of(one)(*use).reshape(*by_step[2].shape[:3], -1) for one in steps]
    by_step = _joined(config, by_step, steps, np.concatenate(found, axis=-1))
    if len(by_month[0]):
        behaviours = [drawn(config, r).behaviour for r in range(config.replications)]
        shares = [
            [
                _compared(months, *both, behaviour, users)
                for both in zip(a.benefits, b.benefits, strict=True)
            ]
            for a, b, behaviour, users in zip(runs, runs_there, behaviours, strata, strict=True)
        ]
        by_month = _joined(config, by_month, months, np.array(shares))
    return by_step, by_month


def _joined(config: SimConfig, block: _Block, more: Sequence[Measure], values: F64) -> _Block:
    """Return a block with the values of more measures."""
    dates, series, known = block
    added = [one for measure in more for one in measure.series(config)]
    return dates, [*series, *added], np.concatenate([known, values], axis=-1)


def _use(config: SimConfig, by_step: _Block) -> F64:
    """Return the use of all platforms: (n replications, n steps, n groups, 2, P + 1)."""
    _, series, values = by_step
    columns = [[series.index(Series(p, c, "use")) for p in config.carriers] for c in CHANNELS]
    return np.asarray(values[..., columns])


def _compared(
    months: Sequence[Measure], here: I16, there: I16, behaviour: Behaviour, strata: Strata
) -> F64:
    """Return the shares of users of whom each measure holds, in a month: (n groups, n)."""
    in_utils = (one.astype(np.float32) / BENEFIT_STEPS for one in (here, there))
    both = tuple(in_utils)
    return np.stack([strata.shares(_of(one)(*both, behaviour)) for one in months], axis=-1)


def _of(measure: Measure) -> Callable[..., np.ndarray[Any, Any]]:
    assert measure.value is not None
    return measure.value


class _Rows(NamedTuple):
    """Rows of a table: its columns' values for all labels along some axes."""

    axes: dict[str, Sequence[Any]]  # any, then date, group, series
    columns: dict[str, F64]

    @property
    def shape(self) -> list[int]:
        return [len(labels) for labels in self.axes.values()]


def _rows(
    config: SimConfig, outer: Mapping[str, Sequence[Any]], dates: Sequence[dt.date],
    series: Sequence[Series], **columns: F64,
) -> _Rows:  # fmt: skip
    axes = {**outer, "date": dates, "group": groups(config), "series": series}
    return _Rows(axes, columns)


def _banded(
    config: SimConfig, main: str, other: str, dates: Sequence[dt.date], series: Sequence[Series],
    values: F64,
) -> _Rows:  # fmt: skip
    """Return median and band over the first axis, replications."""
    low, median, high = np.quantile(values, list(BAND.values()), axis=0)
    pair = {"scenario": [main], "counterfactual": [other]}
    return _rows(config, pair, dates, series, median=median, low=low, high=high)


_CHANGES = [one for one in measures() if one.every == "change"]
CHANGES = [Series("any", "any", one.name) for one in _CHANGES]


def _changes(
    config: SimConfig, main: str, other: str, records: Runs, strata: Sequence[Strata]
) -> _Rows:
    """Return the shares of users exposed in only one of the two scenarios."""
    n = config.population.n_users
    dates = [date for date, _ in records[main][0].exposed]
    values = np.empty((config.replications, len(dates), len(groups(config)), len(CHANGES)))
    for r, (run, counterfactual) in enumerate(zip(records[main], records[other], strict=True)):
        for d, ((_, here), (_, there)) in enumerate(
            zip(run.exposed, counterfactual.exposed, strict=True)
        ):
            for k, measure in enumerate(_CHANGES):
                flags = np.unpackbits(_of(measure)(here, there), count=n)
                values[r, d, :, k] = strata[r].shares(flags)
    return _banded(config, main, other, dates, CHANGES, values)


def _table(parts: Sequence[_Rows]) -> pd.DataFrame:
    """Concatenate parts to a table, one row a value; without parts, return an empty one.

    Each column is allocated once at its final size, as allocation takes longer than filling.
    """
    if not parts:
        return pd.DataFrame(columns=list(EFFECTS))
    table: dict[str, Any] = {}
    *outer, series = parts[0].axes
    for name in outer:
        labels = [part.axes[name] for part in parts]
        if name == "date":
            dates = [np.array(list(some), "datetime64[ms]") for some in labels]
            table[name] = _column(parts, dates, name)
        elif name == "replication":
            numbers = [np.arange(len(some), dtype=np.int32) for some in labels]
            table[name] = _column(parts, numbers, name)
        else:
            table[name] = _names(parts, labels, name, labels)
    for name in Series._fields:
        labels = [[getattr(one, name) for one in part.axes[series]] for part in parts]
        table[name] = _names(parts, labels, series, [sorted(some) for some in labels])
    for name in parts[0].columns:
        table[name] = _column(parts, [part.columns[name] for part in parts])
    return pd.DataFrame(table, copy=False)


def _names(
    parts: Sequence[_Rows], labels: Sequence[Sequence[str]], axis: str,
    in_order: Sequence[Sequence[str]],
) -> pd.Categorical:  # fmt: skip
    """Return the column of the `labels` along an axis, categories as they come `in_order`."""
    codes = {name: k for k, name in enumerate(dict.fromkeys(chain.from_iterable(in_order)))}
    kind = np.min_scalar_type(-len(codes))
    by_part = [np.array([codes[name] for name in some], kind) for some in labels]
    return pd.Categorical.from_codes(_column(parts, by_part, axis), list(codes))


def _column(
    parts: Sequence[_Rows], values: Sequence[np.ndarray[Any, Any]], axis: str | None = None
) -> np.ndarray[Any, Any]:
    """Return a column with the `values` of each part: one a row, or one a label of an axis."""
    ends = np.cumsum([0, *(math.prod(part.shape) for part in parts)])
    column = np.empty(ends[-1], values[0].dtype)
    for part, some, rows in zip(parts, values, pairwise(ends), strict=True):
        place = [-1 if name == axis else 1 for name in part.axes] if axis else part.shape
        column[slice(*rows)].reshape(part.shape)[...] = some.reshape(place)
    return column


def _flows(config: SimConfig, records: Runs) -> pd.DataFrame:
    names = config.carriers
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
