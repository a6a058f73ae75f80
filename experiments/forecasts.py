"""Posterior of a calibration compared with observations, and with naive forecasts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import ndtri

from experiments.base_study import KEPT
from experiments.calibrate import asked_of
from experiments.calibration import CalibrationOptions, Record
from experiments.prior import Prior
from experiments.scores import band, crps, hazard, inside, line, place, rmse
from experiments.targets import COMPANY, last_days, months, simulated, targets
from sim.base.errors import ConfigError
from sim.kernel.arrays import F64
from sim.sweeps.folder import SweepFolder

ONLINE = 0.86  # share of internet users among people aged 12+: the ceiling of an app's reach
FITTED, HELD_OUT, NOT_FITTED = "fitted", "held out", "not fitted"
LEVELS = (0.5, 0.9)
WITHIN = float(ndtri((1 + LEVELS[1]) / 2))  # standard deviations of a normal error on either side


class PosteriorRuns(NamedTuple):
    """What draws from a posterior give: a row a run, all of equal weight.

    Attributes
    ----------
    months : DataFrame
        As `targets.months` returns.
    discrepancy : ndarray, shape (n runs,)
        sd of what the model leaves out, as learnt with the draw [1].
    """

    months: pd.DataFrame
    discrepancy: F64

    @classmethod
    def of(cls, draws: pd.DataFrame, months: pd.DataFrame) -> Self:
        """Join draws (point, discrepancy) with what their runs give."""
        of_point = draws.set_index("point")["discrepancy"]
        return cls(months, of_point.loc[months.index.get_level_values("point")].to_numpy())

    @property
    def weight(self) -> F64:
        """Return the weight of each run, shape (n runs,)."""
        return np.full(len(self.months), 1 / len(self.months))


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
        self.options: CalibrationOptions = asked_of(words)
        self.wave = SweepFolder(path / "wave")
        self.prior = Prior(self.wave.design)
        self.draws = pd.read_csv(path / "posterior.csv")
        self.fitted = pd.read_csv(path / "targets.csv", parse_dates=["date"])
        self.generations = pd.read_csv(path / "generations.csv")

    @property
    def share_left(self) -> float:
        """Return the share of the wave that history matching does not rule out."""
        return float(pd.read_csv(self.path / "left.csv")["share"].iloc[0])

    @property
    def left_out(self) -> str:
        """Return the quality of figures that were not fitted."""
        return "" if "--claims" in self.arguments else COMPANY

    @property
    def scores(self) -> F64:
        """Return the draws in the normal scores of the prior, shape (n draws, k)."""
        return self.prior.scores(self.draws)

    def simulated(self, record: Record) -> tuple[F64, F64]:
        """Return all points that were simulated, scores (n, k) and outputs (n, m)."""
        names = ["wave", *(f"generation_{g:02}" for g in self.generations["generation"])]
        sweeps = [SweepFolder(self.path / name) for name in names]
        points = [sweep.runs.drop_duplicates("point")[self.prior.names] for sweep in sweeps]
        outputs = [record.outputs(sweep) for sweep in sweeps]
        return self.prior.scores(pd.concat(points)), np.concatenate(outputs)

    def posterior_runs(self) -> PosteriorRuns:
        """Return what the draws give."""
        sweep = SweepFolder(self.path / str(self.draws["sweep"].iloc[0]))
        return PosteriorRuns.of(self.draws, months(sweep))

    def targets(self, seen: pd.DataFrame) -> pd.DataFrame:
        """Return all that was observed within the runs, with a column ``period``."""
        found = targets(self.options.case)
        dates = seen.columns.get_level_values("date")
        found = found[found["date"].between(dates.min(), dates.max())].reset_index(drop=True)
        keys = ["platform", "measure", "date"]
        was_fitted = found[keys].merge(self.fitted[keys], how="left", indicator=True)["_merge"]
        late = (last_days(found["date"]) > self.options.until) & (found["quality"] != COMPANY)
        return found.assign(
            period=np.select([was_fitted == "both", late], [FITTED, HELD_OUT], NOT_FITTED)
        )


def points(wanted: pd.DataFrame, posterior: PosteriorRuns) -> pd.DataFrame:
    """Return every target with its predictive distribution: draws, and both errors.

    Returns
    -------
    DataFrame
        Columns of `wanted`, then median, low, high (90 % band) [1], error (median minus observed),
        crps [1], in_50, in_90 (whether the central band holds it).
    """
    rows, weight = [], posterior.weight
    for draws, target in zip(
        simulated(posterior.months, wanted).T, wanted.itertuples(), strict=True
    ):
        sd = np.hypot(target.sd, posterior.discrepancy)
        at = place(draws, weight, sd, target.value)
        low, high = band(draws, weight, sd, LEVELS[1])
        median = np.quantile(draws, 0.5, method="inverted_cdf")
        score = crps(draws, weight, sd, target.value)
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
        "persistence": np.full(len(at), shares[-1]),
        "line, last 2": line(month, shares, at, 2),
        "line, last 3": line(month, shares, at, 3),
        "line, all": line(month, shares, at, len(month)),
        f"constant hazard to {ONLINE:g}": hazard(month, shares, at, ONLINE),
    }
    return pd.Series({name: 100 * rmse(forecast - truth) for name, forecast in made.items()})


def _months(rows: pd.DataFrame) -> F64:
    return np.asarray(12 * rows["date"].dt.year + rows["date"].dt.month, float)


def bands(posterior: PosteriorRuns) -> pd.DataFrame:
    """Return reach by month with bands over draws, without the errors.

    Returns
    -------
    DataFrame
        platform, measure, date, then the quantiles q05, q25, q50, q75, q95 [1].
    """
    at = (0.05, 0.25, 0.5, 0.75, 0.95)
    rows = [
        (platform, measure, date, *np.quantile(posterior.months[key], at))
        for key in posterior.months.columns
        for platform, _, measure, date in [key]
        if measure in ("mau", "dau")
    ]
    names = [f"q{round(100 * q):02}" for q in at]
    return pd.DataFrame(rows, columns=["platform", "measure", "date", *names])


def misfit(wanted: pd.DataFrame, posterior: PosteriorRuns) -> pd.Series:
    """Return the error of the median: rmse of reach [points] by period and platform."""
    error = np.median(simulated(posterior.months, wanted), axis=0) - wanted["value"].to_numpy()
    reach = wanted.assign(error=error)[wanted["measure"].isin(["mau", "dau"])]
    reach = reach[reach["period"] != NOT_FITTED]
    groups = reach.groupby(["period", "platform"])["error"]
    return groups.agg(lambda errors: 100 * rmse(errors.to_numpy()))


def reachable(wanted: pd.DataFrame, prior: pd.DataFrame, posterior: PosteriorRuns) -> pd.DataFrame:
    """Return whether any parameters could make the change since the last month that was fitted.

    Parameters
    ----------
    wanted : DataFrame
        Targets with a column ``period``.
    prior : DataFrame
        Months of points that fill the prior, as `targets.months` returns.
    posterior : PosteriorRuns
        Of the posterior.

    Returns
    -------
    DataFrame
        A row a month held out of each platform of which some month was fitted: platform, date,
        since, observed, error (half the 90 % interval of that, from the stated errors of both
        months), then the 5 %, 50 % and 95 % quantiles of prior and posterior, in points.
    """
    rows = []
    mau = wanted[wanted["measure"] == "mau"]
    for name, held in mau[mau["period"] == HELD_OUT].groupby("platform"):
        before = mau[(mau["platform"] == name) & (mau["period"] == FITTED)]
        if before.empty:
            continue  # there is nothing that it changes from
        last = before.iloc[-1]
        for target in held.itertuples():
            entry = {"platform": name, "date": target.date, "since": last.date}
            entry["observed"] = 100 * (target.value - last.value)
            entry["error"] = 100 * WITHIN * np.hypot(target.sd, last.sd)
            for law, table in (("prior", prior), ("posterior", posterior.months)):
                rise = (
                    table[name, "any", "mau", target.date] - table[name, "any", "mau", last.date]
                )
                for q in (0.05, 0.5, 0.95):
                    entry[f"{law}_{round(100 * q):02}"] = 100 * rise.quantile(q)
            rows.append(entry)
    return pd.DataFrame(rows)
