"""Draws of a fit to all cases, where ``parameters=posterior`` finds them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

import numpy as np
import pandas as pd

from experiments.base_study import Study
from experiments.cases import TUNED_ON
from experiments.hierarchy import CaseLikelihood, Posterior
from experiments.identify import contraction
from experiments.prior import Prior
from experiments.serious_loss import thresholds
from sim.config import posterior
from sim.config.case import DATA
from sim.config.conf import CASES
from sim.kernel.arrays import F64

DIGITS = 5  # of the parameters of a draw
N_DRAWS = 128  # of a case
SERIOUS_LOSS = "behaviour.serious_loss"  # as many exceed it as called theirs serious
ANY = "any_case"  # of which nothing is known


def ship(
    study: Study,
    prior: Prior,
    fit: Posterior,
    told: Mapping[str, CaseLikelihood],
    seed: int,
) -> None:
    """Write the draws of each case and of an unseen one; with --ship also where runs find them."""
    scores = {ANY: fit.unseen(ANY, np.random.default_rng((seed, 600)))}
    for k, (name, one) in enumerate(told.items()):
        scores[name] = fit.seen(name, one, np.random.default_rng((seed, 601, k)))
    names = {name: [fit.space.names[k] for k in fit.space.of_case(name)] for name in scores}
    tables = {name: _draws(prior.of(names[name]), drawn, seed) for name, drawn in scores.items()}
    losses = thresholds(pd.concat(tables.values()))
    for name, table in tables.items():
        folder = study.path / "draws" / name
        folder.mkdir(parents=True, exist_ok=True)
        table[SERIOUS_LOSS], losses = np.split(losses, [len(table)])
        table.to_csv(folder / posterior.NAME, index=False, float_format=f"%.{DIGITS}g")
        contraction(names[name], scores[name]).to_csv(
            folder / posterior.IDENTIFIABILITY, index=False, float_format="%.2f"
        )
        if study.options.ship:
            there = {ANY: DATA, TUNED_ON: DATA / name}.get(name, CASES / name / "data")
            for file in (posterior.NAME, posterior.IDENTIFIABILITY):
                shutil.copy(folder / file, there / file)


def _draws(prior: Prior, scores: F64, seed: int) -> pd.DataFrame:
    """Return draws with their weights, a column a key of the configuration."""
    rng = np.random.default_rng((seed, 602))
    table = prior.values(scores[rng.choice(len(scores), min(N_DRAWS, len(scores)), replace=False)])
    for name, factor in prior.factors.items():
        table = table.assign(**dict.fromkeys(factor.also, table[name]))
    table.insert(0, posterior.WEIGHT, 1.0)
    return table
