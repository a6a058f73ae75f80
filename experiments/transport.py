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
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import qmc

from experiments.base_study import Study, parser
from experiments.case_record import CaseRecord
from experiments.case_runs import case_records, outputs
from experiments.cases import TUNED_ON
from experiments.hierarchy import (
    CaseLikelihood,
    Posterior,
    Space,
    from_scale,
    posterior,
    to_scale,
)
from experiments.prior import Prior
from experiments.transport_page import Findings, page
from experiments.transport_ship import ship
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.rules.records import F64
from sim.sweeps.request import Request

UNTIL = pd.Timestamp("2025-12-31")  # figures of Russia after it are not fitted
DEVIATES = (  # between cases: how people answer to failure, to contacts, and to what they hear
    "behaviour.failure_exit",
    "behaviour.network_value",
    "behaviour.word_of_mouth",
)
SHARED = "behaviour."  # prefix of parameters that are not of one case
QUICK = {"points": 64, "new": 16, "draws": 8}
USERS, QUICK_USERS = 3000, 300
LEAST = 8


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
        self.records = case_records([f"population.n_users={users}", *study.overrides])
        shared, own = (
            Request.of([f"design={name}"]).design
            for name in ("behaviour", f"calibration_{TUNED_ON}")
        )
        self._seed = shared.seed
        theirs = {k: v for k, v in own.factors.items() if not k.startswith(SHARED)}
        self.prior = Prior(shared.model_copy(update={"factors": {**shared.factors, **theirs}}))
        owner = ["" if name in shared.factors else TUNED_ON for name in self.prior.names]
        self.space = Space(self.prior.names, owner, list(DEVIATES))

    def run(self) -> None:
        """Simulate, fit, and write."""
        options, seed = self._options, self._seed
        wave = self._wave(options.points)
        scores = {name: wave[:, self.space.of_case(name)] for name in self.records}
        found = self._simulate("wave", scores)
        first = self._fit(scores, found, (), 0)
        new = {
            name: self._drawn(first, name, options.new, k) for k, name in enumerate(self.records)
        }
        there = self._simulate("generation", new)
        for name in self.records:
            scores[name] = np.concatenate([scores[name], new[name]])
            found[name] = np.concatenate([found[name], there[name]])
        whole = self._fit(scores, found, (), 1)
        print("posterior of all cases: done", flush=True)
        left_out = self._left_out(scores, found)
        later = self._later(whole, scores, found)
        findings = Findings(self.space, self.prior, whole, left_out, later, self._made_by(found))
        tables = {
            "predictions": left_out.drop(columns="draws"),
            "later": later.drop(columns="draws"),
        }
        self._study.write_page(page(findings), {}, tables, "transport")
        likelihoods = self._likelihoods(scores, found)
        ship(self._study.path, self.prior, whole, likelihoods, seed, self._options.ship)

    def _wave(self, n: int) -> F64:
        """Return points that fill the prior, in scores (n, k)."""
        sampler = qmc.Sobol(len(self.space.names), rng=np.random.default_rng(self._seed))
        return np.asarray(ndtri(np.clip(sampler.random(n), 1e-6, 1.0 - 1e-6)))

    def _simulate(self, name: str, scores: Mapping[str, F64]) -> dict[str, F64]:
        points = {case: self.values(case, at) for case, at in scores.items()}
        return outputs(self.records, points, self._study.path / name)

    def values(self, case: str, scores: F64) -> pd.DataFrame:
        """Return the parameters of a case at scores (n, k)."""
        return self.prior.of([self.space.names[k] for k in self.space.of_case(case)]).values(
            scores
        )

    def _likelihoods(
        self, scores: Mapping[str, F64], found: Mapping[str, F64]
    ) -> dict[str, CaseLikelihood]:
        made = {}
        for name, record in self.records.items():
            kept = fitted(record) & np.isfinite(found[name]).any(axis=0)
            made[name] = CaseLikelihood(
                record.levels[kept], scores[name], found[name][:, kept], self.space.deviating(name)
            )
        return made

    def _fit(
        self,
        scores: Mapping[str, F64],
        found: Mapping[str, F64],
        without: tuple[str, ...],
        at: int,
    ) -> Posterior:
        return posterior(self.space, self._likelihoods(scores, found), without, (self._seed, at))

    def _drawn(self, fit: Posterior, name: str, n: int, at: int) -> F64:
        """Return the scores of n draws for a case of which nothing is known."""
        rng = np.random.default_rng((self._seed, 100 + at))
        return fit.unseen(name, rng)[rng.choice(len(fit.states), n, replace=False)]
