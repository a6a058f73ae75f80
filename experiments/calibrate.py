"""Fit the free parameters of a case to what was observed until a date: a posterior, not a point.

    python -m experiments.calibrate case=russia_2025 until=2025-12-31 [executor=NAME]
                                    [folder=DIR] [design.KEY=VALUE ...] [--claims] [--quick]
                                    [--generations N] [--new N]
    python -m experiments.calibrate --resume FOLDER [executor=NAME]

The prior is conf/design/calibration_CASE.yaml. A first wave fills it (Sobol' points); then
emulation closes in on the posterior (experiments.history_matching), a generation at a time: an
emulator of what was simulated, draws from its posterior, simulated in turn. The likelihood learns
how much the model leaves out (experiments.likelihood). Wave and generations are sweeps in the
folder: parallel, resumable, failures kept. Every point is another society with random numbers
of its own, which the emulator averages away. The last generation is the posterior. Leaves
posterior.csv, targets.csv, generations.csv and left.csv (what history matching does not rule out);
`python -m experiments.validate calibration=FOLDER` compares it with later observations.
"""

from __future__ import annotations

import datetime as dt
import sys

import pandas as pd

from experiments.base_study import Study, parser
from experiments.calibration import CalibrationOptions, CalibrationResult, Calibrator, Record
from experiments.history_matching import WaveSizes
from experiments.targets import COMPANY
from sim import load_config
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.sweeps.request import Request

QUICK = ("design.n=32", "design.replications=1", 'design.overrides=["population.n_users=300"]')
LEAST = {"generations": 1, "new": 64}  # new points have a covariance of the parameters
QUICK_SIZES = {"generations": 1, "new": 64}


def main(arguments: list[str]) -> None:
    """Run wave and generations, and leave the posterior."""
    argument_parser = parser("calibrate", __doc__)
    argument_parser.add_argument(
        "--claims", action="store_true", help="fit companies' claims, too"
    )
    argument_parser.add_argument(
        "--generations", type=as_whole_number, default=8, help="after the wave"
    )
    argument_parser.add_argument(
        "--new", type=as_whole_number, default=256, help="points of each; draws at last"
    )
    with exit_status_of_errors():
        study = Study("calibrate", argument_parser, arguments)
        given = vars(study.options)
        if study.options.quick:
            given.update(QUICK_SIZES)
        options = asked_of(study.overrides)
        for name, least in LEAST.items():
            if given[name] < least:
                raise ConfigError(f"--{name} {given[name]}; allowed: {least} or more")
        sizes = WaveSizes(given["generations"], given["new"])
        quick = QUICK if study.options.quick else ()
        request = Request.of([f"design=calibration_{options.case}", *quick, *options.rest])
        record = Record(options, start_of(request), "" if study.options.claims else COMPANY)
        fitting = Calibrator(study, request, record)
        _write_page(study, record, fitting.fit(sizes))


def asked_of(overrides: list[str]) -> CalibrationOptions:
    """Read the case and the date from the overrides.

    Raises
    ------
    ConfigError
        If one is missing, or no date.
    """
    for word in overrides:
        if word.startswith("case_dir="):
            raise ConfigError(
                f"{word}: allowed: case=NAME of conf/case, with conf/design/calibration_NAME; a "
                "case in a folder can be fitted by `readings` (docs/howto_case.md)"
            )
    given = dict(word.split("=", 1) for word in overrides if word.startswith(("case=", "until=")))
    for key in ("case", "until"):
        if key not in given:
            raise ConfigError(f"{key} is missing: case=russia_2025 until=2025-12-31")
    try:
        until = pd.Timestamp(dt.date.fromisoformat(given["until"]))
    except ValueError:
        raise ConfigError(f"until={given['until']}: not a date; allowed: as 2025-12-31") from None
    rest = [word for word in overrides if not word.startswith(("case=", "until="))]
    return CalibrationOptions(given["case"], until, rest)


def start_of(request: Request) -> dt.date:
    """Return the first day of the runs of a design."""
    design = request.design
    return load_config(f"+scenario={design.scenarios[0]}", *design.overrides).start


def _write_page(study: Study, record: Record, fitted: CalibrationResult) -> None:
    """Write the tables."""
    for name, table in {
        "posterior": fitted.draws,
        "targets": record.targets,
        "generations": pd.DataFrame(fitted.history),
        "left": fitted.left.assign(share=fitted.share),
    }.items():
        table.to_csv(study.path / f"{name}.csv", index=False)
    print(f"Posterior: {study.path / 'posterior.csv'}")


if __name__ == "__main__":
    main(sys.argv[1:])
