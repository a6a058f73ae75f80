"""Outcomes of each run of a sweep, in single numbers: adoption and its costs.

The set of outcomes stands here once. A command that reports adoption reports all of them, so that
exposure, displaced calls, ties without means and welfare are always shown with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

import pandas as pd
import pyarrow.compute as pc

from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.sweeps.folder import SweepFolder

HALF = 0.5
READABLE = 0.5  # share that the state reads of what is said on a messenger that counts as its own
READ = "read by the state"  # stands for all such messengers together
EVERY = "every platform"  # stands for messengers and cellular, apart
GROUP = "all"
TIP = "state_primary"  # the outcome whose time to tip is measured


class Outcome(NamedTuple):
    """One series of a run in its last whole month, or how much it has changed since the first.

    What has ``moved`` is the share that went by other means in the first month: runs of a sweep
    are not compared one by one, as those of a job are for the measure `displaced`.
    """

    name: str
    label: str
    unit: str  # of the printed value
    factor: float  # from the table's unit to the printed one
    platform: str
    channel: str
    measure: str
    of: Literal["level", "change", "moved"] = "level"

    @property
    def digits(self) -> int:
        """Return the decimals that pages print: more would be chance."""
        return 1 if self.unit.startswith("%") else 2


PEOPLE, TALK = "% of people aged 12+", "% of communication"
OUTCOMES = (
    Outcome(TIP, "Talk mostly where the state reads", PEOPLE, 100, READ, "any", "primary"),
    Outcome("max_daily", "Max, daily reach", PEOPLE, 100, "max", "any", "dau"),
    Outcome("whatsapp_daily", "WhatsApp, daily reach", PEOPLE, 100, "whatsapp", "any", "dau"),
    Outcome("exposure_phone", "Exposure by phone", TALK, 100, "any", "any", "exposure_phone"),
    Outcome("exposure_apps", "Exposure on apps", TALK, 100, "any", "any", "exposure_apps"),
    Outcome("displaced_calls", "Displaced calls", "% of calls", 100, EVERY, "call",
            "use", "moved"),
    Outcome("displaced_messages", "Displaced messages", "% of messages", 100, EVERY, "message",
            "use", "moved"),
    Outcome("no_means", "No means of calling", "% of ties", 100, "any", "call", "no_means"),
    Outcome("private", "Private messages", "% of attempts", 100, "any", "message", "secure"),
    Outcome("welfare", "Welfare, change since the start", "utils", 1, "any", "any", "welfare",
            "change"),
    Outcome("vpn", "VPN", PEOPLE, 100, "any", "any", "vpn"),
)  # fmt: skip
BY_NAME = {outcome.name: outcome for outcome in OUTCOMES}


def paths(
    folder: SweepFolder, outcomes: Collection[Outcome] = OUTCOMES
) -> dict[str, pd.DataFrame]:
    """Return every outcome's series by month, in printed units.

    Parameters
    ----------
    outcomes
        Where adoption is among them, `OUTCOMES` are too.

    Returns
    -------
    dict of DataFrame by name of the outcome: index run, columns month (its first day)

    Raises
    ------
    ConfigError
        If a run of the sweep is not done, or covers no whole month.
    """
    folder.refuse_unfinished()
    config = folder.config(0)
    pieces: dict[str, list[pd.DataFrame]] = {outcome.name: [] for outcome in outcomes}
    for table in _outcome_rows(folder, outcomes):
        for outcome in outcomes:
            rows = _rows(table, outcome, config)
            pieces[outcome.name].append(outcome.factor * _months(rows, outcome))
    return {name: pd.concat(parts).sort_index() for name, parts in pieces.items()}


def by_run(folder: SweepFolder) -> pd.DataFrame:
    """Return one row a run: run, point, scenario, replication, the factors, the outcomes.

    Column ``tip_months`` says after how many whole months the messengers that the state reads
    were primary for more than half of the users; NaN where that never happened.

    Raises
    ------
    ConfigError
        As `paths`.
    """
    months = paths(folder)
    values = {outcome.name: _value(months[outcome.name], outcome) for outcome in OUTCOMES}
    tip = months_to_tip(months[TIP]).rename("tip_months")
    return folder.runs.join(pd.DataFrame(values), on="run").join(tip, on="run")


def months_to_tip(shares: pd.DataFrame) -> pd.Series:
    """Return after how many months a share first exceeds half; NaN: never.

    Parameters
    ----------
    shares : DataFrame, index run, columns month
        [%]
    """
    above = shares > 100 * HALF
    first = above.to_numpy().argmax(axis=1)
    return pd.Series(first, shares.index).astype(float).where(above.any(axis=1))


def _months(rows: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return an outcome by run and month."""
    if outcome.of != "moved":
        return rows.pivot_table("value", "run", "date", aggfunc="sum")
    levels = rows.pivot_table("value", ["run", "platform"], "date", observed=True)
    first = levels.iloc[:, 0]
    gone = (-levels.sub(first, axis=0)).clip(lower=0.0).groupby(level="run").sum()
    return gone.div(first.groupby(level="run").sum(), axis=0)


def _value(months: pd.DataFrame, outcome: Outcome) -> pd.Series:
    last = months.ffill(axis=1).iloc[:, -1]
    return last - months.iloc[:, 0] if outcome.of == "change" else last


def _outcome_rows(folder: SweepFolder, outcomes: Collection[Outcome]) -> Iterator[pd.DataFrame]:
    """Yield what the outcomes are made of, some whole runs at a time."""
    measures = {outcome.measure for outcome in outcomes}
    for shard in folder.shards():
        table = shard.outcomes()
        if not len(table):
            raise ConfigError(f"{folder.path}: runs cover no whole month; dur_days is too short")
        table = table.filter(pc.equal(table["group"], GROUP))
        rows = table.to_pandas()
        yield rows[rows["measure"].isin(measures)]


def _rows(table: pd.DataFrame, outcome: Outcome, config: SimConfig) -> pd.DataFrame:
    wanted = table[
        (table["measure"] == outcome.measure) & (table["channel"] == outcome.channel)
        & table["platform"].isin(_platforms(outcome, config))
    ]  # fmt: skip
    if wanted.empty:
        raise ConfigError(f"no {outcome.measure} of {outcome.platform}; docs/measures.md lists it")
    return wanted


def _platforms(outcome: Outcome, config: SimConfig) -> list[str]:
    several = {READ: readable(config), EVERY: list(config.carriers)}
    return several.get(outcome.platform, [outcome.platform])


def readable(config: SimConfig) -> list[str]:
    """Return the messengers that the state reads."""
    return [m for m in config.messengers if config.platforms[m].state_access >= READABLE]
