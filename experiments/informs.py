"""Which observations tell a parameter: how much wider it becomes without them.

No new simulations: an emulator of all that a calibration simulated gives the posterior without
one group of observations after another.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.emulator import Emulator
from experiments.history_matching import (
    Observed,
    emulated_likelihood,
    implausibility,
    likelihood_power,
)
from experiments.likelihood import SCALE
from sim.kernel.arrays import F64

N_DRAWS = 2048
MATTERS = 1.1  # times wider; below it chance of the draws


def informing(
    names: list[str], scores: F64, outputs: F64, observed: Observed, groups: pd.Series, seed: int
) -> pd.DataFrame:
    """Return the group of observations that each parameter would miss most.

    Parameters
    ----------
    names
        Of the parameters.
    scores : ndarray, shape (n, k)
    outputs : ndarray, shape (n, m)
        Simulated there.
    observed
    groups : Series, shape (m,)
        To which group each observation belongs.
    seed

    Returns
    -------
    DataFrame
        parameter, group ("" where none matters), wider (sd without it over sd with all).
    """
    far = implausibility(outputs - observed.value, np.hypot(observed.sd, SCALE))
    weight = likelihood_power(far)

    def spread(kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> F64:
        part = Observed(*(array[kept] for array in observed))
        emulator = Emulator(scores, outputs[:, kept], weight, part.shares)
        return emulated_likelihood(emulator, part, len(names), N_DRAWS, (seed, 0)).std(axis=0)

    every = spread(np.ones(len(groups), bool))
    wider = pd.DataFrame(
        {group: spread((groups != group).to_numpy()) / every for group in groups.unique()}, names
    )
    most = wider.max(axis=1)
    group = wider.idxmax(axis=1).where(most > MATTERS, "")
    return pd.DataFrame({"parameter": names, "group": group.array, "wider": most.array})
