"""Weighted posterior draws of fitted parameters, and the draw of a replication.

``posterior.csv`` in the data of a case has one row a draw: its weight, then a column a parameter.
A case without one has the draws of a case of which nothing is known, whose file lies beside the
shipped cases. ``python -m experiments.transport --ship`` writes both.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from sim.base.csv_lines import Line, read_header, read_lines
from sim.base.errors import ConfigError
from sim.base.inputs import as_number
from sim.config.case import DATA

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
    """Return whether a folder has posterior draws."""
    return (folder / NAME).is_file()


def place(data: Path) -> Path:
    """Return the folder of the draws of a case: `data` has its own, or else those of any case."""
    return data if exists(data) else DATA


@lru_cache(maxsize=4)
def read(folder: Path) -> Posterior:
    """Read the draws in a folder, as `place` returns.

    Raises
    ------
    ConfigError
        If the table cannot be read, is not as described above, or has no weight above 0.
    """
    header = read_header(folder / NAME)
    names = tuple(name for name in header if name != WEIGHT)
    if not names or header.count(WEIGHT) != 1 or len({*header}) < len(header):
        raise ConfigError(f"{NAME}, line 1: allowed: {WEIGHT} and parameters, each name once")
    rows = [
        {name: _number(line, name, f"{NAME}, line {k}") for name in header}
        for k, line in read_lines(folder / NAME, header).items()
    ]
    weights = [row.pop(WEIGHT) for row in rows]
    if min(weights, default=0.0) < 0.0 or not 0.0 < sum(weights) < math.inf:
        raise ConfigError(f"{NAME}: {WEIGHT}: allowed: from 0, and one above 0 at least")
    reach = accumulate(weight / sum(weights) for weight in weights)
    return Posterior(names, tuple(rows), tuple(reach))


def _number(line: Line, name: str, where: str) -> float:
    try:
        number = as_number(line[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{where}: {name}={line[name]}: allowed: a number")
    return number


class Identifiability(NamedTuple):
    """How much the data narrowed a parameter."""

    parameter: str
    ratio: float  # posterior sd / prior sd, on the scale on which the prior is normal
    by: str  # data; data, in part; prior


def identifiability(folder: Path) -> tuple[Identifiability, ...]:
    """Return the identifiability of the parameters whose draws lie in `folder`.

    Raises
    ------
    ConfigError
        If the table cannot be read, or a ratio is no number.
    """
    lines = read_lines(folder / IDENTIFIABILITY, ("parameter", "ratio", "identifiability"))
    return tuple(
        Identifiability(
            line["parameter"], _number(line, "ratio", f"{IDENTIFIABILITY}, line {k}"),
            line["identifiability"],
        )
        for k, line in lines.items()
    )  # fmt: skip
