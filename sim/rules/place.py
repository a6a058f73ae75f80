"""The place of a user: region and VPN together, 2 region + VPN (docs/model.md, 2.2).

The place decides which restrictions apply. The last place, after all regions, is abroad.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule


@rule
def without_vpn(place: Int) -> np.int64:
    """Return the place of a user of the same region who has no VPN."""
    return np.int64(place) & ~1


@rule
def with_vpn(place: Int) -> np.int64:
    """Return the place of a user of the same region who has a VPN."""
    return np.int64(place) | 1


@rule
def has_vpn(place: Int) -> np.int64:
    """Return 1 at a place with a VPN, else 0."""
    return np.int64(place) & 1


@rule
def region_of(place: Int) -> np.int64:
    """Return the region that a place belongs to."""
    return np.int64(place) // 2
