"""The state of a run in sentences with units; sim/report/glossary.py explains their words."""

from __future__ import annotations

import pandas as pd

from sim.config.sim_config import SimConfig
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
    gone = {
        measure: " and ".join(f"{share('any', c, measure)} for {c}s" for c in ("call", "message"))
        for measure in ("isolation", "cut_off")
    }
    exposure = share("any", "any", "exposure", "%")
    return (
        f"Of 100 people aged 12 and over, open daily: {daily}. **Readable by the state** is "
        f"{exposure} of all communication, and over {READ} of that of "
        f"{share('any', 'any', 'exposed')} people. **Isolated** are {gone['isolation']}; "
        f"**private contact** is lost to {gone['cut_off']}. {_welfare(timeseries, scenarios)}"
    )


def _last(timeseries: pd.DataFrame, scenario: str) -> pd.Series:
    """Return the last values of a scenario by platform, channel and measure."""
    rows = select(timeseries, scenario=scenario, group="all")
    rows = rows[(rows["measure"] != "mau") & (rows["date"] == rows["date"].max())]
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
