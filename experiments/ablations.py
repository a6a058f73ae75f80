"""Models with one mechanism removed, fitted again."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.base_study import Study
from experiments.calibration import Calibrator, Record
from experiments.forecasts import HELD_OUT, Calibration, PosteriorRuns, misfit
from experiments.history_matching import WaveSizes
from experiments.targets import months
from sim.config.mechanisms import MECHANISMS
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

MANDATES = ("pupils", "parents", "students", "public_sector", "housing", "egov")


class Ablation(NamedTuple):
    """What is taken away, and by which overrides."""

    name: str
    overrides: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the name as it is read."""
        return self.name.replace("_", " ")


ABLATIONS = (
    Ablation("nothing", ()),
    Ablation("layers_of_the_graph", ("network=erdos_renyi",)),
    Ablation("mandates", tuple(f"~policies.max_{name}" for name in MANDATES)),
    Ablation("habit", MECHANISMS["habit"].off),
    Ablation("call_restriction", ("~policies.call_restriction",)),
)


def ablated(
    study: Study, request: Request, found: Calibration, record: Record, sizes: WaveSizes
) -> pd.DataFrame:
    """Fit each model again, the whole model first, and return its misfit.

    Parameters
    ----------
    study
        Keeps the sweeps, under ``without_NAME/``.
    request
        For the wave of each model, whose factors are those of the calibration.

    Returns
    -------
    DataFrame
        Index what was taken away, columns (period, platform): rmse of the median, points.
    """
    rows = {}
    for ablation in ABLATIONS:
        under = f"without_{ablation.name}/"
        fitting = Calibrator(study, without(request, ablation), record, under)
        draws = fitting.fit(sizes).draws
        sweep = SweepFolder(study.path / draws["sweep"].iloc[0])
        rows[ablation.title] = _misfit(found, PosteriorRuns.of(draws, months(sweep)))
    return pd.DataFrame(rows).T


def _misfit(found: Calibration, posterior: PosteriorRuns) -> pd.Series:
    errors = misfit(found.targets(posterior.months), posterior)
    return errors.sort_index(level="period", key=lambda names: names != HELD_OUT)


def without(request: Request, ablation: Ablation) -> Request:
    """Return the request for a model without factors of policies that it lacks."""
    design = request.design
    gone = {word[1:] for word in ablation.overrides if word.startswith("~")}
    factors = {
        name: factor
        for name, factor in design.factors.items()
        if name.rpartition(".")[0] not in gone
    }
    return request.with_design(factors=factors, overrides=(*design.overrides, *ablation.overrides))
