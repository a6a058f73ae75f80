"""Errors of sources, by grade of quality.

A grade says who measured and how. Its error is the standard deviation of a figure around the true
value of its operator, in percentage points for levels and in percent for relative changes. A
`sigma` of a figure in the table of a case replaces it; the note there gives the reason.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Grade(NamedTuple):
    """Meaning of a grade, its errors, and their source."""

    meaning: str
    level: float  # standard deviation of a share [percentage points]
    change: float  # standard deviation of a relative change [percent]
    bias: float  # by how much a share is overstated [percentage points]
    may_fit: bool  # whether figures of this grade may be fitted
    why: str


GRADES = {
    "panel": Grade(
        "measured on people of the base by an audience panel",
        level=1.0, change=3.0, bias=0.0, may_fit=True,
        why="press copies of one month differ by 0.3 million (0.25 points) and are rounded to up "
        "to 0.4 points; the rest is the panel's own sampling, a convention. A change: two such "
        "errors over a reach of 50 %",
    ),
    "derived": Grade(
        "arithmetic on a panel, or a meter on another base or by another method",
        level=2.0, change=10.0, bias=0.0, may_fit=True,
        why="July 2025 by two methods: 93.5 and 96.2 million of WhatsApp, 2.2 points. Changes: "
        "national figures of calls run from 9 to 25 %, three facets of use of WhatsApp from -8 to "
        "-27 %",
    ),
    "probe": Grade(
        "share of connections that volunteers' probes make",
        level=10.0, change=20.0, bias=0.0, may_fit=True,
        why="July 2026 by two readings of OONI, WhatsApp: 10 and 22 %; Telegram in April: 5 and "
        "11 %",
    ),
    "poll": Grade(
        "what respondents say",
        level=5.0, change=15.0, bias=0.0, may_fit=True,
        why="2022-23, use of a VPN: 23 % (poll), 22.8 % (subscribers), 22.1 % (poll), but 36 % "
        "and a third of one poll; sampling is added. For reach see WORDING",
    ),
    "company": Grade(
        "claimed by the platform, or by the state that pushes or blocks it",
        level=2.5, change=20.0, bias=2.5, may_fit=False,
        why="an assumption: no month has a claim and a panel's figure; claims are of record days "
        "and of all countries, so they err upwards",
    ),
    "press": Grade(
        "a figure whose measurer is not named, or of self-selected readers",
        level=5.0, change=20.0, bias=0.0, may_fit=False,
        why="an assumption: a base that is not known can be that of internet users, 14 % fewer",
    ),
}  # fmt: skip
# "Do you use it" is not "was it opened": polls of August 2025 to February 2026 lie 22, 28, 20, 25,
# 8, 23 and 7 points below the panel's monthly reach of about the same people and month (WhatsApp
# and Telegram by FOM, Max by Levada, ExtremeScan, Russian Field and MAR CONSULT, Telegram by MAR
# CONSULT); root mean square 20. All lie below, but by how much a question does is not known.
WORDING = 20.0  # [percentage points]
# What a question does to the answers stays about the same from wave to wave of one pollster, so a
# change between waves is far better known than either level.
WAVE = 4.0  # of a change between two waves: two samples of 1,500, and some wording [points]
DESIGN_EFFECT = 1.5  # variance of a weighted sample over that of a simple one: an assumption
SAMPLE = 1500  # assumed respondents of a national poll that does not report them


def error_of_share(quality: str, value: float, n: float, wording: float) -> float:
    """Return the standard deviation of an observed share, a fraction.

    Parameters
    ----------
    quality : str
        One of `GRADES`.
    value : float
        The share, a fraction.
    n : float
        Respondents of a poll; NaN if unknown.
    wording : float
        Standard deviation of the difference between what respondents say and what the operator
        counts [percentage points].
    """
    if quality != "poll":
        return GRADES[quality].level / 100.0
    sample = SAMPLE if np.isnan(n) else n
    sampling = DESIGN_EFFECT * value * (1.0 - value) / sample
    return float(np.sqrt(sampling + (wording / 100.0) ** 2))


def error_of_change(quality: str) -> float:
    """Return the standard deviation of a relative change, a fraction."""
    return GRADES[quality].change / 100.0


def error_in_points(quality: str) -> float:
    """Return the standard deviation of a change of a share, a fraction of the base.

    That of a poll is `WAVE`; otherwise two independent errors of the level.
    """
    if quality == "poll":
        return WAVE / 100.0
    return float(np.sqrt(2.0)) * GRADES[quality].level / 100.0
