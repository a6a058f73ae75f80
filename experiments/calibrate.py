"""Fit the free parameters of a case to what was observed until a date: a posterior, not a point.

    python -m experiments.calibrate case=russia_2025 until=2025-12-31 [executor=NAME]
                                    [folder=DIR] [design.KEY=VALUE ...] [--claims] [--quick]
                                    [--generations N] [--keep N] [--new N]
    python -m experiments.calibrate --resume FOLDER [executor=NAME]

The prior is conf/design/calibration_CASE.yaml. A first wave fills it (Sobol' points) and history
matching cuts it to the box that is not ruled out; population Monte Carlo (experiments.particles)
then closes in, a generation at a time, until simulations are as near to the record as the stated
errors make likely, or new points are hardly ever nearer. Wave and generations are sweeps in the
folder: parallel, resumable, failures kept. All points see the same luck. Leaves
posterior.csv (weighted draws), targets.csv, generations.csv and box.csv;
`python -m experiments.validate FOLDER` holds it against what came after.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.particles import Box, Particles, implausibility, not_ruled_out, propose
from experiments.prior import Prior
from experiments.study import Study, parser
from experiments.targets import COMPANY, months, simulated, targets
from sim import load_config
from sim.cli import ending_well
from sim.errors import ConfigError
from sim.rules.records import F64
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

LIMIT = 3.0  # of implausibility: Pukelsheim's three sigma
NEAR = 1.0  # distance of a model that errs as its stated errors say
LEAST_ACCEPTED = 0.05  # of new points that are kept; below it another generation brings little
QUICK = ("design.n=16", "design.replications=1", 'design.overrides=["population.n_users=300"]')
LEAST = {"generations": 0, "keep": 2, "new": 1}
QUICK_SIZES = {"generations": 1, "keep": 8, "new": 8}


class Asked(NamedTuple):
    """What a calibration is about."""

    case: str
    until: pd.Timestamp
    rest: list[str]  # overrides of the sweeps


class Generation(NamedTuple):
    """One step of the calibration, a row of generations.csv."""

    name: str
    tolerance: float  # distance of the farthest particle kept
    median: float  # of the distances kept
    accepted: float  # share of the new points that was kept
    effective: float  # number of particles


def main(arguments: list[str]) -> None:
    """Run wave and generations, and leave the posterior."""
    assert __doc__ is not None
    understood = parser("calibrate", __doc__)
    understood.add_argument("--claims", action="store_true", help="fit companies' claims, too")
    understood.add_argument("--generations", type=int, default=10, help="at most")
    understood.add_argument("--keep", type=int, default=256, help="particles of the posterior")
    understood.add_argument("--new", type=int, default=256, help="points of a generation")
    with ending_well():
        study = Study("calibrate", understood, arguments)
        if study.asked.quick:
            vars(study.asked).update(QUICK_SIZES)
        asked = asked_of(study.overrides)
        for name, least in LEAST.items():
            if (given := vars(study.asked)[name]) < least:
                raise ConfigError(f"--{name} {given}; allowed: {least} or more")
        sizes = QUICK if study.asked.quick else ()
        request = Request.of([f"design=calibration_{asked.case}", *sizes, *asked.rest])
        _calibrate(study, asked, request)


def asked_of(overrides: list[str]) -> Asked:
    """Read the case and the date from what was asked.

    Raises
    ------
    ConfigError
        If one is missing, or no date.
    """
    given = dict(word.split("=", 1) for word in overrides if word.startswith(("case=", "until=")))
    for key in ("case", "until"):
        if key not in given:
            raise ConfigError(f"{key} is missing: case=russia_2025 until=2025-12-31")
    try:
        until = pd.Timestamp(dt.date.fromisoformat(given["until"]))
    except ValueError:
        raise ConfigError(f"until={given['until']}: not a date; allowed: as 2025-12-31") from None
    rest = [word for word in overrides if not word.startswith(("case=", "until="))]
    return Asked(given["case"], until, rest)


def _calibrate(study: Study, asked: Asked, request: Request) -> None:
    design = request.design
    assert design is not None
    left_out = "" if study.asked.claims else COMPANY
    start = load_config(f"+scenario={design.scenarios[0]}", *design.overrides).start
    prior, fitter = Prior(design), Fitter(asked, start, left_out)
    wave = study.sweep("wave", request)
    places, residuals = prior.places(_points(wave, prior)), fitter.residuals(wave)
    at_least = max(2, study.asked.keep // 4)
    box = not_ruled_out(places, implausibility(residuals), LIMIT, at_least)
    inside = box.holds(places)
    found = Particles(places[inside], np.ones(inside.sum()), distance(residuals[inside]))
    sweep_of = pd.DataFrame({"sweep": "wave", "point": np.flatnonzero(inside)})
    kept, sweep_of = _nearest(found, sweep_of, study.asked.keep)
    history = [_told("wave", kept, len(kept.places) / len(places))]
    for g in range(1, study.asked.generations + 1):
        rng = np.random.default_rng((design.seed, g))
        places, weight = propose(kept, study.asked.new, box, rng)
        name = f"generation_{g:02}"
        sweep = study.sweep(name, _at(request, study, name, prior.values(places)))
        new = Particles(places, weight, distance(fitter.residuals(sweep)))
        rows = pd.DataFrame({"sweep": name, "point": np.arange(len(places))})
        kept, sweep_of = _nearest(
            kept.joined(new), pd.concat([sweep_of, rows], ignore_index=True), study.asked.keep
        )
        accepted = float((sweep_of["sweep"] == name).sum() / len(places))
        history.append(_told(name, kept, accepted))
        if history[-1].tolerance <= NEAR or accepted < LEAST_ACCEPTED:
            break
    _leave(study, prior, fitter, box, kept, sweep_of, history)


class Fitter:
    """Holds sweeps against the targets of a run until the date, but for those of one quality."""

    def __init__(self, asked: Asked, start: dt.date, left_out: str) -> None:
        found = targets(asked.case)
        within = found["date"].between(pd.Timestamp(start.replace(day=1)), asked.until)
        self.targets = found[within & (found["quality"] != left_out)].reset_index(drop=True)
        if len(self.targets) < 2:
            raise ConfigError(f"until={asked.until:%Y-%m-%d}: fewer than two points by then")

    def residuals(self, sweep: SweepFolder) -> F64:
        """Return (simulated - observed) / sd of each point, its replications averaged."""
        seen = months(sweep).groupby("point").mean()
        error = simulated(seen, self.targets) - self.targets["value"].to_numpy()
        return np.asarray(error / self.targets["sd"].to_numpy())


def distance(residuals: F64) -> F64:
    """Return the root mean square of standardised residuals of each point, shape (n,)."""
    return np.asarray(np.sqrt((residuals**2).mean(axis=1)))


def _points(sweep: SweepFolder, prior: Prior) -> pd.DataFrame:
    return sweep.runs.drop_duplicates("point")[prior.names]


def _nearest(
    found: Particles, sweep_of: pd.DataFrame, n: int
) -> tuple[Particles, pd.DataFrame]:  # fmt: skip
    """Return the nearest particles and where they were simulated."""
    order = np.argsort(found.distance, kind="stable")[:n]
    return found.nearest(n), sweep_of.iloc[order].reset_index(drop=True)


def _told(name: str, kept: Particles, accepted: float) -> Generation:
    far, middle = float(kept.distance.max()), float(np.median(kept.distance))
    entry = Generation(name, far, middle, accepted, kept.effective)
    print(
        f"{name}: tolerance {far:.2f}, median distance {middle:.2f}, {100 * accepted:.0f} % of "
        f"new points kept, {kept.effective:.0f} effective particles",
        flush=True,
    )
    return entry


def _at(request: Request, study: Study, name: str, points: pd.DataFrame) -> Request:
    """Return the request for a sweep at given points, else as the wave."""
    table = study.path / f"{name}.csv"
    points.to_csv(table, index=False)
    tree = request.model_dump(mode="json")
    tree["design"] |= {"method": "table", "table": str(table), "n": None}
    return Request.read(tree)


def _leave(
    study: Study, prior: Prior, fitter: Fitter, box: Box, kept: Particles,
    sweep_of: pd.DataFrame, history: list[Generation],
) -> None:  # fmt: skip
    """Write the tables."""
    draws = sweep_of.assign(weight=kept.probability, distance=kept.distance)
    draws = pd.concat([draws, prior.values(kept.places)], axis=1)
    low, high = prior.values(box.low[None]).iloc[0], prior.values(box.high[None]).iloc[0]
    ranges = pd.DataFrame({"parameter": prior.names, "low": low.array, "high": high.array})
    for name, table in {
        "posterior": draws,
        "targets": fitter.targets,
        "generations": pd.DataFrame(history),
        "box": ranges,
    }.items():
        table.to_csv(study.path / f"{name}.csv", index=False)
    print(f"Posterior: {study.path / 'posterior.csv'}")


if __name__ == "__main__":
    main(sys.argv[1:])
