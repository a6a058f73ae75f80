"""What every column of the tables means, and in which unit it is.

Measures say this of themselves, in sim/measures/.
"""

from __future__ import annotations

from typing import NamedTuple

PEOPLE = "1"  # a share of people aged 12+, of the group
REACHES = {"mau": "monthly", "dau": "daily"}  # measures of reach, as printed
SUCCESSORS = {  # names of measures that are gone, and what stands in their place
    "homes": "multihoming",
    "isolation": "displaced, no_means, worse_off",
    "cut_off": "secure, displaced, worse_off",
}
BAND = {"low": 0.05, "median": 0.5, "high": 0.95}  # quantiles over replications


class Meaning(NamedTuple):
    """A unit (``1``: a fraction) and the meaning of a number."""

    unit: str
    text: str


COLUMNS = {
    "run": Meaning("", "number of the run or job"),
    "scenario": Meaning("", "scenario that was run"),
    "counterfactual": Meaning("", "scenario that is subtracted from it"),
    "replication": Meaning("", "number of the run of a society, from 0"),
    "date": Meaning("date", "first day of the step; of mau, of the calendar month"),
    "from_date": Meaning("date", "first day of the first of two steps that are compared"),
    "to_date": Meaning("date", "first day of the second"),
    "group": Meaning("", "all, or age=, region=, type="),
    "platform": Meaning("", "messenger, cellular, or any"),
    "from_platform": Meaning("", "primary platform on the first date"),
    "to_platform": Meaning("", "primary platform on the second date"),
    "channel": Meaning("", "message, call, or any"),
    "measure": Meaning("", "what is measured; its unit is the value's"),
    "value": Meaning("of the measure", "level"),
    "n": Meaning("runs", "how many a band is taken over"),
    "median": Meaning("of the measure", "median over replications; in effects, of differences"),
    "low": Meaning("of the measure", "5 % quantile over replications"),
    "high": Meaning("of the measure", "95 % quantile over replications"),
    "share": Meaning(PEOPLE, "people who moved, of all"),
}
