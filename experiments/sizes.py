"""How many users are enough: spread, bias and cost of an effect against their number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.base_study import USERS
from experiments.effects import KEYS, effects
from experiments.indices import variances_of
from sim.kernel.arrays import F64
from sim.sweeps.folder import SweepFolder

SOCIETY = "seed"


class Slope(NamedTuple):
    """The exponent of a power law, with its standard error."""

    exponent: float
    error: float


def slope(n: F64, sd: F64) -> Slope:
    """Fit ``sd = c n^exponent`` by least squares of the logarithms.

    Parameters
    ----------
    n, sd : array, shape (n sizes,), three sizes or more
    """
    x, y = np.log(n), np.log(sd)
    off = x - x.mean()
    exponent = float(off @ y / (off @ off))
    residual = y - y.mean() - exponent * off
    return Slope(exponent, float(np.sqrt(residual @ residual / (len(x) - 2) / (off @ off))))


def by_size(values: pd.DataFrame) -> pd.DataFrame:
    """Return mean and spread of effects for each number of users.

    Parameters
    ----------
    values : DataFrame
        n, society, replication, effect, month, outcome, value.

    Returns
    -------
    DataFrame
        n, effect, month, outcome; mean, error, its standard error over societies; chance, society,
        standard deviations between replications of a society and between societies; sd, of one
        run of one society; bias, the mean less that of the largest n; bias_error.
    """
    rows = []
    for keys, group in values.groupby(["n", *KEYS], sort=False):
        table = group.pivot_table("value", "society", "replication").to_numpy()
        spread = variances_of(table)
        means = table.mean(axis=1)
        rows.append(
            (
                *keys, means.mean(), means.std(ddof=1) / np.sqrt(len(means)),
                np.sqrt(spread.between_replications), np.sqrt(spread.between_points),
                np.sqrt(spread.between_replications + spread.between_points),
            )
        )  # fmt: skip
    columns = ["n", *KEYS, "mean", "error", "chance", "society", "sd"]
    sizes = pd.DataFrame(rows, columns=columns)
    largest = sizes[sizes["n"] == sizes["n"].max()].set_index(KEYS)[["mean", "error"]]
    paired = sizes.join(largest, on=KEYS, suffixes=("", "_largest"))
    bias_error = np.hypot(paired["error"], paired["error_largest"])
    return sizes.assign(bias=paired["mean"] - paired["mean_largest"], bias_error=bias_error)


def slopes(sizes: pd.DataFrame) -> pd.DataFrame:
    """Return with which power of n the spread of each effect falls.

    Parameters
    ----------
    sizes : DataFrame
        As of `by_size`; an effect without spread at some size is left out.

    Returns
    -------
    DataFrame
        effect, outcome, exponent, error.
    """
    spread = sizes[sizes.groupby(KEYS)["sd"].transform("min") > 0]
    rows = [
        (effect, outcome, *slope(group["n"].to_numpy(float), group["sd"].to_numpy()))
        for (effect, _, outcome), group in spread.groupby(KEYS, sort=False)
    ]
    return pd.DataFrame(rows, columns=["effect", "outcome", "exponent", "error"])


def sized(folder: SweepFolder) -> pd.DataFrame:
    """Return `by_size` of a sweep over numbers of users and societies, of the headline month."""
    points = folder.runs.drop_duplicates("point").set_index("point")
    values = effects(folder)
    values = values[values["month"] == values["month"].min()]
    return by_size(
        values.assign(
            n=values["point"].map(points[USERS]), society=values["point"].map(points[SOCIETY])
        )
    )


def costs(folder: SweepFolder) -> pd.DataFrame:
    """Return what a run costs: n; run, start, seconds of a worker (medians over runs).

    Runs of a point share their start.
    """
    records = folder.records().set_index("run")[["seconds", "start_seconds"]]
    runs = folder.runs.join(records, on="run")
    start = runs.groupby([USERS, "point"])["start_seconds"].max().groupby(USERS).median()
    run = runs.groupby(USERS)["seconds"].median()
    return pd.DataFrame({"run": run, "start": start}).rename_axis("n").reset_index()
