"""What the first figure of a page answers to pointer and keyboard: the values of each step."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from sim.plotting.layout import bands, midway, select
from sim.plotting.palette import looks_of, platform
from sim.runs.results import Tables


def readings(result: Tables) -> dict[str, Any]:
    """Return the daily reach of every messenger in every step, as it is drawn.

    Returns
    -------
    dict
        names and colours of the messengers; other: whether there is a counterfactual; of each
        step: when (in words), at (from 0 to 1, along the axis), and by messenger the values [%]:
        median, low, high, and the median of the counterfactual.
    """
    config = result.config
    rows = select(result.timeseries, measure="dau", group="all")
    scenarios = (config.scenario, *config.compare_to[:1])
    here, *others = (bands(select(rows, scenario=name), "platform") for name in scenarios)
    looks = looks_of({name: config.platforms[name].printed for name in config.messengers})
    steps = here[config.messengers[0]].index
    drawn = midway(pd.DataFrame({"date": steps}))["date"]
    whole = max(drawn.iloc[-1] - steps[0], pd.Timedelta(days=1))  # as of drawing.time_axis
    values = [
        [
            [round(100.0 * float(line.iloc[k][end]), 1) for line, end in _of(here, others, name)]
            for name in config.messengers
        ]
        for k in range(len(steps))
    ]
    return {
        "names": [config.platforms[name].printed for name in config.messengers],
        "colours": [platform(name, looks).colour for name in config.messengers],
        "other": bool(others),
        "steps": [
            {"when": _words(when, config.step_days), "at": round(at, 5), "values": some}
            for when, at, some in zip(steps, (drawn - steps[0]) / whole, values, strict=True)
        ],
    }


def _of(here: Any, others: list[Any], name: str) -> list[tuple[pd.DataFrame, str]]:
    """Return the lines that a messenger is read from, each with its column."""
    mine = [(here[name], end) for end in ("median", "low", "high")]
    return [*mine, *((one[name], "median") for one in others)]


def _words(when: pd.Timestamp, step_days: float) -> str:
    """Return a step in words: ``Week from 4 August 2025``."""
    date = f"{when.day} {when:%B %Y}"
    if step_days == 7:
        return f"Week from {date}"
    return date if step_days <= 1 else f"{step_days:g} days from {date}"


def as_json(found: dict[str, Any]) -> str:
    """Return readings as text that may stand in a script element."""
    return json.dumps(found, separators=(",", ":")).replace("<", "\\u003c")
