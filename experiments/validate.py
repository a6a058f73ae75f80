"""Hold a calibration against what it was fitted to and what came after, and write the page.

    python -m experiments.validate calibration=FOLDER [executor=NAME] [folder=DIR]
                                   [--draws N] [--ship] [--page DIR] [--quick]
    python -m experiments.validate --resume FOLDER [executor=NAME]

FOLDER is what experiments.calibrate left. Scores by platform, in sample and held out, beside
forecasts that know reach alone; what the data told of each parameter; whether simulated truths
are found again; worlds with a mechanism taken away, at draws of the same posterior. --ship puts
the draws into sim/data/CASE, where parameters=posterior finds them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.ablations import ablated
from experiments.forecasts import Calibration, bands, points
from experiments.identify import contraction, ranks, trade_offs, uneven
from experiments.shipped import over_prior
from experiments.study import Study, parser
from experiments.targets import months, simulated
from experiments.validation_page import Findings, page
from sim import posterior
from sim.cli import ending_well
from sim.config import DATA
from sim.errors import ConfigError
from sim.sweeps.request import Request

NEAREST = 0.05  # share of the wave that stands for the posterior of a simulated truth
DIGITS = 6  # of the parameters of a draw that is shipped
KEY = "calibration="


def main(arguments: list[str]) -> None:
    """Run what is missing, write the page, and ship the draws if that is asked."""
    assert __doc__ is not None
    understood = parser("validate", __doc__)
    understood.add_argument("--draws", type=int, default=64, help="for each absent mechanism")
    understood.add_argument("--ship", action="store_true", help="put the draws into sim/data")
    with ending_well():
        study = Study("validate", understood, arguments)
        if study.asked.draws < 1:
            raise ConfigError(f"--draws {study.asked.draws}; allowed: 1 or more")
        named = [word.removeprefix(KEY) for word in study.overrides if word.startswith(KEY)]
        if len(named) != 1:
            raise ConfigError(f"{KEY}FOLDER is missing: a folder of experiments.calibrate")
        found = Calibration(Path(named[0]))
        _validate(study, found, [w for w in study.overrides if not w.startswith(KEY)])


def _validate(study: Study, found: Calibration, rest: list[str]) -> None:
    draws = _draws(study, found)
    n_draws = 2 if study.asked.quick else study.asked.draws
    tree = Request.of(rest).model_dump(mode="json")
    request = Request.read(tree | {"design": found.wave.design.model_dump(mode="json")})
    without = ablated(study, request, found, draws, n_draws)
    seen, weight = found.seen()
    table = points(found.targets(seen), seen, weight)
    findings = Findings(
        found, table, without, n_draws,
        contraction(found.prior.names, found.particles),
        trade_offs(found.prior.names, found.particles),
        _recovered(found),
        _made_by(found),
    )  # fmt: skip
    from sim.plotting_posterior import contraction as contracted
    from sim.plotting_posterior import predictive

    figures = {
        "validation_reach": predictive(bands(seen, weight), table, found.asked.until),
        "validation_parameters": contracted(*over_prior(found.prior, found.particles)),
    }
    tables = {"points": table, "parameters": findings.told, "ranks": findings.recovered}
    study.leave(page(findings), figures, tables, "validation")
    if study.asked.ship:
        shutil.copy(study.path / posterior.NAME, DATA / found.asked.case / posterior.NAME)


def _draws(study: Study, found: Calibration) -> posterior.Posterior:
    """Write the draws as they are shipped, the heaviest first, and return them."""
    table = found.draws.sort_values(["weight", "distance"], ascending=[False, True])
    table = table[[posterior.WEIGHT, *found.prior.names]]
    study.path.mkdir(parents=True, exist_ok=True)
    table.to_csv(study.path / posterior.NAME, index=False, float_format=f"%.{DIGITS}g")
    return posterior.read(study.path)


def _recovered(found: Calibration) -> pd.DataFrame:
    """Return how even the ranks of simulated truths are, by the points of the wave."""
    outputs = simulated(months(found.wave).groupby("point").mean(), found.fitted)
    places = found.prior.places(found.wave.runs.drop_duplicates("point")[found.prior.names])
    n_near = max(2, round(NEAREST * len(places)))
    rng = np.random.default_rng(found.wave.design.seed)
    ranked = ranks(places, outputs / found.fitted["sd"].to_numpy(), n_near, rng)
    return uneven(found.prior.names, ranked)


def _made_by(found: Calibration) -> str:
    """Return the commands that lead to the page, without where things were put."""
    kept = [word for word in found.arguments if not word.startswith(("folder=", "executor"))]
    return (
        f"`python -m experiments.calibrate {' '.join(kept)}` and "
        "`python -m experiments.validate calibration=FOLDER`"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
