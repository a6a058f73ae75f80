"""Parameters of behaviour, as rules declare them (sim/rules/declare.py).

The defaults marked "fit S3" start from a prototype of this structure fitted to the Russian record
until December 2025, those marked "tuned" were moved on this implementation (docs/defaults.md says
how). Aggregate reach cannot identify most of them: they are priors, not measurements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from sim.base.strict import Strict
from sim.rules.declare import Parameter, declared


def _field(parameter: Parameter) -> tuple[type[float], Any]:
    """Return a bounded field that documents itself."""
    says = ("unit", "symbol", "source", "identified_by")
    return float, Field(
        default=parameter.default,
        ge=parameter.low,
        le=parameter.high,
        description=parameter.meaning,
        json_schema_extra={name: getattr(parameter, name) for name in says},
    )


if TYPE_CHECKING:

    class Behaviour(Strict):
        """For type checkers: every parameter is a number."""

        def __getattr__(self, name: str) -> float: ...

else:
    Behaviour = create_model(
        "Behaviour",
        __base__=Strict,
        __module__=__name__,
        __doc__="How users choose, adopt, believe, forget and use; all rates are hazards per day.",
        **{parameter.name: _field(parameter) for parameter in declared("PARAMETERS")},
    )
