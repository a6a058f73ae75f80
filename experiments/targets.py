"""What a calibration is held against: observed points, their errors, and what a sweep gives there.

The only place that knows how `sim.observed` lays out its tables and how sure each figure is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sim.errors import ConfigError
from sim.observed import observed_indicators, observed_reach
from sim.rules.records import F64
from sim.sweeps.folder import DONE, SweepFolder

POINT = 0.01  # a percentage point
PANEL, CLAIM = 1 * POINT, 2 * POINT  # sd of an observed share: of the panel, of a company's claim
UNKNOWN = 10 * POINT  # sd of an indicator with no known range: the half width of the other one
DISCREPANCY = 1.5 * POINT  # sd of what the model leaves out, and of the luck of a small society
COMPANY = "company"  # quality of a company's own claim
KEPT = ("mau", "dau", "use")
GROUP = "all"
REACH = ["platform", "measure", "date"]


class Change(NamedTuple):
    """A relative change of use between two months of a run, which stands for an indicator."""

    platform: str
    channels: tuple[str, ...]
    before: str
    after: str


CHANGES = {
    # The statistic counts from August; the model's calls fail from the 13th: July is unrestricted.
    "cellular_call_traffic_change": Change("cellular", ("call",), "2025-07-01", "2025-10-01"),
    # The statistic begins in November 2024, before the run does.
    "whatsapp_time_per_user_change": Change(
        "whatsapp", ("message", "call"), "2025-06-01", "2025-11-01"
    ),
}


def targets(case: str) -> pd.DataFrame:
    """Return what is observed of a case (a folder of `sim/data`), a row a figure.

    Returns
    -------
    DataFrame
        platform, measure (mau, dau, change), date (first day of the month; of a change, of the
        later one), name, value [1], sd [1] (error and discrepancy), quality (company: a
        claim; measured, derived); by platform and date.
    """
    reach = observed_reach(case)
    error = np.where(reach["quality"] == COMPANY, CLAIM, PANEL)
    reach = reach.assign(name=reach["measure"], sd=np.hypot(error, DISCREPANCY))
    use = observed_indicators(case)
    use = use[use["indicator"].isin(list(CHANGES))]
    half = ((use["high"] - use["low"]) / 2).fillna(UNKNOWN)
    changes = [CHANGES[name] for name in use["indicator"]]
    use = use.assign(
        platform=[change.platform for change in changes],
        measure="change",
        date=pd.to_datetime([change.after for change in changes]),
        name=use["indicator"],
        sd=np.hypot(half, DISCREPANCY),
    )
    columns = [*REACH, "name", "value", "sd", "quality"]
    return pd.concat([reach[columns], use[columns]]).sort_values(REACH, ignore_index=True)


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
    return np.column_stack([_column(seen, *key) for key in wanted[[*REACH, "name"]].to_numpy()])


def _column(
    seen: pd.DataFrame, platform: str, measure: str, date: pd.Timestamp, name: str
) -> F64:  # fmt: skip
    if measure != "change":
        return seen[platform, "any", measure, date].to_numpy()
    change = CHANGES[name]
    after, before = (
        sum(
            seen[change.platform, channel, "use", pd.Timestamp(at)].to_numpy()
            for channel in change.channels
        )
        for at in (change.after, change.before)
    )
    return np.asarray(after / before - 1)
