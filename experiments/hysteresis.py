"""Two branches over a grid: each level is reached from below, and from above after a block."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.run_outcomes import HALF, OUTCOMES, TIP, by_run, paths
from sim.sweeps.folder import SweepFolder

HISTORY = "policies.blocked_before"  # in force before a level that is met from above
GRADE = f"{HISTORY}.grade"
FAR = 5.0  # points between the branches that count as a difference
SPANS = (3, 6, 12, 18)  # months after the restriction was lowered


class Branches(NamedTuple):
    """The mean over replications of an outcome, by branch.

    Each is a DataFrame with the values of `y` as index and those of `x` as columns.
    """

    below: pd.DataFrame
    above: pd.DataFrame

    @property
    def gap(self) -> pd.DataFrame:
        """Return how far the branch from above ends over that from below."""
        return self.above - self.below

    @property
    def split(self) -> pd.DataFrame:
        """Return where the branches end on different sides of one half."""
        return (self.above > 100 * HALF) & (self.below <= 100 * HALF)


def branches(folder: SweepFolder, values: pd.Series) -> Branches:
    """Return a value of each run over the grid, by branch.

    Parameters
    ----------
    values : Series, index run
    """
    x, y, _ = folder.design.factors
    table = folder.runs.assign(value=folder.runs["run"].map(values))
    from_below = table[GRADE] == table[GRADE].min()
    maps = (t.pivot_table("value", y, x) for t in (table[from_below], table[~from_below]))
    return Branches(*maps)


def lowered(folder: SweepFolder) -> pd.Timestamp:
    """Return when the restriction is lowered on the branch from above."""
    (tree,) = folder.points.trees.values()
    return pd.Timestamp(tree["policies"][HISTORY.rpartition(".")[2]]["stop"])


def memory(folder: SweepFolder) -> pd.DataFrame:
    """Return how far the branches are apart, some months after the restriction was lowered.

    Returns
    -------
    DataFrame
        months; largest, the largest gap on the map [points]; split, the share of the map where
        the branches lie on different sides of one half; far, that where they are over `FAR` apart.
    """
    months = paths(folder)[TIP]
    since = lowered(folder).replace(day=1)
    rows = []
    last = len(months.columns[months.columns >= since]) - 1
    for span in sorted({*(s for s in SPANS if s < last), last}):
        found = branches(folder, months[since + pd.DateOffset(months=span)])
        gap = found.gap.to_numpy()
        rows.append((span, gap.max(), found.split.to_numpy().mean(), (gap > FAR).mean()))
    return pd.DataFrame(rows, columns=["months", "largest", "split", "far"])


def outcomes(folder: SweepFolder) -> dict[str, Branches]:
    """Return every outcome of `experiments.run_outcomes` over the grid, by its name."""
    table = by_run(folder).set_index("run")
    return {outcome.name: branches(folder, table[outcome.name]) for outcome in OUTCOMES}


def critical_point(values: pd.Series) -> float:
    """Return the first place at which values rise above one half.

    Parameters
    ----------
    values : Series, index x, ascending
        [%]

    Returns
    -------
    float
        Linear between two points; the lowest x where all are above, NaN where none is.
    """
    x, v = values.index.to_numpy(float), values.to_numpy()
    above = np.flatnonzero(v > 100 * HALF)
    if not len(above):
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(x[0])
    return float(x[k - 1] + (x[k] - x[k - 1]) * (100 * HALF - v[k - 1]) / (v[k] - v[k - 1]))
