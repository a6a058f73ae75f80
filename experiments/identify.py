"""What data have told of each parameter: contraction, trade-offs, and whether ranks are even."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import kstest

from experiments.particles import Particles
from sim.rules.records import F64

PRIOR_SD = 1 / np.sqrt(12)  # of a uniform place in [0, 1]
TOLD, PARTLY = 0.5, 0.8  # posterior sd over prior sd: below it, told or partly told by the data
STRONG = 0.4  # correlation worth a line


def contraction(names: list[str], kept: Particles) -> pd.DataFrame:
    """Return how much narrower each parameter became, on the scale on which its prior is even.

    Returns
    -------
    DataFrame
        parameter, mean (place in the prior's range), ratio (posterior sd / prior sd), told.
    """
    mean = kept.probability @ kept.places
    ratio = np.sqrt(kept.probability @ (kept.places - mean) ** 2) / PRIOR_SD
    told = np.select([ratio < TOLD, ratio < PARTLY], ["data", "data, in part"], "prior")
    return pd.DataFrame({"parameter": names, "mean": mean, "ratio": ratio, "told": told})


def trade_offs(names: list[str], kept: Particles) -> pd.DataFrame:
    """Return strong posterior correlations, the strongest first: first, second, correlation."""
    covariance = np.cov(kept.places.T, aweights=kept.weight, ddof=0)
    sd = np.sqrt(np.diag(covariance))
    matrix = covariance / np.outer(sd, sd)
    rows = [
        (a, b, matrix[i, j])
        for i, a in enumerate(names)
        for j, b in enumerate(names[:i])
        if abs(matrix[i, j]) > STRONG
    ]
    table = pd.DataFrame(rows, columns=["first", "second", "correlation"])
    return table.sort_values("correlation", key=np.abs, ascending=False, ignore_index=True)


def ranks(places: F64, outputs: F64, n_near: int, rng: np.random.Generator) -> F64:
    """Return the rank of each simulated truth among the points nearest to it, in (0, 1).

    Simulation-based calibration (Talts et al. 2018): take each point of a sample of the prior for
    the truth, add the stated error to what it gives, keep the `n_near` other points that come
    nearest, and rank the truth among them. If the method is sound, ranks are even: the distance
    within which points are kept does the work of the stated error (Wilkinson 2013).

    Parameters
    ----------
    places : ndarray, shape (n, k)
        A sample of the prior.
    outputs : ndarray, shape (n, m)
        Of the model there, over the stated sd.

    Returns
    -------
    ndarray, shape (n, k)
    """
    observed = outputs + rng.standard_normal(outputs.shape)
    found = np.empty_like(places)
    for row, truth in enumerate(places):
        distance = ((outputs - observed[row]) ** 2).sum(axis=1)
        distance[row] = np.inf
        near = np.argpartition(distance, n_near)[:n_near]
        below = (places[near] < truth).sum(axis=0)
        found[row] = (below + rng.random(len(truth))) / (n_near + 1)
    return found


def uneven(names: list[str], found: F64) -> pd.DataFrame:
    """Test each parameter's ranks for evenness (Kolmogorov and Smirnov).

    Returns
    -------
    DataFrame
        parameter, p, spread (mean distance of ranks from the middle, over that of even ones: below
        1 the method's posteriors are wider than they need be, above 1 too narrow).
    """
    rows = [
        (name, kstest(column, "uniform").pvalue, 4 * np.abs(column - 0.5).mean())
        for name, column in zip(names, found.T, strict=True)
    ]
    return pd.DataFrame(rows, columns=["parameter", "p", "spread"])
