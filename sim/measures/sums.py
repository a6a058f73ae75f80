"""Sums over users, by name and group, from which measures are computed.

They are computed for some steps at once: numpy takes as long for one as for many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from sim.config.sim_config import SimConfig
from sim.engine.slots import Slot
from sim.kernel.arrays import F64
from sim.measures.strata import Strata
from sim.rules.records import Environment, Records


class Sums:
    """What the users of each group add up to, in some steps or in a month.

    Parameters
    ----------
    columns : array of shape (n steps, n strata, n columns)
    slots : mapping
        Which columns a name has: those of `engine.accumulators.SLOTS`, and the measures
        that are computed user by user.
    envs : sequence of n steps
    kinds : records ABUSE (n steps, n kinds)
        Each kind of abuse as it stood.
    """

    def __init__(
        self, config: SimConfig, strata: Strata, columns: F64, slots: Mapping[str, Slot],
        envs: Sequence[Environment] = (), kinds: Records | None = None,
    ) -> None:  # fmt: skip
        self.config, self.strata, self.envs, self._kinds = config, strata, envs, kinds
        self._columns, self._slots = columns, slots
        self._known: dict[tuple[Any, ...], F64] = {}

    def of(self, name: str) -> F64:
        """Return sums over the users of each group: (n steps, n groups, *shape of the slot)."""
        return self._slots[name].of(self._by_group)

    def mean(self, name: str) -> F64:
        """Return means over the users of each group; NaN where a group has none."""
        return self._slots[name].of(self._means)

    def of_strata(self, name: str) -> F64:
        """Return sums over the users of each stratum: (n steps, n strata, *shape of the slot)."""
        return self._slots[name].of(self._columns)

    def per_user(self, amounts: F64) -> F64:
        """Divide amounts (n steps, n groups, ...) by the number of users of each group."""
        people = self.strata.counts.reshape(-1, *(1 for _ in amounts.shape[2:]))
        return np.asarray(amounts / people)

    def by_group(self, amounts: F64) -> F64:
        """Add up amounts (n steps, n strata, ...) to (n steps, n groups, ...)."""
        summed = self.strata.by_group(np.moveaxis(amounts, 0, 1))
        return np.ascontiguousarray(np.moveaxis(summed, 1, 0))

    def kind(self, number: int) -> Records:
        """Return one kind of abuse in each step."""
        assert self._kinds is not None
        return self._kinds[:, number]

    def once(self, work: Callable[[Sums, int], F64], number: int) -> F64:
        """Return the result of `work` for one kind of abuse, which several measures share."""
        if (work, number) not in self._known:
            self._known[work, number] = work(self, number)
        return self._known[work, number]

    @cached_property
    def _by_group(self) -> F64:
        return self.by_group(self._columns)

    @cached_property
    def _means(self) -> F64:
        return np.asarray(self._by_group / self.strata.counts[:, None])
