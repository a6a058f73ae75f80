"""Closed forms on large random graphs and in crowds with thresholds; no rule of the simulator."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm, poisson

from tests.helpers.theory import sigmoid

SUM_UP_TO = 80  # degrees: Poisson with mean 10 stays far below


def settle(step, x):
    """Return where repeated `step` leads to from `x`."""
    for _ in range(1_000_000):
        before, x = x, step(x)
        if abs(x - before) < 1e-15:
            break
    return x


def bethe_critical(k):
    """Return b from which x = sigmoid(b (share of contacts - 1/2)) orders a k-regular graph."""
    return 4 * k * np.arctanh(1 / (k - 1))


def bethe_share(k, b):
    """Return the upper share at which a random k-regular graph stays: the Ising model (T3)."""
    tanh_j = np.tanh(b / (4 * k))
    u = settle(lambda u: np.arctanh(tanh_j * np.tanh((k - 1) * u)), 1.0)
    return (1 + np.tanh(k * u)) / 2


def annealed_share(k, b):
    """Return the share at which users stay who draw k new contacts each time: no graph."""
    m = np.arange(k + 1)
    return settle(lambda x: binom.pmf(m, k, x) @ sigmoid(b * (m / k - 0.5)), 0.99)


def cascade(z, phi, seeds):
    """Return the share reached from `seeds` where a share `phi` of contacts convinces (T6).

    Degrees are Poisson with mean `z`; q is the chance that a contact has it before us.
    """
    k, m = np.arange(SUM_UP_TO), np.arange(SUM_UP_TO)[:, None]
    convinced = (m >= phi * k) & (k > 0)

    def reached(weights, n_others, q):
        return seeds + (1 - seeds) * (binom.pmf(m, n_others, q) * convinced).sum(0) @ weights

    # who stands at the end of a tie has one contact more than a user at random
    q = settle(lambda q: reached(poisson.pmf(k - 1, z), np.maximum(k - 1, 0), q), seeds)
    return reached(poisson.pmf(k, z), k, q)


def cascade_strength(z, phi):
    """Return how many contacts follow one user where one is enough for them: above 1, many."""
    k = np.arange(1, int(1 / phi) + 1)
    return k * (k - 1) @ poisson.pmf(k, z) / z


def core(z, k):
    """Return the share of G(n, z/n) in its k-core (T7)."""
    return poisson.sf(k - 1, z * settle(lambda r: poisson.sf(k - 2, z * r), 1.0))


def core_birth(k):
    """Return the mean degree from which a k-core exists, and its share there."""
    found = minimize_scalar(
        lambda u: u / poisson.sf(k - 2, u), bounds=(1, 3 * k), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return found.fun, poisson.sf(k - 1, found.x)


def granovetter(mean, sd, error=0.0):
    """Return the share that acts in the end where thresholds are normal (T8).

    `error` is how far the share of thresholds below any point is off the normal law.
    """
    return settle(lambda r: min(norm.cdf(r, mean, sd) + error, 1.0), 0.0)


def granovetter_crowd(thresholds):
    """Return how many act in the end in a crowd: those before the first gap in the ranks."""
    ranked = np.sort(thresholds)
    return int(np.argmax([*(ranked > np.arange(ranked.size) / ranked.size), True]))
