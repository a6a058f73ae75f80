"""Monthly means of series that are simulated by steps, as sources report by month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.measures.series import COVERED

DAY, MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


def monthly_mean(steps: pd.DataFrame) -> pd.DataFrame:
    """Average a measure over calendar months by the trapezoidal rule (sim/measures/months.py).

    What a step observes stands for the time from half a step before its beginning to half a step
    after; that of the last one, as long as the one before it, for the rest of the run. Months are
    left out if the steps cover less than 90 % of their days.

    Parameters
    ----------
    steps : DataFrame, columns date (start of the step), platform, replication, value

    Returns
    -------
    DataFrame, columns date (first day of the month), platform, replication, value
    """
    wide = steps.pivot_table(index="date", columns=["platform", "replication"], values="value")
    if len(wide) < 2:  # a single step has no length
        return steps.iloc[:0][["date", "platform", "replication", "value"]]
    start = wide.index.to_numpy().astype("datetime64[s]")
    closing = start[-1] + (start[-1] - start[-2])
    edges = np.concatenate([start[:1], start[:-1] + np.diff(start) / 2, [closing]])
    begin, end = edges[:-1], edges[1:]
    month = np.arange(begin[0].astype("datetime64[M]"), end[-1].astype("datetime64[M]") + MONTH)
    opens = month.astype("datetime64[s]")[:, None]
    closes = (month + MONTH).astype("datetime64[s]")[:, None]
    days = (np.minimum(end, closes) - np.maximum(begin, opens)) / DAY
    days = np.maximum(days, 0.0)  # shape (months, steps)
    covered = days.sum(axis=1)
    whole = covered >= COVERED * ((closes - opens) / DAY).ravel()
    means = (days @ wide.to_numpy())[whole] / covered[whole, None]
    of_series = {  # not melt, which builds an index for each of up to a thousand columns
        name: wide.columns.get_level_values(name).repeat(len(means)) for name in wide.columns.names
    }
    dates = np.tile(month[whole].astype("datetime64[ns]"), wide.shape[1])
    return pd.DataFrame({"date": dates, **of_series, "value": means.T.ravel()})
