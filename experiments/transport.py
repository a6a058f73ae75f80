"""Fit one behaviour to all cases, and predict each case from the others.

    python -m experiments.transport [OVERRIDE ...] [--points N] [--new N] [--draws N] [--ship]
                                    [folder=DIR] [--page DIR] [--quick]
    python -m experiments.transport --resume FOLDER

Prior and sizes of societies: conf/design/behaviour.yaml, for the parameters that all cases share;
those that the case of Russia has alone: conf/design/calibration_russia_2025.yaml. A wave of points
fills the prior; every case is simulated at each, and an emulator of each case made. From them
follows a posterior (experiments/hierarchy.py), of which new points are simulated, and the final
posterior. Then each case in turn is left out of the fit and simulated at draws of what the others
say, its deviation drawn from the spread between cases. Of Russia, figures of 2026 are not fitted.

Half a core second a point and case: an hour on two cores at full size. What was simulated is kept
in the folder, and work goes on where it was. --ship puts draws into sim/data and cases/, where
parameters=posterior finds them: those of a case for the case, those of a case of which nothing is
known for all others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import qmc

from experiments.base_study import Study, parser
from experiments.behaviour_prior import behaviour_prior
from experiments.case_runs import case_configs, case_records, outputs
from experiments.cases import TUNED_ON
from experiments.hierarchy import (
    CaseLikelihood,
    Hyper,
    LeftOut,
    Posterior,
    Space,
    from_scale,
    posterior,
    to_scale,
)
from experiments.scores import crps
from experiments.transport_page import Findings, page
from experiments.transport_ship import ship
from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.base.units import BAND
from sim.kernel.arrays import F64

UNTIL = pd.Timestamp("2025-12-31")  # figures of Russia after it are not fitted
QUICK = {"points": 64, "new": 16, "draws": 8}
USERS, QUICK_USERS = 3000, 300
LEAST = 8
EDGE = 1e-6  # probabilities nearer to 0 or 1 have no score


def main(arguments: list[str]) -> None:
    """Run what is missing, write the page, and ship the draws if --ship is set."""
    argument_parser = parser("transport", __doc__)
    for name, number, what in (
        ("points", 512, "of the wave"),
        ("new", 256, "points of the first posterior"),
        ("draws", 64, "with which a case that was left out is simulated"),
    ):
        argument_parser.add_argument(f"--{name}", type=as_whole_number, default=number, help=what)
    argument_parser.add_argument(
        "--ship", action="store_true", help="put the draws where runs find them"
    )
    with exit_status_of_errors():
        study = Study("transport", argument_parser, arguments)
        given = vars(study.options)
        if study.options.quick:
            given.update(QUICK)
        for name in QUICK:
            if given[name] < LEAST:
                raise ConfigError(f"--{name} {given[name]}; allowed: {LEAST} or more")
        study.keep()
        Transport(study).run()


class Transport:
    """One fit to all cases, with what it simulates."""

    def __init__(self, study: Study) -> None:
        self._study, self._options = study, study.options
        users = QUICK_USERS if study.options.quick else USERS
        self.records = case_records(
            case_configs([f"population.n_users={users}", *study.overrides])
        )
        self.prior, self.space, self._seed = behaviour_prior()

    def run(self) -> None:
        """Simulate, fit, and write."""
        scores, found = self._simulated()
        likelihoods = self._likelihoods(scores, found)
        whole = self._fit("all", likelihoods, ())
        predicted = self._left_out(likelihoods)
        later = self._later(whole, likelihoods)
        findings = Findings(
            self.prior, whole, predicted, later, self.records, self._study.typed,
            {name: len(table) for name, table in found.items()},
        )  # fmt: skip
        tables = {"predictions": predicted, "later": later}
        self._study.write_page(page(findings), {}, tables, "transport")
        ship(self._study, self.prior, whole, likelihoods, self._seed)

    def _simulated(self) -> tuple[dict[str, F64], dict[str, F64]]:
        """Return by case the points of wave and first posterior, and their levels."""
        n, new = self._options.points, self._options.new
        wave = fill(self.space, n, self._seed)
        scores = {name: wave[:, self.space.of_case(name)] for name in self.records}
        found = self._outputs("wave", scores)
        first = self._fit("wave", self._likelihoods(scores, found), ())
        near = {name: _some(first.unseen(name, rng), new, rng) for name, rng in self._streams(100)}
        there = self._outputs("generation", near)
        return tuple(  # type: ignore[return-value]
            {name: np.concatenate([old[name], more[name]]) for name in self.records}
            for old, more in ((scores, near), (found, there))
        )

    def _left_out(self, likelihoods: Mapping[str, CaseLikelihood]) -> pd.DataFrame:
        """Return what the other cases predict of each: its levels with quantiles of draws."""
        n, scores, hyper = self._options.draws, {}, {}
        for name, rng in self._streams(200):
            fit = self._fit(f"without_{name}", likelihoods, (name,))
            chosen = rng.choice(len(fit.states), n, replace=False)
            fit = Posterior(self.space, fit.states[chosen])
            scores[name], hyper[name] = fit.unseen(name, rng), fit.hyper
        found = self._outputs("left_out", scores)
        return self._predicted(found, hyper, 300)

    def _later(self, whole: Posterior, likelihoods: Mapping[str, CaseLikelihood]) -> pd.DataFrame:
        """Return what the fit predicts of the months of Russia that it was not told."""
        rng = np.random.default_rng((self._seed, 400))
        chosen = rng.choice(len(whole.states), self._options.draws, replace=False)
        fit = Posterior(self.space, whole.states[chosen])
        seen = fit.seen(TUNED_ON, likelihoods[TUNED_ON], rng)
        found = self._outputs("later", {TUNED_ON: seen})
        table = self._predicted(found, {TUNED_ON: fit.hyper}, 500)
        return table[table["date"] > UNTIL]

    def _predicted(
        self, found: Mapping[str, F64], hyper: Mapping[str, Hyper], stream: int
    ) -> pd.DataFrame:
        """Return levels with low, simulated (median), high and CRPS of draws [points]."""
        tables = []
        for name, rng in self._streams(stream):
            if name in found:
                levels = self.records[name].levels
                solved = np.isfinite(found[name]).all(axis=1)
                told = Hyper(*(part[solved] for part in hyper[name]))
                off = LeftOut.of(levels).draws(told, rng)
                drawn = from_scale(to_scale(found[name][solved]) + off)
                tables.append(with_bands(levels, drawn))
        return pd.concat(tables, ignore_index=True)

    def _fit(
        self, name: str, likelihoods: Mapping[str, CaseLikelihood], without: tuple[str, ...]
    ) -> Posterior:
        """Return the posterior without some cases, kept in the folder under its name."""
        file = self._study.path / f"posterior_{name}.npy"
        if not file.is_file():
            found = posterior(self.space, likelihoods, without, self._seed)
            with atomic_write(file) as temporary, temporary.open("wb") as opened:
                np.save(opened, found.states)
            print(f"posterior, {name.replace('_', ' ')}: done", flush=True)
        return Posterior(self.space, np.load(file))

    def _likelihoods(
        self, scores: Mapping[str, F64], found: Mapping[str, F64]
    ) -> dict[str, CaseLikelihood]:
        made = {}
        for name, record in self.records.items():
            is_told = fitted(name, record.levels)
            made[name] = CaseLikelihood(
                record.levels[is_told], scores[name], found[name][:, is_told],
                self.space.deviating(name),
            )  # fmt: skip
        return made

    def _outputs(self, name: str, scores: Mapping[str, F64]) -> dict[str, F64]:
        points = {
            case: self.prior.of([self.space.names[k] for k in self.space.of_case(case)]).values(at)
            for case, at in scores.items()
        }
        return outputs(self.records, points, self._study.path / name)

    def _streams(self, at: int) -> Iterator[tuple[str, np.random.Generator]]:
        """Yield the cases, each with random numbers of its own."""
        for k, name in enumerate(self.records):
            yield name, np.random.default_rng((self._seed, at, k))


def fill(space: Space, n: int, seed: int) -> F64:
    """Return `n` Sobol' points that fill the prior, in scores (n, k)."""
    sampler = qmc.Sobol(len(space.names), rng=np.random.default_rng(seed))
    return np.asarray(ndtri(np.clip(sampler.random(n), EDGE, 1.0 - EDGE)))


def fitted(case: str, levels: pd.DataFrame) -> pd.Series:
    """Return which figures of a case are fitted."""
    return (levels["date"] <= UNTIL) | (case != TUNED_ON)


def with_bands(levels: pd.DataFrame, drawn: F64) -> pd.DataFrame:
    """Return levels with the median, the 90 % band and the CRPS of draws (n, m) [points].

    The band is of the figure itself, before its source errs; the CRPS has the source's error.
    """
    low, median, high = np.quantile(drawn, list(BAND.values()), axis=0)
    weight = np.full(len(drawn), 1.0 / len(drawn))
    score = [
        crps(column, weight, np.full(len(column), sigma), observed)
        for column, sigma, observed in zip(
            drawn.T, levels["sigma"], levels["observed"] - levels["bias"], strict=True
        )
    ]
    return levels.assign(low=low, simulated=median, high=high, crps=score)


def _some(scores: F64, n: int, rng: np.random.Generator) -> F64:
    return scores[rng.choice(len(scores), n, replace=False)]


if __name__ == "__main__":
    main(sys.argv[1:])
