"""Observation operators: how the figure of a source is computed from the series of a run.

A figure is a sum of series, possibly divided by another, and weighted over groups of users to
match the base of the source; a change compares two months. Bases are age ranges, of all people,
of those online, of these who have a smartphone, or of those who open the platform in the month:
`12+`, `online 18-65`, `smartphone 18+`, `users 18+`. Changes may also be of devices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sim.base.errors import ConfigError
from sim.config.platforms import CELLULAR
from sim.config.settings import BAND_STARTS, BANDS
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.policies.going_online import without
from sim.population.ages import FIRST_AGE, LAST_AGE, age_shares

OWN = ""  # placeholder for the platform of the figure
EVERYBODY = "12+"
DEVICES = "devices"
OF_USERS = ("daily_reach", "installed")  # shares that may be of a platform's users of the month
Key = tuple[str, str, str]  # platform, channel, measure


@dataclass(frozen=True)
class Operator:
    """One way to compute a figure from monthly series.

    Attributes
    ----------
    meaning : str
        Meaning of the figure.
    over : tuple of Key
        Series that are summed.
    per : Key, optional
        The series that their sum is divided by.
    is_change : bool
        Whether the figure is the ratio of two months minus one.
    about : str, optional
        The only allowed platform; None: any messenger.
    """

    meaning: str
    over: tuple[Key, ...]
    per: Key | None = None
    is_change: bool = False
    about: str | None = None

    def keys(self, platform: str) -> tuple[Key, ...]:
        """Return the series that are summed for a platform."""
        return tuple((name or platform, channel, measure) for name, channel, measure in self.over)

    def divisor(self, platform: str, base: str) -> Key | None:
        """Return the series that the sum is divided by; None if there is none."""
        per = _MAU if base.startswith("users") else self.per
        return per and (per[0] or platform, *per[1:])


_MAU, _DAU = (OWN, "any", "mau"), (OWN, "any", "dau")
_USE = ((OWN, "message", "use"), (OWN, "call", "use"))
OPERATORS = {
    "monthly_reach": Operator("share who open it in the month", (_MAU,)),
    "daily_reach": Operator("share who open it on a day, mean over the month", (_DAU,)),
    "installed": Operator("share who have it on the phone", ((OWN, "any", "installed"),)),
    "vpn_use": Operator("share who use a VPN", (("any", "any", "vpn"),), about="any"),
    "connection_success": Operator(
        "share of messages not restricted, VPNs apart: an input", ((OWN, "message", "available"),)
    ),
    "monthly_reach_change": Operator("change of monthly reach", (_MAU,), is_change=True),
    "daily_reach_change": Operator("change of daily reach", (_DAU,), is_change=True),
    "installed_change": Operator(
        "change of who has it", ((OWN, "any", "installed"),), is_change=True
    ),
    "use_per_user_change": Operator(
        "change of messages and calls per monthly user", _USE, _MAU, is_change=True
    ),
    "cellular_calls_change": Operator(
        "change of calls by phone", ((CELLULAR, "call", "use"),), is_change=True, about=CELLULAR
    ),
}
IN_POINTS = (  # changes that may be in points
    "monthly_reach_change", "daily_reach_change", "installed_change",
)  # fmt: skip
REACH = {"monthly_reach": "mau", "daily_reach": "dau"}  # operators of reach, and their measures


def base_problem(base: str, operator: str) -> str | None:
    """Return what is allowed if `base` is invalid for an operator; None if it is valid."""
    if base == DEVICES:
        if operator in OPERATORS and OPERATORS[operator].is_change:
            return None
        return "devices are no people; allowed: changes of them, as monthly_reach_change"
    if _ages(base) is None:
        return (
            "no operator knows it; allowed: ages as 12+, 18+ or 18-65, or those of them who are "
            "online, have a smartphone or are users of the platform: online 18+, smartphone 18+, "
            "users 18+"
        )
    if base.startswith("users") and operator not in OF_USERS:
        return f"a share of users of the month; allowed for {' or '.join(OF_USERS)}"
    return None


def of_whom(base: str, group: str) -> str:
    """Return the suffix of a figure that is not about everybody: ``, 18+``."""
    return "".join(
        f", {one}" for one, whole in ((base, EVERYBODY), (group, "all")) if one != whole
    )


def weights(base: str, config: SimConfig, day: float = 0.0) -> dict[str, float]:
    """Return the weights of groups of users with which a share of a base is computed.

    The weight of an age band is its part of the people of the base. People offline use no
    messenger, so in a base of people online the weights sum to more than 1.

    Parameters
    ----------
    day : float
        Since the start of the run, on which the share is of those online [days].

    Raises
    ------
    ConfigError
        If the population has nobody in the base.
    """
    if base in (EVERYBODY, DEVICES):
        return {"all": 1.0}
    ages = _ages(base)
    assert ages is not None
    people = people_by_band(config, *ages)
    online, owners = 1.0 - without(config, day)
    have = {"online": online, "smartphone": online * owners}
    counted = people * have.get(base.partition(" ")[0], 1.0)
    if not counted.any():
        table = config.population.ages
        raise ConfigError(
            f"base={base}: nobody in {table} is of it; allowed: ages that some are of"
        )
    return {
        f"age={name}": float(count / counted.sum())
        for name, count in zip(BANDS, people, strict=True)
        if count > 0
    }


def people_by_band(config: SimConfig, first: int = FIRST_AGE, last: int = LAST_AGE) -> F64:
    """Return the share of everybody in each age band, of ages first to last, shape (n_bands,)."""
    ages = np.arange(FIRST_AGE, LAST_AGE + 1)
    persons = age_shares(config.case.data / config.population.ages)
    persons = np.where((ages >= first) & (ages <= last), persons, 0.0)
    band = np.searchsorted(BAND_STARTS, ages, side="right") - 1
    return np.bincount(band, persons, minlength=len(BANDS))


def _ages(base: str) -> tuple[int, int] | None:
    """Return the first and last age of a base; None if the base is invalid."""
    match = re.fullmatch(r"(?:(?:online|smartphone|users) )?([0-9]{2})(?:\+|-([0-9]{2}))", base)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or LAST_AGE)
    return (first, last) if FIRST_AGE <= first < last else None
