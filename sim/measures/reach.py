"""Measures of reach: who opens, has and is made to have a messenger."""

from __future__ import annotations

import numpy as np

from sim.base.units import PEOPLE
from sim.kernel.arrays import U8, Flags
from sim.measures.measure import Measure, Users


def _flags(sets: U8, seen: Users) -> Flags:
    """Return sets of messengers, one a user, as flags (n, P)."""
    messengers = np.arange(seen.users.habit.shape[1], dtype=sets.dtype)
    return np.asarray((sets[:, None] >> messengers & 1) == 1)


def _opens(seen: Users) -> np.ndarray:
    return np.asarray(-np.expm1(-seen.step_records.openings.astype(float)))


MEASURES = (
    Measure(
        "mau", PEOPLE, "people who open it at least once in the calendar month",
        every="month", platform="messenger",
        value=lambda sums: sums.mean("opened"),
        form="percent",
        definition=(
            "monthly reach: share of users who open it at least once in the calendar month. Only "
            "for months of which the run covers at least 90 % (what is missing is scaled up)"
        ),
    ),
    Measure(
        "dau", PEOPLE, "people who open it on a day of the step",
        platform="messenger",
        value=lambda sums: sums.mean("dau"), of_user=_opens, column="opens_daily",
        form="percent",
        definition="daily reach: share who open it on a day of the step",
        word="daily reach", words="% of people aged 12+ who open a messenger on a day.",
    ),
    Measure(
        "installed", PEOPLE, "people who have it on the phone",
        platform="messenger",
        value=lambda sums: sums.mean("installed"),
        of_user=lambda seen: _flags(seen.users.installed, seen),
        definition="share who have it on the phone, pre-installation without an account included",
    ),
    Measure(
        "account", PEOPLE, "people who have an account",
        platform="messenger",
        value=lambda sums: sums.mean("account"),
        of_user=lambda seen: _flags(seen.users.account, seen),
        definition="share who have an account, dormant ones included",
    ),
    Measure(
        "mandated", PEOPLE, "people from whom an institution demands it",
        platform="messenger",
        value=lambda sums: sums.mean("mandated"),
        of_user=lambda seen: _flags(seen.users.mandated, seen),
        definition="share from whom an institution demands it",
    ),
    Measure(
        "second_phone", PEOPLE, "people who keep it on a second phone for an institution",
        platform="messenger",
        value=lambda sums: sums.mean("second_phone"),
        of_user=lambda seen: _flags(seen.users.second, seen),
        definition="share who keep it on a second phone for an institution alone",
    ),
    Measure(
        "chats", "chats per person", "group chats on it",
        platform="messenger",
        value=lambda sums: sums.mean("chats"),
        definition="number of group chats on it, per person",
    ),
    Measure(
        "primary", PEOPLE, "people for whom it carries most communication of all messengers",
        platform="carrier",
        value=lambda sums: sums.mean("primary"),
        definition=(
            "share for whom it carries most communication of all messengers; cellular: who uses "
            "no messenger"
        ),
        word="main app",
        words=(
            "the messenger that carries most of a person's communication; ordinary phone: the "
            "person uses no messenger."
        ),
    ),
)  # fmt: skip
