"""The posterior that ships with a case, over the prior that it was drawn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.identify import contraction
from experiments.particles import Particles
from experiments.prior import Prior
from experiments.study import short
from sim import posterior
from sim.config import DATA
from sim.errors import ConfigError
from sim.sweeps.request import Request


class Shipped:
    """The weighted draws of a case, as points of the unit cube of their prior.

    Parameters
    ----------
    case : str
        A name in conf/case.

    Raises
    ------
    ConfigError
        If the case was not fitted.
    """

    def __init__(self, case: str) -> None:
        folder = DATA / case
        if not posterior.exists(folder):
            fitted = sorted(path.parent.name for path in DATA.glob(f"*/{posterior.NAME}"))
            raise ConfigError(f"{case}: no posterior ships with it; allowed: {', '.join(fitted)}")
        design = Request.of([f"design=calibration_{case}"]).design
        assert design is not None
        self.prior = Prior(design)
        table = pd.read_csv(folder / posterior.NAME)
        weight = table[posterior.WEIGHT].to_numpy()
        places = self.prior.places(table[self.prior.names])
        self.particles = Particles(places, weight, np.full(len(weight), np.nan))

    def over_prior(self) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
        """Return what `sim.plotting_posterior.contraction` draws."""
        return over_prior(self.prior, self.particles)


def over_prior(
    prior: Prior, particles: Particles
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:  # fmt: skip
    """Return where draws lie in the prior's ranges, their weights, and the ranges by parameter."""
    names, factors = [short(name) for name in prior.names], prior.factors.values()
    ratio = contraction(prior.names, particles)["ratio"].to_numpy()
    ranges = pd.DataFrame(
        {"low": [f"{f.low:g}" for f in factors], "high": [f"{f.high:g}" for f in factors]}, names
    ).assign(ratio=ratio)
    places = pd.DataFrame(particles.places, columns=names)
    return places, pd.Series(particles.probability), ranges
