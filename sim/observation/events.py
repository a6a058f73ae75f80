"""The dated events of a case that figures mark."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from sim.base.csv_lines import read_lines
from sim.base.errors import ConfigError
from sim.config.sim_config import SimConfig
from sim.observation.apart import events_apart

LONGEST = 40  # label of an event [characters]
EVENT = ("date", "event", "platforms", "what_changed", "url", "note")
LABEL = ["date", "label", "platforms", "url"]  # and `apart`


def events(config: SimConfig) -> pd.DataFrame:
    """Return the events of a case, with labels short enough for a figure.

    A case with neither events.csv nor labels.csv has none.

    Returns
    -------
    DataFrame, shape (n_events, 5)
        date, label (up to `LONGEST` characters), platforms (of the model, joined by ";"), url,
        apart (whether it is no part of the scenario); sorted by date.

    Raises
    ------
    ConfigError
        If one of the two files is missing, or labels.csv names an event that is not in events.csv
        or has a label that is too long.
    """
    names = {config.platforms[name].label: name for name in config.messengers}
    data, rows = config.case.data, []
    if not (data / "labels.csv").is_file():
        if (data / "events.csv").is_file():
            raise ConfigError(
                "labels.csv: no such file, so no figure would mark what stands in events.csv; "
                "allowed: both files (docs/howto_case.md), or neither"
            )
        return pd.DataFrame(columns=[*LABEL, "apart"])
    known = {(e["date"], e["event"]): e for e in read_lines(data / "events.csv", EVENT).values()}
    for number, line in read_lines(data / "labels.csv", ("date", "event", "label")).items():
        event = known.get((line["date"], line["event"]))
        if event is None:
            raise ConfigError(
                f"labels.csv, line {number}: not in events.csv: {line['date']} {line['event']}; "
                "date and event must be the same"
            )
        if len(line["label"]) > LONGEST:
            raise ConfigError(
                f"labels.csv, line {number}: label={line['label']!r}: "
                f"allowed: up to {LONGEST} characters"
            )
        ours = (names[one] for one in event["platforms"].split(";") if one in names)
        rows.append((_day(line["date"], number), line["label"], ";".join(ours), event["url"]))
    table = pd.DataFrame(rows, columns=LABEL).astype({"date": "datetime64[us]"})
    table["apart"] = events_apart(config, table["date"])
    return table.sort_values("date", ignore_index=True)


def _day(text: str, number: int) -> dt.date:
    """Return the date of a line of labels.csv."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"labels.csv, line {number}: date={text!r}: no date; allowed: as 2025-08-13"
        ) from None
