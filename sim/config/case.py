"""A case: a country at a date, and what was observed of its platforms at the start."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.base.strict import Share, Strict
from sim.config.settings import BANDS
from sim.policies.window import Date

DATA = Path(__file__).parents[1] / "data"


class EarlierShare(Strict):
    """Reach of a platform before the start, by the same measure: it tells how fast it grows."""

    date: dt.date
    reach: Share  # monthly, of the population 12+ [1]


class StartShare(Strict):
    """Observed reach of a platform at the start; its stand-alone value is solved from it."""

    reach: Share  # monthly, of the population 12+ [1]
    daily: Share | None = None  # daily reach; its openings are solved from it [1]
    profile: dict[str, Share]  # shape by age band; its level follows from `reach`
    earlier: EarlierShare | None = None  # date, reach before the start; null: stood still [1]
    dormant_accounts: Share = 0.0  # share of the others online who have an account [1]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if set(self.profile) != set(BANDS):
            raise ValueError(f"profile needs exactly the age bands {', '.join(BANDS)}")
        if self.earlier is not None and not 0 < self.earlier.reach <= self.reach:
            raise ValueError(
                f"earlier.reach={self.earlier.reach} must be above 0 and at most "
                f"reach={self.reach}; leave it out where reach fell"
            )
        if self.daily is not None and self.daily >= self.reach:
            raise ValueError(f"daily={self.daily} must be below reach={self.reach}")
        return self


class StartSeed(Strict):
    """A platform that is new or rare at the start: first users, and who has heard of it."""

    users: Share  # of the population [1]
    pattern: Literal["single", "pairs"]  # pairs: each first user with the strongest contact
    aware: Share  # of the others [1]


class CaseConfig(Strict):
    """A country at a date: its data folder and what was observed at the start."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")  # of its files
    folder: str | None = None  # from case_dir=FOLDER; null: shipped in sim/data
    title: str  # its name in print
    persons: float = Field(
        gt=0, le=2000
    )  # people aged 12+, the base of observed numbers [million]
    caveat: str  # limits of the scores, in print
    strength: Literal["strong", "medium", "weak"] = "weak"  # of the record that scores rest on
    happened: str  # the scenario with all events that are known to have happened
    headline_month: Date  # the month that summaries compare, its first day
    observed_shares: dict[str, StartShare]
    seeds: dict[str, StartSeed]

    @field_validator("headline_month")
    @classmethod
    def _first_day(cls, value: dt.date) -> dt.date:
        if value.day != 1:
            raise ValueError("allowed: the first day of a month")
        return value

    @property
    def data(self) -> Path:
        """Return the folder of the case's data files."""
        return Path(self.folder) / "data" if self.folder else DATA / self.name
