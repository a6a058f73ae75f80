"""The prior of a calibration: independent ranges of a design's factors, and normal scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from sim.base.errors import ConfigError
from sim.kernel.arrays import F64
from sim.sweeps.design import Design

EDGE = 1e-9  # probabilities nearer to 0 or 1 have no score


class Prior:
    """What a design says of its factors; each has a standard normal score under it.

    Raises
    ------
    ConfigError
        If a factor is no range.
    """

    def __init__(self, design: Design) -> None:
        self._design, self.factors = design, design.factors
        for name, factor in self.factors.items():
            if factor.low is None:
                raise ConfigError(f"factors.{name}: a calibration needs low and high")

    def of(self, names: Sequence[str]) -> Prior:
        """Return the prior of some of the parameters."""
        factors = {name: self.factors[name] for name in names}
        return Prior(self._design.model_copy(update={"factors": factors}))

    @property
    def names(self) -> list[str]:
        """Return the names of the parameters."""
        return list(self.factors)

    def values(self, scores: F64) -> pd.DataFrame:
        """Return the parameters at scores (n, k), a column a parameter."""
        columns = zip(self.factors.items(), ndtr(scores).T, strict=True)
        return pd.DataFrame({name: factor.at(unit) for (name, factor), unit in columns})

    def scores(self, values: pd.DataFrame) -> F64:
        """Return the scores of parameters, shape (n, k)."""
        units = [f.probability(values[name].to_numpy(float)) for name, f in self.factors.items()]
        return np.asarray(ndtri(np.clip(np.column_stack(units), EDGE, 1 - EDGE)))
