"""Residuals: simulated minus observed, in percentage points and in standard deviations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.base.errors import ConfigError
from sim.base.units import BAND
from sim.config.sim_config import SimConfig
from sim.measures.series import COVERED
from sim.observation.months import DAY, monthly_mean
from sim.observation.operators import OPERATORS, Key
from sim.policies.grades import restricted, shut

SERIES = ["group", "platform", "channel", "measure"]
SCORE = ["use", "platform", "operator"]
FAR = 3.0  # standard deviations of the source; figures further off are missed


def residuals(outcomes: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Compare every observed figure with its simulated value.

    Parameters
    ----------
    outcomes : DataFrame
        Of one scenario: the `timeseries` of a result, or the monthly outcomes of a sweep with
        `run` in place of `replication`. `connection_success` needs the rows of `available`.
    observed : DataFrame, as of `sim.observation.observed.observations`

    Returns
    -------
    DataFrame
        The rows of `observed` with median, low and high (5 and 95 % over runs) of the simulated
        figure; error_points (100 (median - value): percentage points, or percent of a change; 0
        on the right side of a bound); standardised ((error_points / 100 + bias) / sigma; 0 where
        a bound holds). All NaN where the outcomes lack the month,
        the group or the series.

    Raises
    ------
    ConfigError
        If the outcomes are of several scenarios, which must not be pooled.
    """
    read = readings(outcomes, observed)
    if read.columns.empty:  # no runs, or no figures
        bands = pd.DataFrame(np.nan, read.index, list(BAND))
    else:
        bands = read.quantile(list(BAND.values()), axis=1).T.set_axis(list(BAND), axis=1)
    table = observed.join(bands)
    error = table["median"] - table["value"]
    holds = bound_holds(table["bound"], error)
    table["error_points"] = 100.0 * error.mask(holds, 0.0)
    table["standardised"] = ((error + table["bias"]) / table["sigma"]).mask(holds, 0.0)
    return table


def bound_holds(bound: pd.Series, error: pd.Series) -> pd.Series:
    """Return where the record is a bound (`<` or `>`) and the error is on its right side."""
    return (bound == "<") & (error < 0.0) | (bound == ">") & (error > 0.0)


def missed(table: pd.DataFrame) -> pd.Series:
    """Return which figures are more than `FAR` standard deviations off.

    Parameters
    ----------
    table : DataFrame, as of `residuals`
    """
    return table["standardised"].abs() > FAR


def readings(outcomes: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Return the simulated value of every figure in every run.

    Parameters
    ----------
    outcomes, observed : DataFrame
        As of `residuals`.

    Returns
    -------
    DataFrame, shape (n_figures, n_runs)
        Index as of `observed`, columns run (or replication); NaN where a run lacks the series.

    Raises
    ------
    ConfigError
        As `residuals`.
    """
    scenarios = sorted(map(str, outcomes["scenario"].unique())) if "scenario" in outcomes else []
    if len(scenarios) > 1:
        found = ", ".join(scenarios)
        raise ConfigError(f"outcomes of several scenarios: {found}; allowed: those of one")
    series = _simulated(outcomes, observed)
    of_run = outcomes["run" if "run" in outcomes else "replication"]
    runs = pd.Index(of_run.unique(), name="run").sort_values()
    rows = [_reading(series, row).reindex(runs) for row in observed.itertuples()]
    return pd.DataFrame(rows, index=observed.index, columns=runs, dtype=float)


def score(table: pd.DataFrame) -> pd.DataFrame:
    """Return the size of the errors by use, platform and operator.

    Parameters
    ----------
    table : DataFrame, as of `residuals`

    Returns
    -------
    DataFrame, index use, platform, operator
        n (simulated figures), points and sigmas (root mean square errors in percentage points and
        in standard deviations).
    """
    rows = table[table["median"].notna()]
    squares = rows.assign(points=rows["error_points"] ** 2, sigmas=rows["standardised"] ** 2)
    scores = squares.groupby(SCORE).agg(
        n=("points", "size"), points=("points", "mean"), sigmas=("sigmas", "mean")
    )
    scores[["points", "sigmas"]] = np.sqrt(scores[["points", "sigmas"]])
    return scores


def available(config: SimConfig) -> pd.DataFrame:
    """Return the share of messages that succeed without VPN or proxy, as policies set it.

    Returns
    -------
    DataFrame, columns as of a run's `timeseries`
        Group `all`, by step, for every replication; mean over regions by their size. Compliance
        that depends on lost users is ignored.
    """
    policies = [policy for policy in config.policies.values() if policy.waits_for() is None]
    sizes = np.array(list(config.population.regions.values()))
    rows = []
    for step in range(config.n_steps):
        span, date = config.step_span(step), config.step_begins(step)
        # the same formula as for users in sim/engine/policy_schedule.py
        through = (1.0 - restricted(config, policies, span)) * (1.0 - shut(config, policies, span))
        fails = 1.0 - through
        passing = 1.0 - np.tensordot(sizes, fails[:, 0], 1)  # messages, by messenger
        rows += [
            (config.scenario, r, date, "all", name, "message", "available", passing[p])
            for r in range(config.replications)
            for p, name in enumerate(config.messengers)
        ]
    columns = ["scenario", "replication", "date", *SERIES, "value"]
    return pd.DataFrame(rows, columns=columns).astype({"date": "datetime64[ms]"})


class _Simulated(NamedTuple):
    """The series that figures need, by month and by step; a column a series."""

    months: pd.DataFrame  # index date (first day) and run
    steps: pd.DataFrame  # index date (first day) and run; empty if the outcomes are monthly

    def mean(self, columns: dict[str, float], period: pd.Period) -> pd.Series:
        """Return a weighted sum of series by run, its mean over a period; empty if unknown.

        A day or week is read from the steps that it lies in, if the series has steps; otherwise
        the mean of all months that the period touches counts.
        """
        names = list(columns)
        if period.freqstr[0] in "DW" and set(names) <= set(self.steps.columns):
            rows = _window(self.steps[names].dropna(), period)
        else:
            wanted = pd.period_range(period.start_time, period.end_time, freq="M").to_timestamp()
            have = self.months.index.get_level_values("date")
            if not set(names) <= set(self.months.columns) or not wanted.isin(have).all():
                return pd.Series(dtype=float)
            rows = self.months.loc[have.isin(wanted), names].groupby(level="run").mean()
        return rows @ pd.Series(columns)


def _window(steps: pd.DataFrame, period: pd.Period) -> pd.DataFrame:
    """Return the mean over a period by run, each step weighted by its days in it."""
    dates = steps.index.get_level_values("date").unique().sort_values()
    if len(dates) < 2:  # a single step has no length
        return steps.iloc[:0].droplevel("date")
    ends = dates[1:].append(pd.DatetimeIndex([dates[-1] + (dates[-1] - dates[-2])]))
    begin, end = period.start_time, (period + 1).start_time
    days = [
        max((min(b, end) - max(a, begin)) / DAY, 0.0) for a, b in zip(dates, ends, strict=True)
    ]
    weight = pd.Series(days, dates)
    if weight.sum() < COVERED * ((end - begin) / DAY):
        return steps.iloc[:0].droplevel("date")
    share = weight / weight.sum()
    return steps.mul(share, axis=0, level="date").groupby(level="run").sum()


def _simulated(outcomes: pd.DataFrame, observed: pd.DataFrame) -> _Simulated:
    """Return the series that the figures need."""
    needed = {
        (group, *key)
        for row in observed.itertuples()
        for group in row.weights
        for key in _keys(row)
    }
    names = {"/".join(series) for series in needed}
    wanted = [outcomes[n].isin({one[k] for one in needed}) for k, n in enumerate(SERIES)]
    rows = outcomes[np.logical_and.reduce(wanted)] if needed else outcomes.iloc[:0]
    label = rows["group"].astype(str)
    for name in SERIES[1:]:
        label = label + "/" + rows[name].astype(str)
    run = rows["run"] if "run" in rows else rows["replication"]
    flat = pd.DataFrame(
        {"date": rows["date"], "platform": label, "replication": run, "value": rows["value"]}
    )
    flat = flat[label.isin(names)]
    steps = flat.iloc[:0]
    if "run" not in rows:
        is_monthly = flat["platform"].str.endswith("/mau")
        steps = flat[~is_monthly]
        flat = pd.concat([flat[is_monthly], monthly_mean(steps)])
    return _Simulated(_wide(flat), _wide(steps))


def _wide(flat: pd.DataFrame) -> pd.DataFrame:
    flat = flat.rename(columns={"replication": "run"})
    return flat.pivot_table(index=["date", "run"], columns="platform", values="value")


def _keys(row: Any) -> tuple[Key, ...]:
    """Return the series that the operator of a figure uses."""
    operator = OPERATORS[row.operator]
    divisor = operator.divisor(row.platform, row.base)
    return (*_summed(row), *((divisor,) if divisor else ()))


def _summed(row: Any) -> tuple[Key, ...]:
    """Return the series whose sum the figure is, of each platform that it names."""
    platforms = row.platform.split("+")
    return tuple(key for name in platforms for key in OPERATORS[row.operator].keys(name))


def _reading(simulated: _Simulated, row: Any) -> pd.Series:
    """Return the simulated figure by run; empty if the outcomes lack a series or period."""
    divisor = OPERATORS[row.operator].divisor(row.platform, row.base)

    def columns(keys: tuple[Key, ...]) -> dict[str, float]:
        return {"/".join((g, *k)): w for g, w in row.weights.items() for k in keys}

    def level(period: pd.Period) -> pd.Series:
        total = simulated.mean(columns(_summed(row)), period)
        return total / simulated.mean(columns((divisor,)), period) if divisor else total

    if not OPERATORS[row.operator].is_change:
        return level(row.period)
    before, after = level(row.period), level(row.until_period)
    return after - before if row.in_points else after / before - 1.0
