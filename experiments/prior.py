"""The prior of a calibration: independent ranges of a design's factors, and the unit cube."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.errors import ConfigError
from sim.rules.records import F64
from sim.sweeps.design import Design, Factor


class Prior:
    """Uniform in each range, or uniform in the logarithm where the scale says so.

    Raises
    ------
    ConfigError
        If a factor is no range.
    """

    def __init__(self, design: Design) -> None:
        self.factors = design.factors
        for name, factor in self.factors.items():
            if factor.low is None:
                raise ConfigError(f"factors.{name}: a calibration needs low and high")

    @property
    def names(self) -> list[str]:
        """Return the names of the parameters."""
        return list(self.factors)

    def values(self, places: F64) -> pd.DataFrame:
        """Return the parameters at places (n, k) of the unit cube, a column a parameter."""
        columns = zip(self.factors.items(), places.T, strict=True)
        return pd.DataFrame({name: factor.at(place) for (name, factor), place in columns})

    def places(self, values: pd.DataFrame) -> F64:
        """Return where in the unit cube parameters lie, shape (n, k)."""
        return np.column_stack([_place(f, values[name]) for name, f in self.factors.items()])


def _place(factor: Factor, values: pd.Series) -> F64:
    assert factor.low is not None
    assert factor.high is not None
    x = values.to_numpy(float)
    if factor.scale == "log":
        return np.asarray(np.log(x / factor.low) / np.log(factor.high / factor.low))
    return np.asarray((x - factor.low) / (factor.high - factor.low))
