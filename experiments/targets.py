"""What a calibration is held against: observed points, their errors, and what a sweep gives there.

The only place that knows how `sim.observed` lays out its tables and how sure each figure is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sim.errors import ConfigError
from sim.observed import observations, observed_reach
from sim.rules.records import F64
from sim.schema import load_config
from sim.sweeps.folder import DONE, SweepFolder

POINT = 0.01  # a percentage point
PANEL, CLAIM = 1 * POINT, 2 * POINT  # sd of an observed share: of the panel, of a company's claim
COMPANY = "company"  # quality of a company's own claim
KEPT = ("mau", "dau", "use")
GROUP = "all"
REACH = ["platform", "measure", "date"]


class Change(NamedTuple):
    """The use whose relative change between two months an operator observes."""

    name: str
    channels: tuple[str, ...]


CHANGES = {  # by operator (sim/operators.py)
    "cellular_calls_change": Change("cellular_call_traffic_change", ("call",)),
    "use_per_user_change": Change("whatsapp_time_per_user_change", ("message", "call")),
}


def targets(case: str) -> pd.DataFrame:
    """Return what is observed of a case (a name in conf/case), a row a figure.

    Returns
    -------
    DataFrame
        platform, measure (mau, dau, change), date (first day of the month; of a change, of the
        later one), since (of a change, the earlier month), name, value [1], sd [1] (the stated
        error), quality (company: a claim); by platform and date.
    """
    observed = observations(load_config(f"case={case}"))
    reach = observed_reach(observed)
    error = np.where(reach["quality"] == COMPANY, CLAIM, PANEL)
    reach = reach.assign(name=reach["measure"], sd=error, since=pd.NaT)
    use = observed[observed["operator"].isin(list(CHANGES)) & (observed["use"] == "fit")]
    changes = [CHANGES[name] for name in use["operator"]]
    use = use.assign(
        measure="change",
        since=use["date"],
        date=use["until"],
        name=[change.name for change in changes],
        sd=use["sigma"],
    )
    columns = [*REACH, "since", "name", "value", "sd", "quality"]
    rows = pd.concat([reach[columns].astype(use[columns].dtypes), use[columns]])
    return rows.sort_values(REACH, ignore_index=True)


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
    missing = len(folder.runs) - int((folder.records()["status"] == DONE).sum())
    if missing:
        raise ConfigError(f"{folder.path}: {missing} runs are not done")
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
    """Return the simulated value of each target, shape (n runs, n targets).

    Parameters
    ----------
    seen : DataFrame, as `months` returns
    wanted : DataFrame, as `targets` returns
    """
    return np.column_stack([_column(seen, row) for row in wanted.itertuples()])


def _column(seen: pd.DataFrame, row: Any) -> F64:
    if row.measure != "change":
        return seen[row.platform, "any", row.measure, row.date].to_numpy()
    channels = next(c.channels for c in CHANGES.values() if c.name == row.name)
    after, before = (
        sum(
            seen[row.platform, channel, "use", pd.Timestamp(at)].to_numpy() for channel in channels
        )
        for at in (row.date, row.since)
    )
    return np.asarray(after / before - 1)
