"""The state of a run in sentences with units; sim/report/glossary.py explains their words."""

from __future__ import annotations

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.measures.registry import MONTHLY
from sim.measures.thresholds import READ
from sim.plotting.layout import select


def reached(timeseries: pd.DataFrame, config: SimConfig, scenarios: list[str]) -> str:
    """Return daily reach and costs in words, those of the counterfactual in brackets.

    Parameters
    ----------
    timeseries : DataFrame
        The tidy table so far; its last date is described.
    config : SimConfig
    scenarios : list of str
        The scenario, then at most one other.
    """
    levels = [_last(timeseries, scenario) for scenario in scenarios]

    def share(platform: str, channel: str, measure: str, unit: str = "") -> str:
        here, *others = (100.0 * float(now[platform, channel, measure]) for now in levels)
        return f"**{here:.0f}{unit}**" + "".join(f" ({other:.0f}{unit})" for other in others)

    daily = ", ".join(
        f"{config.platforms[name].printed} {share(name, 'any', 'dau')}"
        for name in config.messengers
    )
    by_phone, on_apps = (share("any", "any", f"exposure_{by}", "%") for by in ("phone", "apps"))
    return (
        f"Of 100 people aged 12 and over, open daily: {daily}. {_lost(timeseries, scenarios)}"
        f"**No means** of calling have {share('any', 'call', 'no_means', '%')} of ties. "
        f"**Readable** by the state is {by_phone} of all communication as calls and SMS and "
        f"{on_apps} on apps; of {share('any', 'any', 'exposed')} people it reads over {READ} of "
        f"what they say on apps. {_welfare(timeseries, scenarios)}"
    )


def _lost(timeseries: pd.DataFrame, scenarios: list[str]) -> str:
    """Return what changed means, and how many are worse off, than in the counterfactual."""
    if len(scenarios) == 1:
        return ""
    now = 100.0 * _last(timeseries, scenarios[0])
    calls, messages = (float(now["any", c, "displaced"]) for c in ("call", "message"))
    by_month = timeseries[timeseries["measure"] == "worse_off"]
    worse = ""
    if len(by_month):
        rows = select(by_month, scenario=scenarios[0], group="all").sort_values("date")
        month, share = rows["date"].iloc[-1], 100.0 * rows["value"].iloc[-1]
        worse = f", and **worse off** at the end of {month:%B} were **{share:.0f}** people"
    return (
        f"**Displaced** are **{calls:.0f}%** of calls and **{messages:.0f}%** of messages{worse}. "
    )


def _last(timeseries: pd.DataFrame, scenario: str) -> pd.Series:
    """Return the last values of a scenario by platform, channel and measure."""
    rows = select(timeseries, scenario=scenario, group="all")
    rows = rows[~rows["measure"].isin(MONTHLY)]
    rows = rows[rows["date"] == rows["date"].max()]
    keys = [rows[name].astype(str) for name in ("platform", "channel", "measure")]
    return rows["value"].set_axis(pd.MultiIndex.from_arrays(keys))


def _welfare(timeseries: pd.DataFrame, scenarios: list[str]) -> str:
    changes = []
    for scenario in scenarios:
        path = select(timeseries, scenario=scenario, group="all", measure="welfare")
        values = path.sort_values("date")["value"]
        changes.append(float(values.iloc[-1] - values.iloc[0]))
    here, *others = (f"{change:+.2f}".replace("-", "\N{MINUS SIGN}") for change in changes)
    return f"Welfare index since the start: **{here}**" + "".join(f" ({o})" for o in others) + "."
