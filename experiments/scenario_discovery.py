"""Boxes of conditions under which something comes about; EMA Workbench does the statistics."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.base.errors import ConfigError

Cases = NDArray[np.bool_]  # which points are cases of interest, shape (n points,)
LEAST_MASS = 0.05  # share of the points in the smallest box
DENSE = 0.8  # share of cases among the points of a box that is called an answer
SEED = 1  # of ties between splits of the tree
SIGNIFICANT = 0.05  # quasi-p-value from which on a limit may be chance


class Box(NamedTuple):
    """Limits, and how well they pick out the cases.

    Attributes
    ----------
    limits : DataFrame
        parameter, low, high, lowest, highest (of the whole range), quasi_p (chance that a limit
        picks cases out as well by chance; NaN where the method gives none).
    coverage, density, mass : float
        Share of all cases that lie in the box; share of cases among its points; its share of all
        points.
    """

    limits: pd.DataFrame
    coverage: float
    density: float
    mass: float

    def holds(self, points: pd.DataFrame) -> Cases:
        """Return which points lie in the box, of those it was found on or of others."""
        inside = np.ones(len(points), bool)
        for limit in self.limits.itertuples():
            values = points[limit.parameter].to_numpy()
            if limit.low > limit.lowest:  # else the box is open there
                inside &= values >= limit.low
            if limit.high < limit.highest:
                inside &= values <= limit.high
        return inside

    def among(self, points: pd.DataFrame, cases: Cases) -> Box:
        """Return the same limits with coverage, density and mass among other points."""
        inside = self.holds(points)
        hits = int(cases[inside].sum())
        coverage, density = _share(hits, int(cases.sum())), _share(hits, int(inside.sum()))
        return self._replace(coverage=coverage, density=density, mass=float(inside.mean()))


class PeeledBox(NamedTuple):
    """What PRIM found.

    Attributes
    ----------
    before : Series
        coverage, density, mass, n_limits of the chosen box with its limits due to chance.
    trajectory : DataFrame
        coverage, density, mass, n_limits, chosen; a row a box, from all points to the smallest.
    box : Box
        The chosen one: of those in which at least `DENSE` of the points are cases, the one that
        covers most (where there is none: the densest), without the limits that may be chance.
    """

    before: pd.Series
    trajectory: pd.DataFrame
    box: Box


def prim(points: pd.DataFrame, cases: Cases) -> PeeledBox:
    """Peel the space off until mostly cases are left (Friedman and Fisher 1999).

    Parameters
    ----------
    points : DataFrame, a column a parameter
    cases : array, shape (n points,)

    Raises
    ------
    ConfigError
        If there is nothing to tell apart, or no box holds cases closer together.
    """
    _refuse_one_kind(cases)
    with _apart():
        from ema_workbench.analysis.prim import Prim

        found = Prim(points, cases, mass_min=LEAST_MASS).find_box()
    if found is None:
        raise ConfigError("PRIM found no box")
    first = _densest_enough(found.peeling_trajectory)
    best = _without_chance_limits(found, first)
    steps = found.peeling_trajectory
    trajectory = steps[["coverage", "density", "mass"]].astype(float)
    trajectory = trajectory.assign(
        n_limits=steps["res_dim"].astype(int), chosen=np.arange(len(steps)) == best
    )
    limits = _limits(found.box_lims[best], points)
    quasi_p = [_smallest(found.p_values[best].get(name)) for name in limits["parameter"]]
    fit = (float(trajectory[column].iloc[best]) for column in ("coverage", "density", "mass"))
    return PeeledBox(trajectory.loc[first], trajectory, Box(limits.assign(quasi_p=quasi_p), *fit))


def _densest_enough(steps: pd.DataFrame) -> int:
    """Return the box that is wanted of a trajectory, limits due to chance included."""
    dense = steps[steps["density"] >= DENSE]
    return int(steps["density"].idxmax() if dense.empty else dense["coverage"].idxmax())


def _without_chance_limits(found: Any, box: int) -> int:
    """Drop the limit that chance explains best until it explains none; return the rest.

    EMA puts each box that comes of it at the end of the trajectory.
    """
    while True:
        quasi_p = {name: _smallest(p) for name, p in found.p_values[box].items()}
        loose = {name: p for name, p in quasi_p.items() if not p < SIGNIFICANT}
        if not loose:
            return box
        found.drop_restriction(max(loose, key=lambda name: loose[name]), i=box)
        box = len(found.peeling_trajectory) - 1


def cart(points: pd.DataFrame, cases: Cases) -> list[Box]:
    """Split the space by a tree and return its leaves of which most points are cases.

    Parameters
    ----------
    points : DataFrame, a column a parameter
    cases : array, shape (n points,)

    Returns
    -------
    list of Box, largest coverage first

    Raises
    ------
    ConfigError
        If there is nothing to tell apart.
    """
    _refuse_one_kind(cases)
    with _apart():
        from ema_workbench.analysis.cart import CART

        tree = CART(points, cases, mass_min=LEAST_MASS)
        tree.build_tree()
        found = list(zip(tree.boxes, tree.stats, strict=True))
    leaves = [
        Box(
            _limits(limits, points).assign(quasi_p=np.nan),
            float(stats["coverage"]), float(stats["density"]), float(stats["mass"]),
        )
        for limits, stats in found
    ]  # fmt: skip
    return sorted((leaf for leaf in leaves if leaf.density > 0.5), key=lambda b: -b.coverage)


@contextmanager
def _apart() -> Iterator[None]:
    """Isolate EMA Workbench: silence its warnings and restore the global random states.

    Its import draws from Python's global generator, and its tree breaks ties by numpy's, which is
    seeded here so that the result is reproducible.
    """
    state, state_of_python = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.seed(SEED)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        random.setstate(state_of_python)


def _refuse_one_kind(cases: Cases) -> None:
    if cases.all() or not cases.any():
        quantifier = "all" if cases.all() else "none"
        raise ConfigError(f"{quantifier} of {len(cases)} points are cases; nothing to tell apart")


def _limits(box: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters that a box of EMA limits, a row each."""

    def rows() -> Iterator[tuple[str, float, float, float, float]]:
        for name in points.columns:
            low, high = (float(value) for value in box[name])
            lowest, highest = float(points[name].min()), float(points[name].max())
            if low > lowest or high < highest:
                yield name, max(low, lowest), min(high, highest), lowest, highest

    return pd.DataFrame(rows(), columns=["parameter", "low", "high", "lowest", "highest"])


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _smallest(quasi_p: object) -> float:
    """Return the quasi-p-value of the sharper of a parameter's two limits; -1 stands for none."""
    given = [float(value) for value in np.atleast_1d(np.asarray(quasi_p, float)) if value >= 0]
    return min(given, default=float("nan"))
