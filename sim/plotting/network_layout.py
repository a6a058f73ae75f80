"""Places of users on a map: households together, regions as discs; computed once.

The map is drawn from numbers alone: users are numbered region by region and neighbours follow each
other, so a curve that fills each disc keeps neighbours together. Nothing is random or iterated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.arrays import F64, I64, U8
from sim.population.graph import Graph

GOLDEN = np.pi * (3.0 - np.sqrt(5.0))  # angle that fills a disc evenly [rad]
GRAIN = 6  # the Hilbert curve runs over 2**GRAIN x 2**GRAIN squares
HOME = 0.34  # radius of a household, share of the distance between two
GAP = 1.3  # between discs [distances between households]
ANGLES = 180  # directions in which a disc is tried next to another


@dataclass(frozen=True)
class NetworkLayout:
    """Places of users; one unit is about the distance between two households."""

    places: F64  # (n, 2)
    ties: I64  # (n_ties, 2) users at both ends
    layer: U8  # (n_ties,) index in `layers`
    layers: tuple[str, ...]  # strongest first
    regions: tuple[str, ...]
    centres: F64  # (n_regions, 2) of the discs
    radii: F64  # (n_regions,)


def lay_out_network(
    graph: Graph, region: NDArray[np.integer[Any]], names: tuple[str, ...]
) -> NetworkLayout:
    """Place the users of a graph.

    Parameters
    ----------
    graph : Graph
        Ties; those of a layer called `household` join people who are placed in one ring.
    region : array of int, shape (n,)
        Index in `names`.
    names : tuple of str
        Regions.
    """
    source, target, layer = graph.ties()
    ties = np.column_stack([source, target]).astype(np.int64)
    home = households(graph.n_users, ties[layer == _household(graph)])
    inside = np.zeros((graph.n_users, 2))
    radii = np.zeros(len(names))
    for k in range(len(names)):
        members = np.flatnonzero(region == k)
        inside[members], radii[k] = _disc(home[members])
    centres = pack(radii)
    return NetworkLayout(
        inside + centres[region], ties, layer, graph.layers, names, centres, radii
    )


def _household(graph: Graph) -> int:
    return graph.layers.index("household") if "household" in graph.layers else -1


def households(n: int, ties: I64) -> I64:
    """Return the first member of each user's household, shape (n,); everybody in one is tied."""
    first = np.arange(n)
    np.minimum.at(first, ties[:, 1], ties[:, 0])
    return first


def _disc(home: I64) -> tuple[F64, float]:
    """Return places of the users of a region around its middle, and the radius of the disc."""
    homes, of_user = np.unique(home, return_inverse=True)
    k = np.arange(len(homes))
    away, angle = np.sqrt(k + 0.5) / np.sqrt(np.pi), GOLDEN * k  # one household a unit of area
    points = np.column_stack([away * np.cos(angle), away * np.sin(angle)])
    radius = float(np.sqrt(len(homes) / np.pi)) + 0.5
    points = points[np.argsort(along_curve(points, radius), kind="stable")]
    size = np.bincount(of_user, minlength=len(homes))
    first = np.cumsum(size) - size
    order = np.argsort(of_user, kind="stable")
    turn = np.empty(len(home))
    turn[order] = np.arange(len(home)) - np.repeat(first, size)
    turn *= 2 * np.pi / size[of_user]
    ring = np.where(size > 1, HOME, 0.0)[of_user]
    return points[of_user] + ring[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]), radius


def along_curve(points: F64, radius: float) -> I64:
    """Return how far along a Hilbert curve over [-radius, radius]^2 points lie, shape (n,)."""
    side = 1 << GRAIN
    x, y = np.clip((points / radius + 1.0) / 2.0 * side, 0, side - 1).astype(np.int64).T
    length = np.zeros(len(points), np.int64)
    for level in reversed(range(GRAIN)):
        right, upper = x >> level & 1, y >> level & 1
        length += (3 * right ^ upper) << 2 * level
        flip = (upper == 0) & (right == 1)
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return length


def pack(radii: F64) -> F64:
    """Place discs close to the middle without overlap, the largest first, shape (n, 2)."""
    centres = np.zeros((len(radii), 2))
    turn = np.linspace(0.0, 2 * np.pi, ANGLES, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)])
    order = np.argsort(-radii, kind="stable")
    for place, k in enumerate(order[1:], start=1):
        there = order[:place]
        apart = radii[there] + radii[k] + GAP
        tried = (centres[there, None] + apart[:, None, None] * around).reshape(-1, 2)
        distance = np.linalg.norm(tried[:, None] - centres[there], axis=2)
        free = tried[(distance >= apart - 1e-9).all(axis=1)]
        centres[k] = free[np.argmin(np.linalg.norm(free, axis=1).round(9))]
    return centres
