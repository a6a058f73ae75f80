"""Districts: about 2000 users with consecutive numbers, inside one region."""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import I64, U8

DISTRICT = 2000  # users of a district, about


def district_starts(region: U8) -> I64:
    """Cut each region into equal districts; return where they start, shape (n_districts + 1,).

    Parameters
    ----------
    region
        Region of each user, shape (n,), ascending. A region without users is an empty district.
    """
    n_regions = int(region[-1]) + 1 if region.size else 0
    ends = np.searchsorted(region, np.arange(n_regions, dtype=np.uint8), side="right")
    starts, begin = [np.zeros(1, np.int64)], 0
    for end in ends:
        size = int(end) - begin
        parts = max(1, round(size / DISTRICT))
        starts.append(begin - (-np.arange(1, parts + 1) * size // parts))
        begin = int(end)
    return np.concatenate(starts)
