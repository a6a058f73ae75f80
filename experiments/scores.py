"""How good forecasts are, and forecasts that know nothing: small functions of arrays.

A predictive distribution is a weighted mixture of normals: simulated values `draws` with their
`weight` (which adds up to 1) and the error `sd` around each, all of shape (n,).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, curve_fit
from scipy.special import ndtr

from sim.kernel.arrays import F64


def rmse(errors: F64) -> float:
    """Return the root mean square of errors, in their unit."""
    return float(np.sqrt(np.mean(np.square(errors))))


def crps(draws: F64, weight: F64, sd: F64, observed: float) -> float:
    """Return the continuous ranked probability score, in the unit of `observed`; 0 is perfect.

    E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007), where the mean size of a normal variable
    is exact (Grimit et al. 2006). Of a forecast of one value without error it is the error's size.
    """
    to_observed = weight @ _mean_size(draws - observed, sd)
    apart = weight @ _mean_size(draws[:, None] - draws, np.hypot(sd[:, None], sd)) @ weight
    return float(to_observed - apart / 2)


def _mean_size(mean: F64, sd: F64) -> F64:
    """Return E|N(mean, sd^2)|."""
    if not sd.any():
        return np.abs(mean)
    z = mean / sd
    return np.asarray(mean * (2 * ndtr(z) - 1) + sd * np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2))


def place(draws: F64, weight: F64, sd: F64, observed: float) -> float:
    """Return the predictive probability of less than `observed` (its PIT)."""
    return float(weight @ ndtr((observed - draws) / sd))


def inside(at: float, level: float) -> bool:
    """Say whether a place in [0, 1] lies in the central band of a level."""
    return abs(at - 0.5) <= level / 2


def band(draws: F64, weight: F64, sd: F64, level: float) -> tuple[float, float]:
    """Return the ends of the central band of a level."""
    reach = 10 * sd.max()
    ends = (draws.min() - reach, draws.max() + reach)
    low, high = (
        brentq(lambda x, p=p: place(draws, weight, sd, x) - p, *ends)
        for p in ((1 - level) / 2, (1 + level) / 2)
    )
    return float(low), float(high)


def line(months: F64, shares: F64, at: F64, last: int) -> F64:
    """Return the straight line through the last points, by least squares."""
    slope, height = np.polyfit(months[-last:], shares[-last:], 1)
    return np.asarray(height + slope * at)


def hazard(months: F64, shares: F64, at: F64, ceiling: float) -> F64:
    """Return adoption at a constant hazard of those below a ceiling.

    share = ceiling - gap exp(-hazard month); gap and hazard by least squares of the shares.
    """

    def grown(month: F64, log_gap: float, rate: float) -> F64:
        return np.asarray(ceiling - np.exp(log_gap - rate * (month - months[0])))

    guess = (np.log(ceiling - shares[0]), 0.1)
    fitted, _ = curve_fit(grown, months, shares, p0=guess)
    return grown(at, *fitted)
