"""Groups of users that are reported: by age, region and type."""

from __future__ import annotations

import numpy as np

from sim.config.settings import BANDS, TYPES
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64, I64
from sim.kernel.parallel_map import parts
from sim.rules.records import Records


def groups(config: SimConfig) -> list[str]:
    """Return the groups of users that are reported, ``all`` first."""
    return [
        "all",
        *(f"age={band}" for band in BANDS),
        *(f"region={region}" for region in config.population.regions),
        *(f"type={kind}" for kind in TYPES),
    ]


class Strata:
    """Users by stratum (age band x region x type); a group is a sum of strata."""

    def __init__(self, config: SimConfig, users: Records) -> None:
        n_regions = len(config.population.regions)
        self._shape = (len(BANDS), n_regions, len(TYPES))
        self.n = int(np.prod(self._shape))
        self._users = users
        self.band, self.region, _ = (axis.ravel() for axis in np.indices(self._shape))
        self.sizes = np.zeros(self.n, np.int64)
        for first, last in parts(len(users)):
            self.sizes += np.bincount(self.of_users(first, last), minlength=self.n)
        self.counts = self.by_group(self.sizes)

    def of_users(self, first: int, last: int) -> I64:
        """Return the strata of users `first` to `last` - 1; a user's stratum never changes."""
        users = self._users[first:last]
        region = (users.place // 2).astype(np.int64)
        kind = users.type.astype(np.int64) + 1
        band = users.band.astype(np.int64)
        return np.asarray((band * self._shape[1] + region) * self._shape[2] + kind)

    def by_group(self, strata: F64 | I64) -> F64:
        """Sum strata (n_strata, ...) to groups (n_groups, ...)."""
        c = strata.reshape(*self._shape, *strata.shape[1:])
        by_band, by_region, by_type = c.sum((1, 2)), c.sum((0, 2)), c.sum((0, 1))
        return np.concatenate([by_band.sum(0)[None], by_band, by_region, by_type])

    def by_group_of_rows(self, strata: F64) -> F64:
        """Sum rows of strata (n, n_strata) to groups (n, n_groups), each as if it were alone.

        numpy would add up a single axis in pairs, and so give other bits.
        """
        c = np.ascontiguousarray(strata).reshape(-1, *self._shape)
        by_band, by_region, by_type = c.sum((2, 3)), c.sum((1, 3)), c.sum((1, 2))
        return np.concatenate([by_band.sum(1)[:, None], by_band, by_region, by_type], axis=1)

    def sums(self, numbers: np.ndarray) -> F64:
        """Add up numbers of users (n,) by stratum: (n_strata,)."""
        found = np.zeros(self.n)
        for first, last in parts(len(numbers)):
            found += np.bincount(self.of_users(first, last), numbers[first:last], self.n)
        return found

    def shares(self, flags: np.ndarray) -> F64:
        """Return the share of each group's users with a flag, from flags (n,): (n_groups,)."""
        with np.errstate(invalid="ignore"):
            return self.by_group(self.sums(flags)) / self.counts
