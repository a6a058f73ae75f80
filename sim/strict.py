"""The base of every configuration object: frozen, strict about keys, numbers and ranges."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Utils = Annotated[float, Field(ge=-10, le=10)]  # or log-odds


class Strict(BaseModel):
    """Refuse unknown keys, text where a number is due, NaN and infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
