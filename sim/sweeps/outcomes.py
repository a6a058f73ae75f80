"""Outcomes that a sweep keeps of a run: every series by calendar month, for chosen groups."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.measures.series import COVERED, Observations, Series, month_series, step_series
from sim.measures.strata import groups

DAY, MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
SCHEMA = pa.schema(
    [("run", pa.int32()), ("date", pa.timestamp("ms"))]
    + [(name, pa.dictionary(pa.int16(), pa.string())) for name in ("group", *Series._fields)]
    + [("value", pa.float64())]
)


def check_outcomes(config: SimConfig, wanted: tuple[str, ...]) -> None:
    """Refuse groups that a society does not have, and a run without outcomes.

    Raises
    ------
    ConfigError
        With what is allowed.
    """
    if not _frame(config.start, config.n_steps, config.step_days, ()).months:
        raise ConfigError(
            f"dur_days={config.dur_days:g} from start={config.start}: covers no calendar "
            "month, by which a sweep keeps outcomes; allowed: a month or more"
        )
    known = groups(config)
    for name in wanted:
        if name not in known:
            raise ConfigError(f"groups: {name}: no such group; allowed: {', '.join(known)}")


def outcomes(config: SimConfig, seen: Observations, run: int, wanted: tuple[str, ...]) -> pa.Table:
    """Return the outcomes of one run, a row a value.

    Monthly reach is as observed; what is observed every step is averaged over calendar months, a
    step weighing by the days of the month that it stands for. Months of which the steps cover less
    than 90 % are left out. A run shorter than that has no outcomes.

    Returns
    -------
    Table with columns of `SCHEMA`; date is the first day of a month.
    """
    frame = _frame(config.start, config.n_steps, config.step_days, tuple(step_series(config)))
    known = groups(config)
    rows = [known.index(name) for name in wanted]
    means = np.zeros((len(frame.months), len(rows), len(frame.series)))
    for weights, values in zip(frame.weights.T, seen.steps, strict=True):  # same order anywhere
        means += weights[:, None, None] * values[rows]
    months = [first for first, _ in seen.months]
    by_month = np.array([values[rows] for _, values in seen.months])
    reach = tuple(month_series(config))
    parts = [
        _table(run, dates, wanted, series, values)
        for dates, series, values in (
            (frame.months, frame.series, means), (tuple(months), reach, by_month),
        )
        if len(dates)
    ]  # fmt: skip
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


class _Frame(NamedTuple):
    """Calendar months of a run and the weights of its steps in them."""

    months: tuple[dt.date, ...]
    series: tuple[Series, ...]
    weights: F64  # (months, steps); rows add up to 1


@lru_cache(maxsize=16)
def _frame(start: dt.date, n_steps: int, step_days: float, series: tuple[Series, ...]) -> _Frame:
    # days since the start; a step stands for the time around it (sim/measures/months.py)
    edges = np.concatenate([[0.0], np.arange(0.5, n_steps - 1), [n_steps]]) * step_days
    first = np.datetime64(start, "M")
    last = np.datetime64(start, "D") + np.timedelta64(int(np.ceil(edges[-1])), "D")
    months = np.arange(first, last.astype("datetime64[M]") + MONTH)
    opens = ((months.astype("datetime64[D]") - np.datetime64(start, "D")) / DAY)[:, None]
    closes = (((months + MONTH).astype("datetime64[D]") - np.datetime64(start, "D")) / DAY)[
        :, None
    ]
    days = np.maximum(np.minimum(edges[1:], closes) - np.maximum(edges[:-1], opens), 0)
    covered = days.sum(axis=1)
    whole = covered >= COVERED * (closes - opens).ravel()
    weights = days[whole] / covered[whole, None]
    dates = tuple(month.astype("datetime64[D]").item() for month in months[whole])
    return _Frame(dates, series, weights)


def _table(
    run: int, dates: tuple[dt.date, ...], wanted: tuple[str, ...], series: tuple[Series, ...],
    values: F64,
) -> pa.Table:  # fmt: skip
    """Lay values of shape (dates, groups, series) out as rows."""
    keys = _keys(dates, wanted, series)
    return pa.Table.from_arrays(
        [pa.array(np.full(values.size, run, np.int32)), *keys, pa.array(values.ravel())],
        schema=SCHEMA,
    )


@lru_cache(maxsize=16)
def _keys(
    dates: tuple[dt.date, ...], wanted: tuple[str, ...], series: tuple[Series, ...]
) -> list[pa.Array]:
    """Return the columns date, group, platform, channel, measure."""
    shape = (len(dates), len(wanted), len(series))
    of_date, of_group, of_series = (codes.ravel() for codes in np.indices(shape, np.int16))
    days = pa.array(np.array(dates, "datetime64[ms]"))
    columns = [days.take(pa.array(of_date)), _coded(of_group, wanted)]
    for name in Series._fields:
        labels = tuple(dict.fromkeys(getattr(one, name) for one in series))
        codes = np.array([labels.index(getattr(one, name)) for one in series], np.int16)
        columns.append(_coded(codes[of_series], labels))
    return columns


def _coded(codes: np.ndarray[tuple[int], np.dtype[np.int16]], labels: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(labels))
