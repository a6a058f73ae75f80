"""The state of a run in sentences with units, and the meanings of their words."""

from __future__ import annotations

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.plotting.layout import select

MEANINGS = {  # docs/measures.md has the formulas
    "open daily": "the share of people who open a messenger on a day of the week shown.",
    "readable by the state": "the share of all communication (messages and calls, by app and by "
    "ordinary phone) on platforms that the state can read, weighted by how much of each it reads. "
    "A person counts as exposed if the state can read over 10 % of the person's communication by "
    "messenger.",
    "isolated": "a person who has lost over 30 % of the contacts that messengers could reach at "
    "the start, weighted by closeness. Contacts gained on another messenger count, whether or not "
    "the state reads it. The ordinary phone does not count.",
    "private contact": "the same for messengers of which the state reads less than half: a person "
    "who has lost it can reach over 30 % fewer contacts in private than at the start.",
    "welfare": "an index of what people's means of communication are worth to them (the mean "
    "logsum over ties and channels); only differences have a meaning. One more app raises it even "
    "if it was forced on people, so a rise under a mandate is no argument for one.",
    "main app": "the messenger that carries most of a person's communication; ordinary phone: the "
    "person uses no messenger.",
}


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
        f"{exposure} of all communication, and over 10 % of that of "
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
