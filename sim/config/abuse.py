"""Configuration of kinds of abuse: how offenders reach people and what they gain."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.base.strict import Share, Strict
from sim.config.settings import BANDS
from sim.policies.window import Rate

Relative = Annotated[float, Field(ge=0, le=100)]
SHARPNESS = 0.1  # smallest response above 0: below it, the solved conversions overflow


class AbuseKind(Strict):
    """One kind: fraud by calls, recruitment by messages."""

    channel: Literal["message", "call"]  # over which offenders reach people
    takes: Literal["money", "people"]  # only money can be held back by a bank
    shares: dict[str, Share]  # of attempts that arrive at the start, by platform; sum 1
    conversion: dict[str, Relative] = Field(
        default={}
    )  # success where no share was observed, relative to the average [1]
    adaptation_rate: Rate  # rho_F, how fast offenders follow what pays [1/day]
    response: float = Field(ge=0, le=20)  # eps, sharpness of their choice [1]
    elasticity: float = Field(ge=0, le=5)  # xi, attempts in all by mean profit [1]
    incident_rate: Rate  # incidents a person at the start [1/day]
    vulnerability: dict[str, Relative]  # relative, by age [1]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.vulnerability) != set(BANDS):
            raise ValueError(f"vulnerability needs exactly the age bands {', '.join(BANDS)}")
        if 0 < self.response < SHARPNESS:
            raise ValueError(f"response={self.response:g}; allowed: 0, or {SHARPNESS:g} to 20")
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares must sum to 1, they sum to {total:.9g}")
        return self
