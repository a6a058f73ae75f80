"""Targets of a calibration: observed points, their errors, and what a sweep gives there.

The only place that knows how `sim.observation.observed` lays out its tables and how sure each
figure is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sim.config.compose import load_config
from sim.kernel.arrays import F64
from sim.observation.observed import observations, observed_reach
from sim.observation.operators import EVERYBODY, OPERATORS
from sim.observation.operators import REACH as MEASURES
from sim.sweeps.folder import SweepFolder

COMPANY = "company"  # quality of a company's own claim
KEPT = ("mau", "dau", "use")
GROUP = "all"
REACH = ["platform", "measure", "date"]
CHANGES = {  # what changes between two months, by operator
    "cellular_calls_change": "use change",
    "use_per_user_change": "use change",
    "monthly_reach_change": "mau change",
    "daily_reach_change": "dau change",
}


def targets(case: str) -> pd.DataFrame:
    """Return what is observed of a case (a name in conf/case) and everybody, a row a figure.

    Figures of what a sweep does not keep by month (VPNs, probes), or of some ages, are left out.

    Returns
    -------
    DataFrame
        platform, measure (mau, dau, or a change of them or of use), date (first day of the month;
        of a change, of the later one), since (of a change, the earlier month), operator, value
        [1], sd [1] (that of the figure's grade, or its own: sim/observation/sources.py), bias [1]
        (by how much such a source overstates), quality (company: a claim); by platform and date.
    """
    observed = observations(load_config(f"case={case}"))
    reach = observed_reach(observed)
    names = {measure: operator for operator, measure in MEASURES.items()}
    reach = reach.assign(operator=reach["measure"].map(names), since=pd.NaT)
    changes = observed[
        observed["operator"].isin(list(CHANGES))
        & (observed["use"] == "fit")
        & (observed["base"] == EVERYBODY)
        & (observed["group"] == GROUP)
    ]
    changes = changes.assign(
        measure=changes["operator"].map(CHANGES), since=changes["date"], date=changes["until"]
    )
    columns = [*REACH, "since", "operator", "value", "sigma", "bias", "quality"]
    rows = pd.concat([reach[columns].astype(changes[columns].dtypes), changes[columns]])
    return rows.sort_values(REACH, ignore_index=True).rename(columns={"sigma": "sd"})


def last_days(months: pd.Series) -> pd.Series:
    """Return the last days of months that are given by their first."""
    return months + pd.offsets.MonthEnd(0)


def months(folder: SweepFolder) -> pd.DataFrame:
    """Return reach and use by month of every run of a sweep.

    Returns
    -------
    DataFrame
        Index (point, replication), columns (platform, channel, measure, date); shares and units
        of communication a day [1].

    Raises
    ------
    ConfigError
        If a run is not done.
    """
    folder.refuse_unfinished()
    wide = []
    for shard in folder.shards():
        table = shard.outcomes().filter(pc.equal(pc.field("group"), GROUP))
        rows = table.to_pandas()
        rows = rows[rows["measure"].isin(KEPT)].astype({"date": "datetime64[ms]"})
        keys = ["platform", "channel", "measure", "date"]
        wide.append(rows.pivot_table("value", "run", keys, observed=True))
    joined = pd.concat(wide).sort_index()
    runs = folder.runs.set_index("run").loc[joined.index]
    joined.index = pd.MultiIndex.from_frame(runs[["point", "replication"]])
    return joined


def simulated(seen: pd.DataFrame, wanted: pd.DataFrame) -> F64:
    """Return what the source of each target would say of each run, shape (n runs, n targets).

    That is what the operator of the figure gives, and by how much such a source overstates.

    Parameters
    ----------
    seen : DataFrame, as `months` returns
    wanted : DataFrame, as `targets` returns
    """
    return np.column_stack([_column(seen, row) + row.bias for row in wanted.itertuples()])


def _column(seen: pd.DataFrame, row: Any) -> F64:
    """Return what the operator of a figure reads off every run, shape (n runs,)."""
    operator = OPERATORS[row.operator]
    divisor = operator.divisor(row.platform, EVERYBODY)

    def level(month: pd.Timestamp) -> F64:
        found = sum(
            seen[*key, pd.Timestamp(month)].to_numpy() for key in operator.keys(row.platform)
        )
        return np.asarray(
            found / seen[*divisor, pd.Timestamp(month)].to_numpy() if divisor else found
        )

    return level(row.date) / level(row.since) - 1.0 if operator.is_change else level(row.date)
