"""Results written by hand: every series that is told of a run, as a function says."""

from itertools import product
from typing import NamedTuple

import pandas as pd

from sim import load_config
from sim.measures.registry import MONTHLY
from sim.report.summary import rows
from sim.runs.results import Tables

CONFIG = load_config("+scenario=call_ban", "replications=3", "compare_to=[mandate_only]")
# Steps begin on Thursdays, one of them on 1 January.
STEPS = pd.date_range("2025-05-29", "2026-01-08", freq="7D")
MONTHS = pd.date_range("2025-06-01", "2025-12-01", freq="MS")


class At(NamedTuple):
    """Where a value stands."""

    scenario: str
    replication: int
    date: pd.Timestamp
    group: str
    platform: str
    channel: str
    measure: str


def written(value, groups=("all",)):
    """Return a result in which stands `value(at)` everywhere."""
    found = [
        at
        for row in rows(CONFIG)
        for scenario, r, date, group in product(
            ("call_ban", "mandate_only"), range(3), MONTHS if row.measure in MONTHLY else STEPS,
            groups,
        )
        for at in [At(scenario, r, date, group, row.platform, row.channel, row.measure)]
    ]  # fmt: skip
    names = dict.fromkeys(("scenario", "group", "platform", "channel", "measure"), "category")
    series = pd.DataFrame(found).astype(names).assign(value=[value(at) for at in found])
    return Tables(CONFIG, series, pd.DataFrame(), pd.DataFrame())
