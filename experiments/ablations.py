"""Worlds with one mechanism taken away, run with draws from the same posterior."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.forecasts import Calibration, misfit
from experiments.study import Study
from experiments.targets import months
from sim.mechanisms import MECHANISMS
from sim.posterior import Posterior
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
    Ablation("mandates", tuple(f"~policies.max_{name}" for name in MANDATES)),
    Ablation("habit", MECHANISMS["habit"].off),
    Ablation("call_restriction", ("~policies.call_restriction",)),
)


def ablated(
    study: Study, request: Request, found: Calibration, draws: Posterior, n_draws: int
) -> pd.DataFrame:
    """Run each world at the same draws and return its misfit.

    Returns
    -------
    DataFrame
        Index what was taken away, columns (period, platform): rmse of the mean, points.
    """
    rows = {}
    for ablation in ABLATIONS:
        name = f"without_{ablation.name}"
        sweep = study.sweep(name, _without(study, request, ablation, draws, n_draws))
        seen = months(sweep)
        rows[ablation.title] = misfit(found.targets(seen), seen)
    return pd.DataFrame(rows).T


def _without(
    study: Study, request: Request, ablation: Ablation, draws: Posterior, n_draws: int
) -> Request:
    """Return the request for a world; what its policies lack is no factor there."""
    assert request.design is not None
    gone = {word[1:] for word in ablation.overrides if word.startswith("~")}
    names = [name for name in draws.names if name.rpartition(".")[0] not in gone]
    table = study.path / f"without_{ablation.name}.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame([draws.draw(r) for r in range(n_draws)])[names]
    rows.to_csv(table, index=False)
    tree = request.model_dump(mode="json")
    design = tree["design"]
    design["factors"] = {name: design["factors"][name] for name in names}
    design["overrides"] = [*design["overrides"], *ablation.overrides]
    tree["design"] = design | {"method": "table", "table": str(table), "n": None}
    return Request.read(tree)
