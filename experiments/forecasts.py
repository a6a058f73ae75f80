"""A calibration's posterior beside what was observed: point by point, and forecasts beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.calibrate import Asked, asked_of
from experiments.particles import Particles
from experiments.prior import Prior
from experiments.scores import (
    band,
    crps,
    hazard,
    inside,
    line,
    persistence,
    place,
    quantile,
    rmse,
)  # fmt: skip
from experiments.study import KEPT
from experiments.targets import COMPANY, months, simulated, targets
from sim.errors import ConfigError
from sim.rules.records import F64
from sim.sweeps.folder import SweepFolder

ONLINE = 0.86  # share of internet users among people aged 12+: the ceiling of an app's reach
FITTED, HELD_OUT, NOT_FITTED = "fitted", "held out", "not fitted"
LEVELS = (0.5, 0.9)


class Calibration:
    """What `experiments.calibrate` left in a folder.

    Raises
    ------
    ConfigError
        If there is no posterior.
    """

    def __init__(self, path: Path) -> None:
        if not (path / "posterior.csv").is_file():
            raise ConfigError(f"{path}: no calibration that has come to its end")
        self.path = path
        self.arguments: list[str] = json.loads((path / KEPT).read_text())["arguments"]
        words = [word for word in self.arguments if "=" in word]
        self.asked: Asked = asked_of(words)
        self.wave = SweepFolder(path / "wave")
        self.prior = Prior(self.wave.design)
        self.draws = pd.read_csv(path / "posterior.csv")
        self.fitted = pd.read_csv(path / "targets.csv", parse_dates=["date"])
        self.generations = pd.read_csv(path / "generations.csv")

    @property
    def particles(self) -> Particles:
        """Return the posterior in the unit cube of the prior."""
        places = self.prior.places(self.draws[self.prior.names])
        return Particles(
            places, self.draws["weight"].to_numpy(), self.draws["distance"].to_numpy()
        )

    def seen(self) -> tuple[pd.DataFrame, F64]:
        """Return months of all runs of the posterior (as `targets.months`) and their weights."""
        parts, weights = [], []
        for name, rows in self.draws.groupby("sweep"):
            table = months(SweepFolder(self.path / str(name)))
            weight = rows.set_index("point")["weight"]
            table = table[table.index.get_level_values("point").isin(weight.index)]
            parts.append(table)
            weights.append(weight.loc[table.index.get_level_values("point")].to_numpy())
        joined = np.concatenate(weights)
        return pd.concat(parts), joined / joined.sum()

    def targets(self, seen: pd.DataFrame) -> pd.DataFrame:
        """Return all that was observed within the runs, with a column ``period``."""
        found = targets(self.asked.case)
        dates = seen.columns.get_level_values("date")
        found = found[found["date"].between(dates.min(), dates.max())].reset_index(drop=True)
        keys = ["platform", "measure", "date"]
        was_fitted = found[keys].merge(self.fitted[keys], how="left", indicator=True)["_merge"]
        late = (found["date"] > self.asked.until) & (found["quality"] != COMPANY)
        return found.assign(
            period=np.select([was_fitted == "both", late], [FITTED, HELD_OUT], NOT_FITTED)
        )


def points(wanted: pd.DataFrame, seen: pd.DataFrame, weight: F64) -> pd.DataFrame:
    """Return every target beside its predictive distribution: draws, luck and stated error.

    Returns
    -------
    DataFrame
        Columns of `wanted`, then median, low, high (90 % band) [1], error (median minus observed),
        crps [1], in_50, in_90 (whether the central band holds it).
    """
    rows = []
    for draws, target in zip(simulated(seen, wanted).T, wanted.itertuples(), strict=True):
        at = place(draws, weight, target.sd, target.value)
        low, high = band(draws, weight, target.sd, LEVELS[1])
        median = quantile(draws, weight, 0.5)
        score = crps(draws, weight, target.sd, target.value)
        covered = [inside(at, level) for level in LEVELS]
        rows.append((median, low, high, median - target.value, score, *covered))
    columns = ["median", "low", "high", "error", "crps", "in_50", "in_90"]
    return pd.concat([wanted, pd.DataFrame(rows, columns=columns)], axis=1)


def scores(found: pd.DataFrame) -> pd.DataFrame:
    """Return scores by period, platform and measure: n, rmse, crps [points], shares covered."""
    groups = found.groupby(["period", "platform", "measure"])
    table = groups.agg(
        n=("error", "size"),
        rmse=("error", lambda errors: 100 * rmse(errors.to_numpy())),
        crps=("crps", lambda values: 100 * values.mean()),
        in_50=("in_50", "mean"),
        in_90=("in_90", "mean"),
    )
    return table.reset_index()


def naive(found: pd.DataFrame, platform: str) -> pd.Series:
    """Return the error of forecasts that know monthly reach alone: rmse [points] by name."""
    rows = found[(found["platform"] == platform) & (found["measure"] == "mau")]
    known, later = (rows[rows["period"] == period] for period in (FITTED, HELD_OUT))
    month, shares = _months(known), known["value"].to_numpy()
    at, truth = _months(later), later["value"].to_numpy()
    made = {
        "persistence": np.full(len(at), persistence(shares)),
        "line, last 2": line(month, shares, at, 2),
        "line, last 3": line(month, shares, at, 3),
        "line, all": line(month, shares, at, len(month)),
        f"constant hazard to {ONLINE:g}": hazard(month, shares, at, ONLINE),
    }
    return pd.Series({name: 100 * rmse(forecast - truth) for name, forecast in made.items()})


def _months(rows: pd.DataFrame) -> F64:
    return (12 * rows["date"].dt.year + rows["date"].dt.month).to_numpy(float)


def bands(seen: pd.DataFrame, weight: F64) -> pd.DataFrame:
    """Return reach by month with bands over draws and luck, without the stated error.

    Returns
    -------
    DataFrame
        platform, measure, date, then the weighted quantiles q05, q25, q50, q75, q95 [1].
    """
    at = (0.05, 0.25, 0.5, 0.75, 0.95)
    rows = [
        (platform, measure, date, *(quantile(seen[key].to_numpy(), weight, q) for q in at))
        for key in seen.columns
        for platform, _, measure, date in [key]
        if measure in ("mau", "dau")
    ]
    names = [f"q{round(100 * q):02}" for q in at]
    return pd.DataFrame(rows, columns=["platform", "measure", "date", *names])


def misfit(wanted: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """Return the error of the mean of unweighted draws: rmse [points] by period and platform."""
    error = simulated(seen, wanted).mean(axis=0) - wanted["value"].to_numpy()
    reach = wanted.assign(error=error)[wanted["measure"].isin(["mau", "dau"])]
    reach = reach[reach["period"] != NOT_FITTED]
    groups = reach.groupby(["period", "platform"])["error"]
    return groups.agg(lambda errors: 100 * rmse(errors.to_numpy()))
