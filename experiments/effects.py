"""The headline effects: what the ban, the push and slowed messages do, paired run by run.

An effect is a scenario minus its counterfactual, in the same society with the same random numbers.
It is computed for reach and for all outcomes of `experiments.run_outcomes`: adoption never alone.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.run_outcomes import BY_NAME, OUTCOMES, PEOPLE, Outcome, paths
from sim.base.errors import ConfigError
from sim.base.units import BAND
from sim.sweeps.folder import SweepFolder

KEYS = ["effect", "month", "outcome"]  # keys of a value, with point and replication


class Effect(NamedTuple):
    """Effect of one change: a scenario minus the scenario that lacks only that change."""

    name: str
    label: str
    scenario: str
    counterfactual: str


EFFECTS = (
    Effect("ban", "The ban of calls, Max pushed", "call_ban", "mandate_only"),
    Effect("ban_alone", "The ban of calls alone", "call_ban_only", "baseline"),
    Effect("mandate", "The push of Max alone", "mandate_only", "baseline"),
    Effect("throttling", "Slowed messages, beside both", "throttle_messages", "call_ban"),
)
SCENARIOS = {name for effect in EFFECTS for name in (effect.scenario, effect.counterfactual)}
REACH = (
    BY_NAME["whatsapp_daily"],
    Outcome("whatsapp_monthly", "WhatsApp, monthly reach", PEOPLE, 100, "whatsapp", "any", "mau"),
    Outcome("telegram_daily", "Telegram, daily reach", PEOPLE, 100, "telegram", "any", "dau"),
    Outcome("telegram_monthly", "Telegram, monthly reach", PEOPLE, 100, "telegram", "any", "mau"),
    BY_NAME["max_daily"],
    Outcome("max_monthly", "Max, monthly reach", PEOPLE, 100, "max", "any", "mau"),
    Outcome("imo_monthly", "imo, monthly reach", PEOPLE, 100, "imo", "any", "mau"),
)
WELFARE = BY_NAME["welfare"]._replace(label="Welfare", of="level")  # of which effects differ
COSTS = tuple(
    WELFARE if outcome.name == WELFARE.name else outcome
    for outcome in OUTCOMES
    if outcome not in REACH
)
ALL_OUTCOMES = (*REACH, *COSTS)
OUTCOMES_BY_NAME = {outcome.name: outcome for outcome in ALL_OUTCOMES}


def unit(outcome: str) -> str:
    """Return the unit of an effect on an outcome."""
    return "utils" if outcome == WELFARE.name else "points"


def effects(folder: SweepFolder) -> pd.DataFrame:
    """Return every effect in every run, in the headline month and the last that all runs cover.

    Returns
    -------
    DataFrame
        point, replication, effect, month, outcome, value [points; welfare: utils].

    Raises
    ------
    ConfigError
        If some runs do not cover the headline month.
    """
    found = paths(folder, ALL_OUTCOMES)
    covered = found[WELFARE.name].dropna(axis=1).columns
    headline = pd.Timestamp(folder.config(0).case.headline_month)
    if headline not in covered:
        raise ConfigError(f"some runs do not cover {headline:%B %Y}; set dur_days in overrides")
    keys = folder.runs.set_index("run")[["point", "scenario", "replication"]]
    parts = []
    for month in dict.fromkeys((headline, covered.max())):
        levels = pd.DataFrame({o.name: found[o.name][month] for o in ALL_OUTCOMES})
        by_scenario = keys.join(levels).set_index(["scenario", "point", "replication"])
        for effect in EFFECTS:
            paired = by_scenario.loc[effect.scenario] - by_scenario.loc[effect.counterfactual]
            long = paired.melt(var_name="outcome", ignore_index=False).reset_index()
            parts.append(long.assign(effect=effect.name, month=month))
    return pd.concat(parts, ignore_index=True)[["point", "replication", *KEYS, "value"]]


def banded(values: pd.DataFrame) -> pd.DataFrame:
    """Return the median and the 90 % band of effects over replications.

    Returns
    -------
    DataFrame
        point, effect, month, outcome, low, median, high.
    """
    groups = values.groupby(["point", *KEYS], sort=False)["value"]
    return pd.DataFrame({name: groups.quantile(q) for name, q in BAND.items()}).reset_index()
