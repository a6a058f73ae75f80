"""Boxes of conditions under which something comes about; EMA Workbench does the statistics."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import ConfigError

Cases = NDArray[np.bool_]  # which points are cases of interest, shape (n points,)
LEAST_MASS = 0.05  # share of the points in the smallest box


class Box(NamedTuple):
    """Limits, and how well they pick out the cases.

    Attributes
    ----------
    limits : DataFrame
        parameter, low, high, lowest, highest (of the whole range), quasi_p (chance that a limit
        picks cases out as well by luck; NaN where the method gives none).
    coverage, density, mass : float
        Share of all cases that lie in the box; share of cases among its points; its share of all
        points.
    """

    limits: pd.DataFrame
    coverage: float
    density: float
    mass: float

    def holds(self, points: pd.DataFrame) -> Cases:
        """Return which points lie in the box."""
        inside = np.ones(len(points), bool)
        for limit in self.limits.itertuples():
            inside &= points[limit.parameter].between(limit.low, limit.high).to_numpy()
        return inside


class Peeled(NamedTuple):
    """What PRIM found.

    Attributes
    ----------
    trajectory : DataFrame
        coverage, density, mass, n_limits, chosen; a row a box, from all points to the smallest.
    box : Box
        The chosen one: the largest harmonic mean of coverage and density.
    """

    trajectory: pd.DataFrame
    box: Box


def prim(points: pd.DataFrame, cases: Cases) -> Peeled:
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
    with _quiet():
        from ema_workbench.analysis.prim import Prim

        found = Prim(points, cases, mass_min=LEAST_MASS).find_box()
    if found is None:
        raise ConfigError("PRIM found no box")
    steps = found.peeling_trajectory
    whole = steps["coverage"] + steps["density"]
    best = int((steps["coverage"] * steps["density"] / whole.where(whole > 0)).idxmax())
    trajectory = steps[["coverage", "density", "mass"]].astype(float)
    trajectory = trajectory.assign(
        n_limits=steps["res_dim"].astype(int), chosen=np.arange(len(steps)) == best
    )
    limits = _limits(found.box_lims[best], points)
    quasi_p = [_smallest(found.p_values[best].get(name)) for name in limits["parameter"]]
    row = trajectory.iloc[best]
    box = Box(limits.assign(quasi_p=quasi_p), row["coverage"], row["density"], row["mass"])
    return Peeled(trajectory, box)


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
    with _quiet():
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
def _quiet() -> Iterator[None]:
    """Keep EMA Workbench quiet: it warns of libraries it misses, and pandas of how it is used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _refuse_one_kind(cases: Cases) -> None:
    if cases.all() or not cases.any():
        told = "all" if cases.all() else "none"
        raise ConfigError(f"{told} of {len(cases)} points are cases; nothing to tell apart")


def _limits(box: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters that a box of EMA limits, a row each."""

    def rows() -> Iterator[tuple[str, float, float, float, float]]:
        for name in points.columns:
            low, high = (float(value) for value in box[name])
            lowest, highest = float(points[name].min()), float(points[name].max())
            if low > lowest or high < highest:
                yield name, max(low, lowest), min(high, highest), lowest, highest

    return pd.DataFrame(rows(), columns=["parameter", "low", "high", "lowest", "highest"])


def _smallest(quasi_p: object) -> float:
    """Return the quasi-p-value of the sharper of a parameter's two limits; -1 stands for none."""
    given = [float(value) for value in np.atleast_1d(np.asarray(quasi_p, float)) if value >= 0]
    return min(given, default=float("nan"))
