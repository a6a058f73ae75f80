"""What is observed of a run: reach, use, exposure, welfare, moves; by group.

Sums are taken over strata (age band x region x type) block by block, so that they do not depend
on threads; a group's value is the mean over its users. Files of this folder define the measures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.config.sim_config import SimConfig
from sim.engine.accumulators import N_COLUMNS, SLOTS, Accumulators, reduce
from sim.engine.engines import Recording
from sim.engine.slots import Slot, in_order, joined, slots_of
from sim.engine.state import State
from sim.engine.threads import chunks
from sim.kernel import aligned
from sim.kernel.arrays import F64, I16, U8
from sim.kernel.parallel_map import parts
from sim.kernel.vec8 import WIDTH
from sim.measures.measure import Series as Series
from sim.measures.measure import Users
from sim.measures.months import length, parts_of_months
from sim.measures.registry import cellular_column, of_user, summed_by_user, values
from sim.measures.registry import month_series as month_series
from sim.measures.registry import step_series as step_series
from sim.measures.strata import Strata
from sim.measures.sums import Sums
from sim.rules.records import Environment, Records

COVERED = 0.9  # share of a calendar month that a run must cover for its monthly reach
MONTH = {"opened": Slot(0, (WIDTH,))}  # sums of a month: users who opened a messenger in it
AT_ONCE = 16  # steps whose values are worked out together: one by one, it took a fifth of a run


class StepSums(NamedTuple):
    """What one step left."""

    columns: F64  # (n strata, n columns) sums over users: SLOTS, then measures by user
    abuse: Records  # ABUSE (n kinds,) as it stood
    env: Environment


class Flow(NamedTuple):
    """Users by primary platform at two dates: `table[a, b]` moved from a to b (fractions)."""

    from_date: dt.date
    to_date: dt.date
    table: F64  # (P + 1, P + 1), cellular last


@dataclass
class Observations:
    """What was observed of one run."""

    steps: list[F64] = field(default_factory=list)  # each (n groups, n step series)
    months: list[tuple[dt.date, F64]] = field(default_factory=list)  # (n groups, P)
    flows: list[Flow] = field(default_factory=list)
    exposed: list[tuple[dt.date, U8]] = field(default_factory=list)  # bits of users, packed
    # (n,) at the end of each of `months`, if the run is compared with another
    benefits: list[I16] = field(default_factory=list)


class Recorder:
    """Observes one run step by step; `observations` are what remains.

    Attributes
    ----------
    primary : array of uint8, shape (n,)
        Where each user talked most in the last step; see `accumulators.primary`.
    exposed : array of uint8, shape (n,)
        1 for each user much of whose communication the state could read in it, else 0.
    """

    def __init__(self, config: SimConfig, state: State) -> None:
        self.config, self.n_users = config, state.n_users
        self._observations = Observations()
        self._waiting: list[StepSums] = []  # steps whose values are not worked out yet
        self.strata = Strata(config, state.users)
        self.by_user = {one.name: one for one in summed_by_user()}
        self._slots = slots_of(config.tiles, SLOTS)
        self.engine: Recording | None = None  # keeps all users, if measures need them
        self.primary: U8 = np.zeros(self.n_users, np.uint8)
        self.exposed: U8 = np.zeros(self.n_users, np.uint8)
        self._snapshots: list[tuple[dt.date, U8]] = []
        # openings in the month so far [1/4096]
        self._opened = np.zeros((self.n_users, cellular_column(config)), np.uint16)
        self._covered = 0.0  # days of the month so far
        self._accumulators: Accumulators | None = None  # of the last step

    @property
    def observations(self) -> Observations:
        """Return what has been observed until now."""
        self.work_out()
        return self._observations

    def accumulators(self, step: int) -> Accumulators:
        """Return where the users of step `step` are added up."""
        parts = list(parts_of_months(self.config, step))
        scales, covered = [], self._covered
        for part in parts:
            covered += part.days
            scales.append(length(part.first) / covered if part.is_last else 0.0)
            covered = 0.0 if part.is_last else covered
        n_chunks, tiles = len(chunks(self.n_users)), self.config.tiles
        if self._accumulators is None:
            sums = aligned.zeros((n_chunks, self.strata.n, tiles * N_COLUMNS))
        else:
            sums = self._accumulators.sums  # cleared; the system would have to clear new ones
        kept = self.n_users if self.config.compare_to and any(scales) else 0
        benefit = np.zeros(kept, np.int16)
        self._accumulators = Accumulators(
            len(self.config.population.regions), self.primary, self.exposed, benefit,
            self._opened, np.array([part.days for part in parts]), np.array(scales),
            sums, aligned.zeros((n_chunks, len(parts), self.strata.n, tiles * WIDTH)),
        )  # fmt: skip
        return self._accumulators

    def record(
        self, step: int, env: Environment, abuse: Records, accumulators: Accumulators
    ) -> None:
        """Record what was added up in step `step`."""
        sums = np.zeros(accumulators.sums.shape[1:])
        reduce(accumulators.sums, sums)
        sums = joined(sums, self.config.tiles, SLOTS)
        if self.by_user:
            sums = self._with_sums_by_user(sums, env)
        self._waiting.append(StepSums(sums, abuse.copy(), env))
        if len(self._waiting) == AT_ONCE:
            self.work_out()
        if step == 0:
            self._snapshot(step)
        for k, part in enumerate(parts_of_months(self.config, step)):
            self._covered += part.days
            if part.is_last:
                seen = accumulators.months[:, k].sum(axis=0)
                self._close_month(part.first, step, seen, accumulators.benefit)
        if step == self.config.n_steps - 1:
            self._finish(step)

    def work_out(self) -> None:
        """Work out the values of the steps that wait for it."""
        if self._waiting:
            columns, abuse, envs = zip(*self._waiting, strict=True)
            kinds = np.array(abuse).view(np.recarray)
            self._waiting = []
            sums = Sums(self.config, self.strata, np.array(columns), self._slots, envs, kinds)
            self._observations.steps.extend(values(sums, "step"))

    def _with_sums_by_user(self, sums: F64, env: Environment) -> F64:
        """Append the sums of the measures that are computed user by user, as more columns."""
        assert self.engine is not None
        seen = Users(
            self.config, self.engine.users, self.engine.step_records, self.primary, self.exposed,
            env,
        )  # fmt: skip
        found = {name: of_user(one, seen) for name, one in self.by_user.items()}
        shapes = {name: slot.shape for name, slot in slots_of(self.config.tiles, SLOTS).items()}
        self._slots = in_order(shapes | {name: some.shape[1:] for name, some in found.items()})
        flat = [some.reshape(self.n_users, -1).T for some in found.values()]
        added = [self.strata.sums(column) for columns in flat for column in columns]
        return np.column_stack([sums, *added])

    def _finish(self, step: int) -> None:
        """Note the whole run's moves."""
        if self._snapshots[-1][0] < self._date(step):
            self._snapshot(step)
        first, last = self._snapshots[0], self._snapshots[-1]
        if first[0] < last[0] and (first[0], last[0]) not in {
            f[:2] for f in self._observations.flows
        }:
            self._observations.flows.append(self._flow(first, last))

    def _date(self, step: int) -> dt.date:
        return self.config.step_begins(step).date()

    def lost_users(self, platform: str) -> float:
        """Return the share of its daily users that `platform` has lost since the first step."""
        k = step_series(self.config).index(Series(platform, "any", "dau"))
        before, after = (float(self.observations.steps[at][0, k]) for at in (0, -1))
        return 1.0 - after / before if before > 0.0 else 0.0

    def _close_month(self, first: dt.date, step: int, seen: F64, benefit: I16) -> None:
        """Keep the users seen in a month that is over, (n_cells, B WIDTH), and all benefits."""
        if self._covered >= COVERED * length(first):
            columns, tiles = joined(seen[None], self.config.tiles, MONTH), self.config.tiles
            sums = Sums(self.config, self.strata, columns, slots_of(tiles, MONTH))
            self._observations.months.append((first, values(sums, "month")[0]))
            if len(benefit) > 0:
                self._observations.benefits.append(benefit)
            self._snapshot(step)
        self._covered = 0.0

    def _snapshot(self, step: int) -> None:
        """Keep who is where; note the moves since the last time."""
        self._snapshots.append((self._date(step), self.primary.copy()))
        if not self._observations.exposed or self._observations.exposed[-1][0] < self._date(step):
            self._observations.exposed.append((self._date(step), np.packbits(self.exposed)))
        if len(self._snapshots) > 1 and self._snapshots[-2][0] < self._snapshots[-1][0]:
            self._observations.flows.append(self._flow(*self._snapshots[-2:]))
        del self._snapshots[1:-1]

    def _flow(self, before: tuple[dt.date, U8], after: tuple[dt.date, U8]) -> Flow:
        cellular = cellular_column(self.config)
        size, columns = cellular + 1, [*range(len(self.config.messengers)), cellular]
        counts = np.zeros(size * size, np.int64)
        for first, last in parts(self.n_users):
            pairs = before[1][first:last].astype(np.int64) * size + after[1][first:last]
            counts += np.bincount(pairs, minlength=size * size)
        table = counts.reshape(size, size) / self.n_users
        return Flow(before[0], after[0], table[np.ix_(columns, columns)])
