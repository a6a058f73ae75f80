"""Points of a prior, simulated by the sweeps of a study and held against what was observed."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.history import implausibility, not_ruled_out
from experiments.importance import Normal, Sample, Sizes, Step, close_in, resampled
from experiments.likelihood import SCALE, discrepancies, log_likelihood
from experiments.prior import Prior
from experiments.study import Study
from experiments.targets import COMPANY, months, simulated, targets
from sim.errors import ConfigError
from sim.rules.records import F64
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request


class Asked(NamedTuple):
    """What a calibration is about."""

    case: str
    until: pd.Timestamp
    rest: list[str]  # overrides of the sweeps


class Record:
    """What was observed from the start of a run until the date, but for claims of one quality."""

    def __init__(self, asked: Asked, start: dt.date, left_out: str = COMPANY) -> None:
        found = targets(asked.case)
        within = found["date"].between(pd.Timestamp(start.replace(day=1)), asked.until)
        self.targets = found[within & (found["quality"] != left_out)].reset_index(drop=True)
        if len(self.targets) < 2:
            raise ConfigError(f"until={asked.until:%Y-%m-%d}: fewer than two points by then")

    @property
    def sd(self) -> F64:
        """Return the stated errors, shape (m,)."""
        return self.targets["sd"].to_numpy()

    def errors(self, sweep: SweepFolder) -> F64:
        """Return simulated minus observed of each point, replications averaged, shape (n, m)."""
        seen = months(sweep).groupby("point").mean()
        return simulated(seen, self.targets) - self.targets["value"].to_numpy()


class Fitted(NamedTuple):
    """What a fit leaves.

    Attributes
    ----------
    draws
        The posterior: sweep and point of each draw, weight, discrepancy [1], then the parameters.
    history
        What each generation brought.
    left : ndarray, shape (n points of the wave,)
        Which points of the wave history matching has not ruled out.
    """

    draws: pd.DataFrame
    history: list[Step]
    left: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Fitting:
    """A fit whose sweeps lie in a study, under names that begin with `under`."""

    def __init__(self, study: Study, request: Request, record: Record, under: str = "") -> None:
        assert request.design is not None
        self._study, self._request, self._record, self._under = study, request, record, under
        self._design, self.prior = request.design, Prior(request.design)
        self._errors: list[F64] = []
        self._sweep_of: list[pd.DataFrame] = []

    def fit(self, sizes: Sizes, n_draws: int) -> Fitted:
        """Simulate wave and generations; return `n_draws` draws of the posterior."""
        wave = self._study.sweep(f"{self._under}wave", self._request)
        scores = self.prior.scores(wave.runs.drop_duplicates("point")[self.prior.names])

        def around_what_is_left(_: F64) -> Normal:
            left = self._left()
            return Normal.of(scores[left], np.ones(int(left.sum())))

        sample, history = close_in(
            self._likelihood, scores, around_what_is_left, sizes, self._design.seed
        )
        return Fitted(self._draws(sample, n_draws), history, self._left())

    def _likelihood(self, generation: int, scores: F64) -> F64:
        name = f"{self._under}wave"
        request = self._request
        if generation:
            name = f"{self._under}generation_{generation:02}"
            request = at_points(request, self._study, name, self.prior.values(scores))
        errors = self._record.errors(self._study.sweep(name, request))
        self._errors.append(errors)
        self._sweep_of.append(pd.DataFrame({"sweep": name, "point": np.arange(len(scores))}))
        found = log_likelihood(errors, self._record.sd)
        nearest = 100 * float(np.sqrt((errors**2).mean(axis=1)).min())
        print(f"{name}: the nearest point errs by {nearest:.1f} points", flush=True)
        return found

    def _left(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        sd = np.hypot(self._record.sd, SCALE)
        at_least = 2 * len(self.prior.names)
        return not_ruled_out(implausibility(self._errors[0], sd), at_least)

    def _draws(self, sample: Sample, n_draws: int) -> pd.DataFrame:
        times = resampled(sample.probability(), n_draws)
        chosen = np.flatnonzero(times)
        errors = np.concatenate(self._errors)[chosen]
        at = np.random.default_rng((self._design.seed, 0)).random(len(chosen))
        rows = pd.concat(self._sweep_of, ignore_index=True).iloc[chosen].reset_index(drop=True)
        rows = rows.assign(
            weight=times[chosen] / times.sum(),
            discrepancy=discrepancies(errors, self._record.sd, at),
        )
        return pd.concat([rows, self.prior.values(sample.scores[chosen])], axis=1)


def at_points(request: Request, study: Study, name: str, points: pd.DataFrame) -> Request:
    """Return the request for a sweep at given points, else as it is."""
    table = study.path / f"{name}.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    points.to_csv(table, index=False)
    tree = request.model_dump(mode="json")
    tree["design"] |= {"method": "table", "table": str(table), "n": None}
    return Request.read(tree)
