"""Configuration of a platform: channels, encryption, state access, value by age."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from unicodedata import bidirectional

from pydantic import Field, model_validator

from sim.base.strict import Share, Strict, Utils
from sim.config.settings import BANDS, TYPES
from sim.policies.policy import CHANNELS as CHANNELS

CELLULAR = "cellular"
_LEFT_TO_RIGHT = "\u200e"  # an invisible mark
MOST_OPENINGS = 50.0  # a day
Kind = Literal["incumbent", "challenger", "state_backed", "niche"]
Openings = Annotated[float, Field(ge=0, le=MOST_OPENINGS)]


class Platform(Strict):
    """A messenger, or cellular calls and SMS: the option that needs no install."""

    label: str  # its name in print
    kind: Kind | None = None  # whose values stand for unknown ones (sim/data/kinds.yaml)
    channels: tuple[Literal["message", "call"], ...] = (
        "message",
        "call",
    )  # channels that it offers
    encryption: Literal["end_to_end", "client_server", "none"]  # as reported
    state_access: Share  # share of communication that the state can read [1]
    moderation: Share  # effort against abuse: share of it that is stopped [1]
    circumvention: Share = 0.0  # e0_p, what built-in proxies lift of a restriction [1]
    message_value: Utils  # a_pm [utils]
    call_value: Utils  # a_pv [utils]
    standalone: dict[str, Utils] | None = None  # B_p by age; null: solved from the start shares
    openings: Openings | None = 0.0  # c_p [1/day]; null: solved
    habit_openings: Openings = 0.0  # at full habit [1/day]
    mandate_openings: Openings = 0.0  # of a mandated user [1/day]
    belief: dict[str, Utils] | None = None  # L0 by type, that the state reads it [log-odds]
    abroad: bool = False  # people abroad can be reached on it
    pair_appeal: float | None = Field(default=None, ge=-30, le=30)  # where pairs go [utils]

    @property
    def printed(self) -> str:
        """Return the label for sentences and figures.

        Marks enclose Arabic and Hebrew labels: otherwise adjacent numbers would be laid out from
        right to left together with the label.
        """
        is_leftward = any(bidirectional(letter) in ("R", "AL") for letter in self.label)
        return f"{_LEFT_TO_RIGHT}{self.label}{_LEFT_TO_RIGHT}" if is_leftward else self.label

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.standalone is not None and set(self.standalone) != set(BANDS):
            raise ValueError(f"standalone needs exactly the age bands {', '.join(BANDS)}")
        if self.belief is not None and set(self.belief) != set(TYPES):
            raise ValueError(f"belief needs exactly the types {', '.join(TYPES)}")
        if not self.channels:
            raise ValueError("channels must name message, call or both")
        if self.pair_appeal is not None and "call" not in self.channels:
            raise ValueError(
                f"pair_appeal={self.pair_appeal:g} needs the channel call; allowed: null"
            )
        return self
