"""The base of every configuration object: frozen, strict about keys, numbers and ranges."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Utils = Annotated[float, Field(ge=-10, le=10)]  # or log-odds


class Strict(BaseModel):
    """Refuses unknown keys, text in place of a number, NaN and infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def kinds(union: Any) -> dict[str, type[Strict]]:
    """Return the models of a discriminated union by their `kind`."""
    models = get_args(get_args(union)[0])
    return {str(model.model_fields["kind"].default): model for model in models}
