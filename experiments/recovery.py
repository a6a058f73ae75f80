"""Simulation-based calibration: whether a truth is found again by the whole method.

Talts et al. (2018): draw a truth from the prior, make what would be observed there, errors
included, run the method, and rank the truth among the draws of its posterior. If the method is
right, ranks are even. The method is run whole (wave, emulators, generations) hundreds of times, so
a stand-in answers for the simulator: a radial interpolation of what a real calibration simulated.
It is not of the emulator's form, so an emulator that does not fit shows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.interpolate import RBFInterpolator
from scipy.stats import kstest

from experiments.history_matching import Observed, WaveSizes, match_history
from experiments.likelihood import GRID, PRIOR
from sim.kernel.arrays import F64

SMOOTHING = 1.0  # the chance part of single points is not a shape
REPORT_EVERY = 10  # truths


def ranks(
    wave: F64, outputs: F64, observed: Observed, sizes: WaveSizes, n_truths: int, seed: int
) -> F64:
    """Return the rank of simulated truths in their posteriors, shape (n_truths, k), in (0, 1).

    Parameters
    ----------
    wave : ndarray, shape (n, k)
        Points that fill the prior.
    outputs : ndarray, shape (n, m)
        Simulated there.
    observed
        Its stated errors are used; a discrepancy is drawn from its prior for each truth.
    sizes
        Of each fit; fewer generations than a calibration has do for the smooth stand-in.
    """
    k = wave.shape[1]
    model = RBFInterpolator(wave, outputs, kernel="linear", smoothing=SMOOTHING)
    at_wave = model(wave)
    found = np.empty((n_truths, k))
    for t in range(n_truths):
        rng = np.random.default_rng((seed, t))
        truth = rng.standard_normal((k,))
        error = np.hypot(observed.sd, rng.choice(GRID, p=PRIOR))
        value = model(truth[None])[0] + error * rng.standard_normal(len(error))

        def simulate(generation: int, scores: F64) -> F64:
            return np.asarray(model(scores)) if generation else at_wave

        closed = match_history(simulate, wave, observed._replace(value=value), sizes, seed + t)
        below = (closed.scores < truth).sum(axis=0)
        found[t] = (below + rng.random(k)) / (len(closed.scores) + 1)
        if (t + 1) % REPORT_EVERY == 0:
            print(f"truths: {t + 1} of {n_truths}", flush=True)
    return found


def uneven(names: list[str], found: F64) -> pd.DataFrame:
    """Test each parameter's ranks for evenness (Kolmogorov and Smirnov).

    Returns
    -------
    DataFrame
        parameter, p, in_50, in_90 (share of truths inside the central band: more than .5 and .9
        says that posteriors are wider than they need be, less that they are too narrow).
    """
    rows = [
        (name, kstest(column, "uniform").pvalue,
         *(float((np.abs(column - 0.5) <= level / 2).mean()) for level in (0.5, 0.9)))
        for name, column in zip(names, found.T, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["parameter", "p", "in_50", "in_90"])
