"""Identifiability of each parameter by the data: contraction and trade-offs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.kernel.arrays import F64

# posterior sd over prior sd: below it, identified (in part) by the data
IDENTIFIED, PARTLY = 0.5, 0.8
STRONG = 0.4  # correlation worth a line


def contraction(names: list[str], scores: F64) -> pd.DataFrame:
    """Return how much narrower each parameter became, in scores, whose prior sd is 1.

    Parameters
    ----------
    names
    scores : ndarray, shape (n, k)
        Of draws from the posterior.

    Returns
    -------
    DataFrame
        parameter, ratio (posterior sd / prior sd), identifiability.
    """
    ratio = scores.std(axis=0)
    source = np.select([ratio < IDENTIFIED, ratio < PARTLY], ["data", "data, in part"], "prior")
    return pd.DataFrame({"parameter": names, "ratio": ratio, "identifiability": source})


def trade_offs(names: list[str], scores: F64) -> pd.DataFrame:
    """Return strong posterior correlations, the strongest first: first, second, correlation."""
    matrix = np.asarray(np.corrcoef(scores, rowvar=False))
    rows = [
        (a, b, matrix[i, j])
        for i, a in enumerate(names)
        for j, b in enumerate(names[:i])
        if abs(matrix[i, j]) > STRONG
    ]
    table = pd.DataFrame(rows, columns=["first", "second", "correlation"])
    return table.sort_values("correlation", key=np.abs, ascending=False, ignore_index=True)
