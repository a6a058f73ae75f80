"""Compare a calibration with its own data and with later data, and write the page.

    python -m experiments.validate calibration=FOLDER [executor=NAME] [folder=DIR]
                                   [--truths N] [--page DIR] [--quick]
    python -m experiments.validate --resume FOLDER [executor=NAME]

FOLDER is what experiments.calibrate left. Scores by platform, in sample and held out, beside
forecasts that know reach alone; whether any parameters could do what was missed; what the data
told of each parameter; whether simulated truths are found again; worlds with a mechanism taken
away, fitted again. What parameters=posterior draws is the fit to all cases
(experiments.transport).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from experiments.ablations import ablated
from experiments.base_study import Study, parser
from experiments.calibrate import start_of
from experiments.calibration import Record
from experiments.forecasts import Calibration, bands, points, reachable
from experiments.history_matching import WaveSizes
from experiments.identify import contraction, trade_offs
from experiments.informs import informing
from experiments.recovery import ranks, uneven
from experiments.shipped import over_prior
from experiments.targets import months
from experiments.validation_page import Findings, page
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.config.compose import load_sweep_tree
from sim.sweeps.request import Request

REFIT, REFIT_WAVE = WaveSizes(generations=2, new=128), 512  # of each model without a mechanism
QUICK, QUICK_WAVE = WaveSizes(generations=1, new=64), 16
RECOVER = WaveSizes(generations=2, new=256)  # of each simulated truth
REFIT_USERS, QUICK_USERS = 2000, 300
KEY = "calibration="


def main(arguments: list[str]) -> None:
    """Run what is missing, and write the page."""
    argument_parser = parser("validate", __doc__)
    argument_parser.add_argument(
        "--truths", type=as_whole_number, default=100, help="simulated, to be found again"
    )
    with exit_status_of_errors():
        study = Study("validate", argument_parser, arguments)
        if study.options.truths < 1:
            raise ConfigError(f"--truths {study.options.truths}; allowed: 1 or more")
        named = [word.removeprefix(KEY) for word in study.overrides if word.startswith(KEY)]
        if len(named) != 1:
            raise ConfigError(f"{KEY}FOLDER is missing: a folder of experiments.calibrate")
        found = Calibration(Path(named[0]))
        _validate(study, found, [w for w in study.overrides if not w.startswith(KEY)])


def _validate(study: Study, found: Calibration, rest: list[str]) -> None:
    quick = study.options.quick
    design = found.wave.design.model_dump(mode="json")
    users = QUICK_USERS if quick else REFIT_USERS
    design |= {
        "n": QUICK_WAVE if quick else REFIT_WAVE,
        "replications": 1,
        "overrides": [*design["overrides"], f"population.n_users={users}"],
    }
    request = Request.read(load_sweep_tree(*rest) | {"design": design})
    record = Record(found.options, start_of(request), found.left_out)
    posterior, at_prior = found.posterior_runs(), months(found.wave)
    wanted = found.targets(posterior.months)
    without = ablated(study, request, found, record, QUICK if quick else REFIT)
    findings = Findings(
        found,
        points(wanted, posterior),
        reachable(wanted, at_prior, posterior),
        without,
        contraction(found.prior.names, found.scores),
        _informing(found, record),
        trade_offs(found.prior.names, found.scores),
        _recovered(found, record, 2 if quick else study.options.truths),
        _made_by(found),
    )
    from sim.plotting.posterior import contraction as contracted
    from sim.plotting.posterior import predictive

    figures = {
        "validation_reach": predictive(bands(posterior), findings.points, found.options.until),
        "validation_parameters": contracted(*over_prior(found.prior, found.scores)),
    }
    tables = {
        "points": findings.points,
        "reachable": findings.reachable,
        "without": without.rename_axis("without").reset_index(),
        "ranks": findings.recovered,
    }
    study.write_page(page(findings), figures, tables, "validation")


def _informing(found: Calibration, record: Record) -> pd.DataFrame:
    """Return which platform's figures, of which measure, each parameter would miss most."""
    scores, outputs = found.simulated(record)
    targets = record.targets
    groups = targets["platform"].str.cat(targets["measure"], sep=" ")
    names, seed = found.prior.names, found.wave.design.seed
    return informing(names, scores, outputs, record.observed, groups, seed)


def _recovered(found: Calibration, record: Record, n_truths: int) -> pd.DataFrame:
    """Return whether simulated truths are found again by the whole method."""
    wave, outputs = found.wave, record.outputs(found.wave)
    scores = found.prior.scores(wave.runs.drop_duplicates("point")[found.prior.names])
    found_again = ranks(scores, outputs, record.observed, RECOVER, n_truths, wave.design.seed)
    return uneven(found.prior.names, found_again)


def _made_by(found: Calibration) -> str:
    """Return the commands that lead to the page, without where things were put."""
    kept = [word for word in found.arguments if not word.startswith(("folder=", "executor"))]
    return (
        f"`python -m experiments.calibrate {' '.join(kept)}` and "
        "`python -m experiments.validate calibration=FOLDER`"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
