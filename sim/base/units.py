"""What every measure and column of the tables means, and in which unit it is.

docs/measures.md explains them at length; a test compares the two.
"""

from __future__ import annotations

from typing import NamedTuple

PEOPLE = "1"  # a share of people aged 12+, of the group
REACHES = {"mau": "monthly", "dau": "daily"}  # measures of reach, as printed
RENAMED = {"homes": "multihoming"}  # old names of measures, and the new ones
BAND = {"low": 0.05, "median": 0.5, "high": 0.95}  # quantiles over replications


class Meaning(NamedTuple):
    """A unit (``1``: a fraction) and the meaning of a number."""

    unit: str
    text: str


MEASURES = {
    "mau": Meaning(PEOPLE, "people who open it at least once in the calendar month"),
    "dau": Meaning(PEOPLE, "people who open it on a day of the step"),
    "installed": Meaning(PEOPLE, "people who have it on the phone"),
    "account": Meaning(PEOPLE, "people who have an account"),
    "mandated": Meaning(PEOPLE, "people from whom an institution demands it"),
    "second_phone": Meaning(PEOPLE, "people who keep it on a second phone for an institution"),
    "chats": Meaning("chats per person", "group chats on it"),
    "primary": Meaning(PEOPLE, "people for whom it carries most communication of all messengers"),
    "use": Meaning("1", "communication a day; all of the average person is 1"),
    "exposure": Meaning("1", "communication that the state can read, of all communication"),
    "exposed": Meaning(PEOPLE, "people of whose talk by messenger the state reads over 10 %"),
    "reachable": Meaning("1", "attempts to talk by messenger that can succeed"),
    "secure": Meaning("1", "the same on a messenger of which the state reads less than half"),
    "reachable_abroad": Meaning("1", "attempts to reach somebody close abroad that can succeed"),
    "isolation": Meaning(
        PEOPLE, "people whose reachable ties shrank by over 30 % since the start"
    ),
    "cut_off": Meaning(PEOPLE, "people whose secure ties shrank by over 30 % since the start"),
    "vpn": Meaning(PEOPLE, "people who use a VPN"),
    "welfare": Meaning("utils", "expected utility of communication; only differences mean much"),
    "multihoming": Meaning("messengers per person", "messengers in use"),
    "newly_exposed": Meaning(PEOPLE, "people exposed in the scenario, not in the counterfactual"),
    "no_longer_exposed": Meaning(
        PEOPLE, "people exposed in the counterfactual, not in the scenario"
    ),
}
ABUSE = {  # by the suffix of the measure; each kind of abuse has its own measures
    "attempts": Meaning("1", "attempts that arrive, a person; all platforms are 1 at the start"),
    "incidents": Meaning("1", "incidents to expect, a person; 1 at the start"),
    "losses": Meaning("1", "losses that banks do not hold back, a person; 1 at the start"),
    "victims": Meaning(PEOPLE, "people who have fallen for it since the start"),
}
COLUMNS = {
    "run": Meaning("", "number of the run or job"),
    "scenario": Meaning("", "world that was run"),
    "counterfactual": Meaning("", "world that is subtracted from it"),
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


def measure(name: str) -> Meaning:
    """Return unit and meaning of a measure; measures of abuse are named KIND_attempts etc.

    Raises
    ------
    KeyError
        If there is no such measure.
    """
    if name in RENAMED:
        raise KeyError(f"{name}: this measure is called {RENAMED[name]} now")
    if name in MEASURES:
        return MEASURES[name]
    kind, _, ending = name.rpartition("_")
    return Meaning(ABUSE[ending].unit, f"{kind}: {ABUSE[ending].text}")
