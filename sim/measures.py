"""What is observed of a run: reach, use, exposure, isolation, welfare, moves; by group.

Sums are taken over cells (age band x region x type) block by block, so that they do not depend
on threads; a group's value is the mean over its users. ``docs/measures.md`` defines each measure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.compiled import jit, jit_loop
from sim.config import SimConfig
from sim.engines import BLOCK, Threads, n_blocks
from sim.platforms import CELLULAR as CELLULAR_NAME
from sim.platforms import CHANNELS
from sim.rules.activity import p_seen
from sim.rules.habit import communication_share
from sim.rules.records import CELLULAR, F32, F64, I64, MAX, U8, Record, Records
from sim.rules.word import in_use
from sim.state import State
from sim.world.settings import BANDS, TYPES

ISOLATION = 0.30  # a user is isolated who lost more than this share of reachable weighted ties
COVERED = 0.9  # share of a calendar month that a run must cover for its monthly reach

# Columns of the sums.
DAU, INSTALLED, ACCOUNT, MANDATED = (k * MAX for k in range(4))
PRIMARY = 4 * MAX
USE = PRIMARY + MAX + 1  # message, then call
VISIBLE = USE + 2 * (MAX + 1)  # use that the state can read, by channel
TOTAL = VISIBLE + 2
REACHABLE, ISOLATED, WELFARE, HOMES, N_COLUMNS = (TOTAL + k for k in (2, 4, 6, 7, 8))


class Series(NamedTuple):
    """What one column of a result is about."""

    platform: str
    channel: str
    measure: str


def groups(config: SimConfig) -> list[str]:
    """Return the groups of users that are reported, ``all`` first."""
    return [
        "all",
        *(f"age={band}" for band in BANDS),
        *(f"region={region}" for region in config.population.regions),
        *(f"type={kind}" for kind in TYPES),
    ]


def step_series(config: SimConfig) -> list[Series]:
    """Return the series observed in every step, in the order of ``_values``."""
    messengers, places = config.messengers, (*config.messengers, CELLULAR_NAME)
    return [
        *(
            Series(p, "any", measure)
            for measure in ("dau", "installed", "account", "mandated")
            for p in messengers
        ),
        *(Series(p, "any", "primary") for p in places),
        *(Series(p, channel, "use") for channel in CHANNELS for p in places),
        *(Series("any", channel, "exposure") for channel in (*CHANNELS, "any")),
        *(Series("any", channel, "reachable") for channel in CHANNELS),
        *(Series("any", channel, "isolation") for channel in CHANNELS),
        Series("any", "any", "welfare"),
        Series("any", "any", "homes"),
    ]


def month_series(config: SimConfig) -> list[Series]:
    """Return the series observed once a calendar month."""
    return [Series(p, "any", "mau") for p in config.messengers]


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


class Recorder:
    """Observes one run step by step; `observations` are what remains."""

    def __init__(self, config: SimConfig, threads: Threads, state: State) -> None:
        self.config, self.threads, self.state = config, threads, state
        self.observations = Observations()
        users, n_regions = self.state.users, len(self.config.population.regions)
        kind = users.type.astype(np.int64) + 1
        self._shape = (len(BANDS), n_regions, len(TYPES))
        region = (users.place // 2).astype(np.int64)
        self._cell = ((users.band.astype(np.int64) * n_regions + region) * len(TYPES)) + kind
        self._counts = self._by_group(np.bincount(self._cell, minlength=np.prod(self._shape)))
        self._reach_at_start = self.state.talks.reachable.copy()
        names = (*self.config.messengers, CELLULAR_NAME)
        self._access = np.zeros(MAX + 1)
        self._access[self._columns()] = [self.config.platforms[n].state_access for n in names]
        self._primary = np.zeros(self.state.n_users, np.uint8)
        self._snapshots: list[tuple[dt.date, U8]] = []
        self._opened = np.zeros((self.state.n_users, MAX), np.float32)  # in the month so far
        self._covered = 0.0  # days of the month so far

    def observe(self, step: int) -> None:
        """Record the state while step `step` lasts (after `look`, before `act`)."""
        sums = np.zeros((n_blocks(self.state.n_users), int(np.prod(self._shape)), N_COLUMNS))
        self.threads.run(
            observe_rows, self.state.n_users, self.state.users, self.state.talks,
            self.state.rules, self._cell, self._reach_at_start, self._access, self._primary, sums,
        )  # fmt: skip
        self.observations.steps.append(self._values(self._by_group(sums.sum(axis=0))))
        if step == 0:
            self._snapshot(step)
        for first, days, is_last in self._months_of(step):
            self._opened += self.state.talks.openings * np.float32(days)
            self._covered += days
            if is_last:
                self._close_month(first, step)
        if step == self.config.n_steps - 1:
            self._finish(first, step)

    def _finish(self, month: dt.date, step: int) -> None:
        """Close the month the run ends in if it is covered enough; note the whole run's moves."""
        if self._covered > 0:
            self._close_month(month, step)
        if self._snapshots[-1][0] < self._date(step):
            self._snapshot(step)
        first, last = self._snapshots[0], self._snapshots[-1]
        if first[0] < last[0] and (first[0], last[0]) not in {
            f[:2] for f in self.observations.flows
        }:
            self.observations.flows.append(self._flow(first, last))

    def _date(self, step: int) -> dt.date:
        return self.config.start + dt.timedelta(days=step * self.config.step_days)

    def _by_group(self, cells: F64 | I64) -> F64:
        """Sum cells (n_cells, ...) to groups (n_groups, ...)."""
        c = cells.reshape(*self._shape, *cells.shape[1:])
        by_band, by_region, by_type = c.sum((1, 2)), c.sum((0, 2)), c.sum((0, 1))
        return np.concatenate([by_band.sum(0)[None], by_band, by_region, by_type])

    def _columns(self) -> list[int]:
        """Return the columns of the messengers and cellular among ``MAX + 1``."""
        return [*range(len(self.config.messengers)), CELLULAR]

    def _values(self, sums: F64) -> F64:
        """Return the step series by group from sums by group."""
        n, columns = len(self.config.messengers), np.array(self._columns())
        with np.errstate(invalid="ignore", divide="ignore"):  # a group may be empty: NaN
            mean = sums / self._counts[:, None]
            visible, total = sums[:, VISIBLE : VISIBLE + 2], sums[:, TOTAL : TOTAL + 2]
            exposure = np.column_stack([visible / total, visible.sum(1) / total.sum(1)])
        return np.hstack(
            [
                *(mean[:, k : k + n] for k in (DAU, INSTALLED, ACCOUNT, MANDATED)),
                mean[:, PRIMARY + columns],
                *(mean[:, USE + c * (MAX + 1) + columns] for c in range(2)),
                exposure,
                mean[:, REACHABLE : REACHABLE + 2],
                mean[:, ISOLATED : ISOLATED + 2],
                mean[:, [WELFARE, HOMES]],
            ]
        )

    def _months_of(self, step: int) -> Iterator[tuple[dt.date, float, bool]]:
        """Yield the months a step touches: first day, days in it, whether it ends in the step."""
        # rounded, so that steps that are no binary fractions meet the ends of months
        begin, end = (round(k * self.config.step_days, 6) for k in (step, step + 1))
        while begin < end:
            day = self.config.start + dt.timedelta(days=int(begin))
            first = day.replace(day=1)
            boundary = float((_next_month(first) - self.config.start).days)
            yield first, min(end, boundary) - begin, boundary <= end
            begin = min(end, boundary)

    def _close_month(self, first: dt.date, step: int) -> None:
        length = (_next_month(first) - first).days
        if self._covered >= COVERED * length:
            sums = np.zeros((n_blocks(self.state.n_users), int(np.prod(self._shape)), MAX))
            scale = length / self._covered
            self.threads.run(month_rows, self.state.n_users, self._opened, scale, self._cell, sums)
            with np.errstate(invalid="ignore"):
                reach = self._by_group(sums.sum(axis=0)) / self._counts[:, None]
            self.observations.months.append((first, reach[:, : len(self.config.messengers)]))
            self._snapshot(step)
        self._opened[:] = 0
        self._covered = 0.0

    def _snapshot(self, step: int) -> None:
        """Keep who is where; note the moves since the last time."""
        self._snapshots.append((self._date(step), self._primary.copy()))
        if len(self._snapshots) > 1 and self._snapshots[-2][0] < self._snapshots[-1][0]:
            self.observations.flows.append(self._flow(*self._snapshots[-2:]))
        del self._snapshots[1:-1]

    def _flow(self, before: tuple[dt.date, U8], after: tuple[dt.date, U8]) -> Flow:
        size, columns = MAX + 1, self._columns()
        pairs = before[1].astype(np.int64) * size + after[1]
        table = np.bincount(pairs, minlength=size * size).reshape(size, size) / len(pairs)
        return Flow(before[0], after[0], table[np.ix_(columns, columns)])


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=32)).replace(day=1)


@jit
def primary(talk: Record, rules: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    best, most = CELLULAR, 0.0
    for p in range(rules.n_messengers):
        amount = communication_share(talk, p, rules)
        if amount > most:
            best, most = p, amount
    return best


@jit_loop
def observe_rows(
    first: int, last: int, users: Records, talks: Records, rules: Record, cell: I64,
    reach_at_start: F32, access: F64, primaries: U8, sums: F64,
) -> None:  # fmt: skip
    """Add each user's columns to ``sums[block, cell]``; write its primary platform."""
    for i in range(first, last):
        user, talk, row = users[i], talks[i], sums[i // BLOCK, cell[i]]
        has = in_use(user)
        for p in range(rules.n_messengers):
            if talk.openings[p] > 0.0:
                row[DAU + p] += p_seen(talk.openings[p])
            row[INSTALLED + p] += user.installed >> p & 1
            row[ACCOUNT + p] += user.account >> p & 1
            row[MANDATED + p] += user.mandated >> p & 1
            row[HOMES] += has >> p & 1
        for c in range(2):
            weight = user.intensity * rules.channel_share[c]
            for p in range(MAX + 1):
                amount = weight * talk.use[c, p]
                row[USE + c * (MAX + 1) + p] += amount
                row[VISIBLE + c] += amount * access[p]
                row[TOTAL + c] += amount
            row[REACHABLE + c] += talk.reachable[c]
            if talk.reachable[c] < (1.0 - ISOLATION) * reach_at_start[i, c]:
                row[ISOLATED + c] += 1.0
        row[WELFARE] += talk.welfare
        primaries[i] = primary(talk, rules)
        row[PRIMARY + primaries[i]] += 1.0


@jit_loop
def month_rows(first: int, last: int, opened: F32, scale: float, cell: I64, sums: F64) -> None:
    """Add who was seen in a month, given the openings in the part of it that was simulated."""
    for i in range(first, last):
        for p in range(MAX):
            if opened[i, p] > 0.0:
                sums[i // BLOCK, cell[i], p] += p_seen(opened[i, p] * scale)
