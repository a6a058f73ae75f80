"""Residuals: simulated minus observed, in percentage points and in standard deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.base.errors import ConfigError
from sim.base.units import BAND
from sim.config.sim_config import SimConfig
from sim.observation.months import monthly_mean
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
        figure; error_points (100 (median - value): percentage points, or percent of a change);
        standardised ((median + bias - value) / sigma). All NaN where the outcomes lack the month,
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
    table["error_points"] = 100.0 * (table["median"] - table["value"])
    table["standardised"] = (table["median"] + table["bias"] - table["value"]) / table["sigma"]
    return table


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
    series = _monthly(outcomes, observed)
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


def _monthly(outcomes: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Return the monthly series that the figures need: index month and run, a column a series."""
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
    if "run" not in rows:
        is_monthly = flat["platform"].str.endswith("/mau")
        flat = pd.concat([flat[is_monthly], monthly_mean(flat[~is_monthly])])
    flat = flat.rename(columns={"replication": "run"})
    return flat.pivot_table(index=["date", "run"], columns="platform", values="value")


def _keys(row: Any) -> tuple[Key, ...]:
    """Return the series that the operator of a figure uses."""
    operator = OPERATORS[row.operator]
    divisor = operator.divisor(row.platform)
    return (*operator.keys(row.platform), *((divisor,) if divisor else ()))


def _reading(series: pd.DataFrame, row: Any) -> pd.Series:
    """Return the simulated figure by run; empty if the outcomes lack a series or month."""
    operator = OPERATORS[row.operator]
    needed = ["/".join((group, *key)) for group in row.weights for key in _keys(row)]
    months = series.index.get_level_values("date")
    dates = [row.date, row.until] if operator.is_change else [row.date]
    if not set(needed) <= set(series.columns) or not set(dates) <= set(months):
        return pd.Series(dtype=float)

    def total(keys: tuple[Key, ...]) -> pd.Series:
        columns = {"/".join((g, *k)): w for g, w in row.weights.items() for k in keys}
        return series[list(columns)] @ pd.Series(columns)

    level = total(operator.keys(row.platform))
    divisor = operator.divisor(row.platform)
    if divisor:
        level = level / total((divisor,))
    if not operator.is_change:
        return level.xs(row.date)
    return level.xs(row.until) / level.xs(row.date) - 1.0
