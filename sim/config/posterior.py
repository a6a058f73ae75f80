"""Weighted posterior draws of the fitted parameters of a case, and the draw of a replication.

``sim/data/CASE/posterior.csv`` has one row a draw: its weight, then a column a parameter. It is
written by ``python -m experiments.validate --ship`` from a calibration.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from sim.base.inputs import as_number, open_table

NAME = "posterior.csv"
# by parameter: posterior sd / prior sd, and whether data or the prior identify it
IDENTIFIABILITY = "identifiability.csv"
WEIGHT = "weight"
GOLDEN = (5**0.5 - 1) / 2  # its multiples mod 1 spread evenly over [0, 1)


class Posterior(NamedTuple):
    """Posterior draws and their weights.

    Attributes
    ----------
    names : tuple of str
        Parameters, as keys of a configuration.
    draws : tuple of dict
        Values by name.
    reach : tuple of float
        Cumulative weights; the last is 1.
    """

    names: tuple[str, ...]
    draws: tuple[dict[str, float], ...]
    reach: tuple[float, ...]

    def draw(self, replication: int) -> dict[str, float]:
        """Return the draw of a replication.

        It is the draw at which the cumulative weight reaches (1/2 + replication * golden ratio)
        mod 1: few replications already cover the posterior evenly, and more replications do not
        change the draws of the first.
        """
        at = (0.5 + replication * GOLDEN) % 1.0
        return self.draws[min(bisect_left(self.reach, at), len(self.draws) - 1)]


def exists(folder: Path) -> bool:
    """Return whether a case has posterior draws."""
    return (folder / NAME).is_file()


@lru_cache(maxsize=4)
def read(folder: Path) -> Posterior:
    """Read the draws of the case whose data folder is `folder`."""
    with open_table(folder / NAME) as file:
        rows = list(csv.DictReader(file))
    names = tuple(name for name in rows[0] if name != WEIGHT)
    total = sum(as_number(row[WEIGHT]) for row in rows)
    draws = tuple({name: as_number(row[name]) for name in names} for row in rows)
    return Posterior(
        names, draws, tuple(accumulate(as_number(row[WEIGHT]) / total for row in rows))
    )


class Identifiability(NamedTuple):
    """How much the data narrowed a parameter."""

    parameter: str
    ratio: float  # posterior sd / prior sd, on the scale on which the prior is normal
    by: str  # data; data, in part; prior


def identifiability(folder: Path) -> tuple[Identifiability, ...]:
    """Return the identifiability of the parameters of the case whose data folder is `folder`."""
    with open_table(folder / IDENTIFIABILITY) as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Identifiability(row["parameter"], as_number(row["ratio"]), row["identifiability"])
        for row in rows
    )
