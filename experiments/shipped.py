"""The posterior that ships with a case, over the prior of the fit to all cases."""

from __future__ import annotations

import pandas as pd
from scipy.special import ndtr

from experiments.base_study import short
from experiments.behaviour_prior import behaviour_prior
from experiments.identify import contraction
from experiments.prior import Prior
from sim.base.errors import ConfigError
from sim.config import posterior
from sim.config.case import DATA
from sim.kernel.arrays import F64


class Shipped:
    """The draws of a case, in the normal scores of their prior.

    Parameters
    ----------
    case : str
        A name in conf/case.

    Attributes
    ----------
    prior : Prior
    scores : ndarray, shape (n draws, k)

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
        draws = pd.read_csv(folder / posterior.NAME)
        prior, space, _ = behaviour_prior()
        self.prior = prior.of([space.names[k] for k in space.of_case(case)])
        self.scores = self.prior.scores(draws[self.prior.names])

    def over_prior(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what `sim.plotting.posterior.contraction` draws."""
        return over_prior(self.prior, self.scores)


def over_prior(prior: Prior, scores: F64) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the prior's probability of less than each draw, and the ranges by parameter."""
    names, factors = [short(name) for name in prior.names], prior.factors.values()
    ratio = contraction(prior.names, scores)["ratio"].to_numpy()
    ranges = pd.DataFrame(
        {"low": [f"{f.low:g}" for f in factors], "high": [f"{f.high:g}" for f in factors]}, names
    ).assign(ratio=ratio)
    return pd.DataFrame(ndtr(scores), columns=names), ranges
