"""Shares of parameters and of chance in the variance of outcomes, computed by SALib."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.base.errors import ConfigError
from sim.kernel.arrays import F64
from sim.sweeps.design import MORRIS_LEVELS, Design

CONFIDENCE = 0.95
RESAMPLES = 1000  # of the bootstrap


class VarianceParts(NamedTuple):
    """The variance of an outcome, taken apart."""

    between_points: float  # of its mean over replications
    between_replications: float  # around that mean, at the same point

    @property
    def share(self) -> float:
        """Return the share of chance in the whole variance; NaN where nothing varies."""
        whole = self.between_points + self.between_replications
        return self.between_replications / whole if whole > 0 else float("nan")


def elementary_effects(design: Design, values: F64) -> pd.DataFrame:
    """Return Morris' measures, a row a parameter.

    Parameters
    ----------
    design
        Of method morris.
    values : array, shape (n points,)
        Of an outcome, the mean over replications.

    Returns
    -------
    DataFrame
        parameter; mu_star, the mean size of the effect of crossing the whole range, and
        mu_star_conf, half the width of its 95 % interval (both in the outcome's unit); sigma, the
        standard deviation of the effect (interactions, or a curved response).
    """
    from SALib.analyze import morris

    found = morris.analyze(
        design.problem(), design.unit_points(), values, num_levels=MORRIS_LEVELS,
        conf_level=CONFIDENCE, num_resamples=RESAMPLES, seed=design.seed,
    )  # fmt: skip
    columns = ("mu_star", "mu_star_conf", "sigma")
    return pd.DataFrame(
        {"parameter": list(design.factors)} | {c: np.asarray(found[c], float) for c in columns}
    )


def sobol_indices(design: Design, values: F64) -> pd.DataFrame:
    """Return Sobol' indices of an outcome, a row a parameter.

    Parameters
    ----------
    design
        Of method saltelli.
    values : array, shape (n points,)
        Of an outcome, the mean over replications.

    Returns
    -------
    DataFrame
        parameter; S1, the share of the variance that the parameter explains alone; ST, that with
        all its interactions; S1_conf, ST_conf, half the widths of their 95 % intervals. NaN where
        the outcome does not vary.
    """
    from SALib.analyze import sobol

    columns = ("S1", "S1_conf", "ST", "ST_conf")
    table = pd.DataFrame({"parameter": list(design.factors)})
    if np.ptp(values) == 0:
        return table.assign(**dict.fromkeys(columns, np.nan))
    found = sobol.analyze(
        design.problem(), values, calc_second_order=False, conf_level=CONFIDENCE,
        num_resamples=RESAMPLES, seed=design.seed,
    )  # fmt: skip
    return table.assign(**{c: np.asarray(found[c], float) for c in columns})


def independent(design: Design) -> F64:
    """Return which points of a saltelli design are drawn on their own, not from two others."""
    assert design.n is not None
    block = len(design.factors) + 2  # A, one mixture a factor, B
    first = np.arange(design.n) * block
    return np.sort(np.concatenate([first, first + block - 1]))


def variances_of(values: F64) -> VarianceParts:
    """Take the variance of an outcome apart into that of points and that of replications.

    All points have the same random numbers in the same replication (or their own: the estimators
    hold in both cases). They are unbiased: the mean over points of the variance between
    replications, and the variance of the points' means less what chance adds to these, which is
    the mean square of the interaction of point and replication, over the number of replications
    (two-way analysis of variance with one value a cell).

    Parameters
    ----------
    values : array, shape (n points, n replications)

    Raises
    ------
    ConfigError
        If there are fewer than two points or replications.
    """
    n_points, n = values.shape
    if min(n_points, n) < 2:
        raise ConfigError(
            f"{n_points} points, {n} replications; chance is estimated from 2 of each on"
        )
    means, replication_means = (
        values.mean(axis=1, keepdims=True),
        values.mean(axis=0, keepdims=True),
    )
    residual = values - means - replication_means + values.mean()
    interaction = float((residual**2).sum()) / ((n_points - 1) * (n - 1))
    between = float(means.var(ddof=1)) - interaction / n
    return VarianceParts(max(between, 0.0), float(values.var(axis=1, ddof=1).mean()))
