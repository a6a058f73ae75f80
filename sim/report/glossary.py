"""Meanings of the measures, worded once for the terminal and the report."""

from __future__ import annotations

from sim.engine.accumulators import ISOLATION

_LESS = f"{100 * ISOLATION:.0f}\N{NO-BREAK SPACE}%"
MEANING = {
    "daily reach": "% of people aged 12+ who open a messenger on a day.",
    "readable by the state": (
        "% of communication that the state can read: over the ordinary phone, and over messengers "
        "that it has access to."
    ),
    "isolated": (
        f"% of people who have lost over {_LESS} of the contacts that they could reach by app at "
        "the start, each contact weighted by how much they talk. Any app that works counts; the "
        "ordinary phone does not."
    ),
    "lost private calls": (
        "The same for apps that the state cannot read; lost private messages likewise. A contact "
        "who can be reached on the state's app alone does not count: a mandate can reduce "
        "isolation while people still lack private contact."
    ),
    "welfare": (
        "An index of what people can do with the means of communication they have; only "
        "differences have a meaning. It is the mean logsum of the choice over ties, in utils. "
        "Pressure to use an app is not part of it, so a rise under a mandate is no argument for "
        "one."
    ),
}
CAPTION = (
    "Reach, VPN, isolated, lost private calls and messages: % of people aged 12+. Ordinary phone "
    "calls: per person and day, all communication of the average person = 1. Readable by the "
    f"state: % of communication. Isolated: people who lost over {_LESS} of the contacts that they "
    "could reach by app at the start; lost private calls, messages: the same for apps that the "
    "state cannot read. Welfare: an index, the mean logsum of the choice; pressure to use an app "
    "is not part of it."
)
UNITS = (
    "Lines in bold are costs. Ordinary phone calls: per person and day, all communication of the "
    "average person = 1. Welfare: an index."
)
OF_ABUSE = " Incidents, losses: the average at the start = 1."  # where a case has any
