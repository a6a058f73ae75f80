"""How things stand in a run, in sentences with units; what the words in them mean."""

from __future__ import annotations

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.plotting.layout import select

MEANINGS = {  # docs/measures.md has the formulas
    "open daily": "the share of people who open a messenger on a day of the week shown.",
    "exposure": "the share of all communication (messages and calls, the plain phone included) on "
    "platforms that the state can read, weighted by how much of each it can read.",
    "exposed": "a person of whose communication by messenger the state can read over 10 %.",
    "isolated": "a person whose contacts reachable by messenger, weighted by closeness, have "
    "shrunk by over 30 % since the start. Contacts gained on another messenger count, read by the "
    "state or not. The plain phone does not count.",
    "cut off": "the same for messengers of which the state reads less than half: who is cut off "
    "has lost over 30 % of its safe contact.",
    "welfare": "what people's means of communication are worth to them, the mean logsum over ties "
    "and channels in utils; only differences mean something. One more app raises it even if it "
    "was forced on people: a rise with a mandate is no case for one.",
    "primary": "the messenger that carries most of a person's communication; cellular: who uses "
    "none.",
}


def reached(timeseries: pd.DataFrame, config: SimConfig, scenarios: list[str]) -> str:
    """Say who is reached, what it costs, and in brackets how it would be in the other world.

    Parameters
    ----------
    timeseries : DataFrame
        The tidy table so far; its last date is told.
    config : SimConfig
    scenarios : list of str
        The scenario, then at most one other.
    """
    worlds = [_last(timeseries, scenario) for scenario in scenarios]

    def share(platform: str, channel: str, measure: str, unit: str = "") -> str:
        here, *others = (100.0 * float(now[platform, channel, measure]) for now in worlds)
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
        f"Of 100 people aged 12 and over, open daily: {daily}. **Exposed** are "
        f"{share('any', 'any', 'exposed')}; of all communication, {exposure} is open to the "
        f"state. **Isolated** are {gone['isolation']}; **cut off** from safe contact are "
        f"{gone['cut_off']}. {_welfare(timeseries, scenarios)}"
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
    return f"Welfare since the start: **{here}** utils" + "".join(f" ({o})" for o in others) + "."
