"""A design of experiment: the points of a parameter space to run, and the scenarios."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator
from scipy.special import ndtr, ndtri

from sim.base.errors import ConfigError
from sim.base.strict import Strict
from sim.kernel.arrays import F64

Level = bool | int | float | str
MORRIS_LEVELS = 4  # of each factor in a screening (Morris 1991)
BY_LEVELS = ("factorial", "one_at_a_time")  # methods whose points are made of factors' levels
OWN = ("run", "point", "scenario", "replication")  # columns that are not factors
SEED = "seed"  # of a society and its random numbers: a factor, or a seed of each point
TAIL = float(ndtr(-2.0))  # probability of a bell beyond either end of its range


class Factor(Strict):
    """Values of one parameter: a range, or levels to choose from.

    Attributes
    ----------
    low, high, scale
        Ends of a range, which is filled evenly on its scale; with ``shape=bell`` normally, with
        the ends two standard deviations from the middle.
    also
        Other keys that have the same value.
    """

    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    shape: Literal["even", "bell"] = "even"
    also: tuple[str, ...] = ()
    n_levels: int | None = Field(default=None, ge=2, le=1000)  # of a range in a factorial design
    levels: tuple[Level, ...] | None = Field(default=None, min_length=1)

    @field_validator("levels")
    @classmethod
    def _of_numbers(cls, levels: tuple[Level, ...] | None) -> tuple[Level, ...] | None:
        """Accept 0 and 1 among fractions, as on a range."""
        if {type(level) for level in levels or ()} == {int, float}:
            return tuple(float(level) for level in levels or ())
        return levels

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.levels is not None:
            if (self.low, self.high, self.n_levels) != (None, None, None):
                raise ValueError("levels, or low and high; not both")
            if self.shape == "bell":
                raise ValueError("shape=bell with levels; allowed: even")
            if len({type(level) for level in self.levels}) > 1:
                raise ValueError(f"levels={list(self.levels)}: of several types; allowed: one")
            if len(set(self.levels)) < len(self.levels):
                raise ValueError(f"levels={list(self.levels)}: one occurs twice")
            return self
        if self.low is None or self.high is None:
            raise ValueError("needs low and high, or levels")
        if not self.low < self.high:
            raise ValueError(f"low={self.low:g} must be below high={self.high:g}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"low={self.low:g} with scale=log; allowed: above 0")
        if self.shape == "bell" and self.n_levels is not None:
            raise ValueError("shape=bell with n_levels; allowed: even")
        return self

    def at(self, unit: F64) -> Sequence[Level]:
        """Return the values at probabilities `unit` in [0, 1]: quantiles, the highest at 1."""
        if self.levels is not None:
            last = len(self.levels) - 1
            return [self.levels[min(int(u * len(self.levels)), last)] for u in unit]
        assert self.low is not None
        assert self.high is not None
        place = unit
        if self.shape == "bell":
            place = (2 + ndtri(TAIL + (1 - 2 * TAIL) * unit)) / 4
        if self.scale == "log":
            found = self.low * (self.high / self.low) ** place
        else:
            found = self.low + (self.high - self.low) * place
        return [float(x) for x in np.clip(found, self.low, self.high)]

    def probability(self, values: F64) -> F64:
        """Return the probabilities of less than `values` of a range: the inverse of `at`."""
        assert self.low is not None
        assert self.high is not None
        if self.scale == "log":
            place = np.log(values / self.low) / np.log(self.high / self.low)
        else:
            place = (values - self.low) / (self.high - self.low)
        if self.shape == "bell":
            place = (ndtr(4 * place - 2) - TAIL) / (1 - 2 * TAIL)
        return np.asarray(place)

    def holds(self, value: Level) -> bool:
        """Return whether the factor may have a value."""
        if self.levels is not None:
            return value in self.levels
        assert self.low is not None
        assert self.high is not None
        try:
            return self.low <= float(value) <= self.high
        except ValueError:  # text in a table
            return False

    def grid(self) -> Sequence[Level]:
        """Return the levels of a factorial design."""
        if self.levels is not None:
            return self.levels
        assert self.n_levels is not None
        return self.at(np.linspace(0, 1, self.n_levels))


class Design(Strict):
    """Points in the space of the factors, each crossed with scenarios and replications.

    Attributes
    ----------
    method
        factorial: all combinations of levels; one_at_a_time: the first level of every factor,
        then each other level alone. latin_hypercube, sobol: `n` points that fill the space
        (scipy.stats.qmc). saltelli: ``n * (k + 2)`` points for Sobol' indices of k factors;
        morris: `n` trajectories of ``k + 1`` points for screening (both SALib).
        table: the rows of a file.
    table
        A CSV file with the points, a column a factor, each value one the factor may have. The
        sweep keeps its rows; the file is read once.
    replications
        Runs of each point and scenario with other random numbers.
    random_numbers
        common: the same at every point and in every scenario, so that chance cancels out of
        differences between points. independent: each point has its own society and random numbers
        (by its `seed`), so that chance averages out along a curve through many points; the
        scenarios of a point still share theirs.
    overrides
        What all runs have in common, as on the command line.
    groups
        Users whose outcomes are kept, as in docs/measures.md.
    """

    method: Literal[
        "factorial", "one_at_a_time", "latin_hypercube", "sobol", "saltelli", "morris", "table"
    ]
    table: str | None = None
    n: int | None = Field(default=None, ge=1, le=1_000_000)
    seed: int = Field(default=1, ge=0, lt=2**31)  # of the sample of points
    scenarios: tuple[str, ...] = Field(min_length=1)
    replications: int = Field(default=1, ge=1, le=100_000)
    random_numbers: Literal["common", "independent"] = "common"
    overrides: tuple[str, ...] = ()
    groups: tuple[str, ...] = Field(default=("all",), min_length=1)
    factors: dict[Annotated[str, Field(pattern=r"^\w+(\.[\w<>-]+)*$")], Factor] = Field(
        min_length=1
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        by_levels, table = self.method in BY_LEVELS, self.method == "table"
        if (by_levels or table) == (self.n is not None):
            counted = "none, rows count" if table else "none, levels count"
            allowed = counted if by_levels or table else "a number of points"
            raise ValueError(f"method={self.method} with n={self.n}; allowed: {allowed}")
        if table == (self.table is None):
            allowed = "a CSV file" if table else "none"
            raise ValueError(f"method={self.method} with table={self.table}; allowed: {allowed}")
        if self.method in ("sobol", "saltelli") and self.n and self.n & (self.n - 1):
            raise ValueError(f"n={self.n} with method={self.method}; allowed: a power of 2")
        for name, factor in self.factors.items():
            if name in OWN:
                raise ValueError(f"factors.{name}: not a parameter")
            if by_levels and factor.levels is None and factor.n_levels is None:
                raise ValueError(
                    f"factors.{name}: needs n_levels, or levels, in a {self.method} design"
                )
            if not by_levels and factor.n_levels is not None:
                raise ValueError(f"factors.{name}.n_levels: for designs by levels only")
        given = {override.partition("=")[0].lstrip("+") for override in self.overrides}
        given |= {key for name in self.factors for key in self.tied(name)}
        if self.random_numbers == "independent" and SEED in given:
            raise ValueError(
                "random_numbers=independent sets the seed itself; remove seed from overrides, "
                "or use common"
            )
        for name in self.scenarios:
            if self.scenarios.count(name) > 1:
                raise ValueError(f"scenarios: {name} occurs twice")
        return self

    def points(self) -> pd.DataFrame:
        """Return the points: one row each, a column a factor, in a fixed order."""
        if self.method == "factorial":
            grids = [factor.grid() for factor in self.factors.values()]
            return pd.DataFrame(list(itertools.product(*grids)), columns=list(self.factors))
        if self.method == "one_at_a_time":
            return pd.DataFrame(list(self._one_at_a_time()), columns=list(self.factors))
        if self.table is not None:
            return self._read(Path(self.table))
        unit = self.unit_points()
        return pd.DataFrame(
            {name: factor.at(unit[:, k]) for k, (name, factor) in enumerate(self.factors.items())}
        )

    def _one_at_a_time(self) -> Iterator[list[Level]]:
        """Yield the first levels together, then each other level alone."""
        grids = [factor.grid() for factor in self.factors.values()]
        first = [grid[0] for grid in grids]
        yield first
        for k, grid in enumerate(grids):
            for level in grid[1:]:
                yield [*first[:k], level, *first[k + 1 :]]

    def _read(self, path: Path) -> pd.DataFrame:
        if not path.is_file():
            raise ConfigError(f"table={path}: no such file")
        try:
            points = pd.read_csv(path)
        except (ValueError, UnicodeDecodeError) as error:  # pandas' own errors are ValueErrors
            raise ConfigError(
                f"table={path}: no table of comma-separated values: {error}"
            ) from None
        if set(points) != set(self.factors) or points.empty:
            raise ConfigError(
                f"table={path}: columns {', '.join(points)} and {len(points)} rows; "
                f"allowed: one row or more of {', '.join(self.factors)}"
            )
        for name, factor in self.factors.items():
            for row, value in enumerate(points[name].tolist()):
                if not factor.holds(value):
                    raise ConfigError(f"table={path}: row {row + 1}: {name}={value}: not allowed")
        return points[list(self.factors)]

    def unit_points(self) -> F64:
        """Return the sample in the unit cube, shape (n points, n factors), of sampling methods."""
        assert self.n is not None
        k = len(self.factors)
        if self.method in ("latin_hypercube", "sobol"):
            from scipy.stats import qmc

            if self.method == "sobol":
                unit = qmc.Sobol(k, rng=self.seed).random(self.n)
            else:
                unit = qmc.LatinHypercube(k, rng=self.seed).random(self.n)
        elif self.method == "saltelli":
            from SALib.sample import sobol

            unit = sobol.sample(self.problem(), self.n, calc_second_order=False, seed=self.seed)
        else:
            from SALib.sample import morris

            unit = morris.sample(self.problem(), self.n, num_levels=MORRIS_LEVELS, seed=self.seed)
        return np.asarray(unit, float)

    def problem(self) -> dict[str, object]:
        """Return the space of factors in the format of SALib."""
        names = list(self.factors)
        return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}

    def runs(self) -> pd.DataFrame:
        """Return one row a run: run, point, scenario, replication, then the values of the factors.

        Runs of a point follow each other, by scenario and replication.
        """
        points = self.points()
        n_scenarios, per_point = len(self.scenarios), len(self.scenarios) * self.replications
        run = np.arange(len(points) * per_point)
        table = points.loc[run // per_point].reset_index(drop=True)
        scenario = np.array(self.scenarios)[run // self.replications % n_scenarios]
        columns = (run, run // per_point, scenario, run % self.replications)
        for k, (name, values) in enumerate(zip(OWN, columns, strict=True)):
            table.insert(k, name, values)
        if self.random_numbers == "common":
            return table
        return table.assign(**{SEED: table["point"] + 1})

    @property
    def keys(self) -> list[str]:
        """Return the keys of the configuration that the runs set, one column each."""
        return [*self.factors, *([SEED] if self.random_numbers == "independent" else [])]

    def tied(self, key: str) -> tuple[str, ...]:
        """Return a key and all others that have its value."""
        return (key, *self.factors[key].also) if key in self.factors else (key,)
