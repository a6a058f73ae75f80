"""Points of a prior, simulated by the sweeps of a study and compared with observations."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.base_study import Study
from experiments.history_matching import (
    LIMIT,
    Observed,
    Step,
    WaveSizes,
    implausibility,
    match_history,
)
from experiments.likelihood import SCALE, discrepancies
from experiments.prior import Prior
from experiments.targets import COMPANY, last_days, months, simulated, targets
from sim.base.errors import ConfigError
from sim.kernel.arrays import F64
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request


class CalibrationOptions(NamedTuple):
    """What a calibration is about."""

    case: str
    until: pd.Timestamp
    rest: list[str]  # overrides of the sweeps


class Record:
    """What was observed from the start of a run until the date, but for figures of one quality."""

    def __init__(
        self, options: CalibrationOptions, start: dt.date, left_out: str = COMPANY
    ) -> None:
        found = targets(options.case)
        begun = found["date"] >= pd.Timestamp(start.replace(day=1))
        over = last_days(found["date"]) <= options.until  # a month's mean knows all of its days
        kept = begun & over & (found["quality"] != left_out)
        self.targets = found[kept].reset_index(drop=True)
        if len(self.targets) < 2:
            raise ConfigError(f"until={options.until:%Y-%m-%d}: fewer than two points by then")

    @property
    def observed(self) -> Observed:
        """Return the figures as arrays."""
        t = self.targets
        shares = t["since"].isna().to_numpy()  # and not changes
        return Observed(t["value"].to_numpy(), t["sd"].to_numpy(), shares)

    def outputs(self, sweep: SweepFolder) -> F64:
        """Return what each point of a sweep gives, replications averaged, shape (n, m)."""
        return simulated(months(sweep).groupby("point").mean(), self.targets)


class CalibrationResult(NamedTuple):
    """What a fit leaves.

    Attributes
    ----------
    draws
        The posterior: sweep and point of each draw, discrepancy [1], then the parameters.
    left
        By parameter: lowest and highest value among points of the wave that are not ruled out.
    share
        Of the points of the wave that are not ruled out.
    """

    draws: pd.DataFrame
    history: list[Step]
    left: pd.DataFrame
    share: float


class Calibrator:
    """A fit whose sweeps lie in a study, under names that begin with `under`."""

    def __init__(self, study: Study, request: Request, record: Record, under: str = "") -> None:
        self._study, self._request, self._record, self._under = study, request, record, under
        self._design, self.prior = request.design, Prior(request.design)

    def fit(self, sizes: WaveSizes) -> CalibrationResult:
        """Simulate wave and generations; the last is the posterior."""
        observed, seed = self._record.observed, self._design.seed
        wave = self._study.sweep(self._name(0), self._request)
        points = wave.runs.drop_duplicates("point")[self.prior.names]
        closed = match_history(self._outputs, self.prior.scores(points), observed, sizes, seed)
        errors = closed.outputs - observed.value
        variance = observed.sd**2 + closed.variance  # draws miss by what the emulator errs, too
        rows = pd.DataFrame({
            "sweep": self._name(sizes.generations),
            "point": np.arange(sizes.new),
            "discrepancy": discrepancies(errors, variance, np.random.default_rng((seed, 0))),
        })  # fmt: skip
        draws = pd.concat([rows, self.prior.values(closed.scores)], axis=1)
        far = self._outputs(0, closed.scores) - observed.value
        kept = implausibility(far, np.hypot(observed.sd, SCALE)) < LIMIT
        ends = points[kept].agg(["min", "max"]).T.rename_axis("parameter").reset_index()
        return CalibrationResult(draws, closed.history, ends, float(kept.mean()))

    def _name(self, generation: int) -> str:
        return self._under + (f"generation_{generation:02}" if generation else "wave")

    def _outputs(self, generation: int, scores: F64) -> F64:
        """Return what points give: those of the wave, or new ones that a sweep simulates."""
        name, request = self._name(generation), self._request
        if generation:
            request = at_points(request, self._study, name, self.prior.values(scores))
        found = self._record.outputs(self._study.sweep(name, request))
        off = np.sqrt(((found - self._record.observed.value) ** 2).mean(axis=1))
        print(f"{name}: errors of {100 * np.median(off):.1f} points, the median", flush=True)
        return found


def at_points(request: Request, study: Study, name: str, points: pd.DataFrame) -> Request:
    """Return the request for a sweep at given points, else as it is."""
    table = study.path / f"{name}.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    points.to_csv(table, index=False)
    tree = request.model_dump(mode="json")
    tree["design"] |= {"method": "table", "table": str(table), "n": None}
    return Request.read(tree)
