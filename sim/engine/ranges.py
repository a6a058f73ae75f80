"""The engine of several MPI ranks: each runs the rules for the chats and users of its range.

Every rank holds the whole world and all arrays. Records of users are up to date only in the rank
of their range, and in others (`Guests`) while chats move. What all ranks read is exchanged in each
step: published states, chats, sums. docs/scale.md says what that costs. The loops are those of the
compiled engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from sim.base.errors import ConfigError
from sim.engine.accumulators import Accumulators
from sim.engine.engines import CompiledEngine, Recording, move_rows
from sim.engine.ranks import Ranks
from sim.engine.state import MOVES, State
from sim.engine.threads import GRAIN, Task, Threads, chunks, cut
from sim.kernel.arrays import I64, U16, U32, U64, Flags
from sim.rules.networks import STAYED, Chats
from sim.rules.records import Agreements, Environment, Records

MOVED = np.dtype([("chat", "u4"), ("platform", "u1"), ("moved", "u1"), ("bound", "u1")])
AGREED = np.dtype([("who", "u4"), ("platform", "u1")])


class Ranges:
    """The ranges of `n_users` by rank: whole chunks, one range after another.

    Attributes
    ----------
    chunks, users : list of int, of length size + 1
        Rank r has chunks (users) number r to number r + 1, less one.
    """

    def __init__(self, ranks: Ranks, n_users: int) -> None:
        ends = [0, *(last for _, last in chunks(n_users))]
        n_chunks, size = len(ends) - 1, ranks.size
        self.ranks = ranks
        self.chunks = [n_chunks * r // size for r in range(size + 1)]
        self.users = [ends[k] for k in self.chunks]

    @property
    def own(self) -> slice:
        """Return the users of this rank."""
        return slice(*self.users[self.ranks.number :][:2])

    def rank_of(self, users: U32) -> I64:
        """Return the rank of each user."""
        return np.searchsorted(self.users, users, side="right").astype(np.int64) - 1


class RangeThreads(Threads):
    """Threads that run the chunks of one rank, and add up counts over all ranks."""

    def __init__(self, ranges: Ranges, threads: Threads) -> None:
        self.n_threads, self._pool = threads.n_threads, threads._pool
        self._ranges = ranges

    def tasks(self, n_rows: int, grain: int = GRAIN) -> tuple[Task, ...]:
        """Return the tasks of this rank."""
        first, last = self._ranges.chunks[self._ranges.ranks.number :][:2]
        return cut(chunks(n_rows)[first:last], self.n_threads, grain, first)

    def total(self, by_chunk: I64) -> I64:
        """Return the sum of counts over the chunks of all ranks."""
        return self._ranges.ranks.allreduce(super().total(by_chunk))


class Guests:
    """Users of other ranks who are members of chats of this rank; their records are fetched."""

    def __init__(self, ranges: Ranges, members: U32) -> None:
        users = np.unique(members)
        homes = ranges.rank_of(users)
        away = homes != ranges.ranks.number
        self._ranks, self._received = ranges.ranks, users[away]
        self._sent = ranges.ranks.alltoall(
            [users[away & (homes == r)] for r in range(ranges.ranks.size)]
        )

    def fetch(self, users: Records) -> None:
        """Write the present records of the guests to `users`; all ranks have to call it."""
        records = np.asarray(users)
        records[self._received] = np.concatenate(
            self._ranks.alltoall([records[rows] for rows in self._sent])
        )


class RangesEngine(CompiledEngine):
    """The compiled engine on the range of one rank; a chat belongs to its first member's rank."""

    def __init__(self, ranges: Ranges, threads: Threads, chats: Chats) -> None:
        super().__init__(RangeThreads(ranges, threads))
        self._all_threads, self._ranges, self._ranks = threads, ranges, ranges.ranks
        homes = ranges.rank_of(chats.members[chats.indptr[:-1]])
        own = homes == ranges.ranks.number
        self._chats = list(_runs(own))
        self._guests = Guests(ranges, chats.members[np.repeat(own, np.diff(chats.indptr))])
        self._opened: U16 = np.empty(0, np.uint16)

    def move(self, state: State, env: Environment, keys: U64) -> None:
        """Run the rule by which chats move for the chats of this rank; exchange the moves."""
        chats = state.chats
        self._guests.fetch(state.users)
        chats.moved[:] = STAYED
        for first, last in self._chats:
            self._all_threads.run(
                _from(first), last - first, state.users, chats, env, state.params, keys
            )
        moved = np.flatnonzero(chats.moved != STAYED)
        rows = np.empty(len(moved), MOVED)
        rows["chat"] = moved
        written = {name: getattr(chats, name) for name in MOVES}
        for name, array in written.items():
            rows[name] = array[moved]
        rows = self._ranks.allgather(rows)
        for name, array in written.items():
            array[rows["chat"]] = rows[name]

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Run the rules of the users of this rank; exchange sums and published states."""
        super().step(state, env, keys, accumulators)
        for sums in (accumulators.sums, accumulators.months):
            self._ranks.allgather_into(sums, self._ranges.chunks)
        public = state.public
        tiles = state.layout.tiles
        for array in (
            accumulators.primary,
            accumulators.exposed,
            *([accumulators.benefit] if len(accumulators.benefit) else []),
            *public.next_choice_state.reshape(tiles, -1),
            *public.next_belief_state.reshape(tiles, -1),
        ):
            self._ranks.allgather_into(array, self._ranges.users)
        self._opened = accumulators.opened

    def agreed(self) -> list[Agreements]:
        """Return what users of this rank agreed on, also with users of other ranks."""
        here = super().agreed()
        rows = np.empty(sum(int(a.n[0]) for a in here), AGREED)
        filled = 0
        for agreed in here:  # empty if there are fewer chunks than ranks
            n = int(agreed.n[0])
            for name in AGREED.names or ():
                rows[name][filled : filled + n] = getattr(agreed, name)[:n]
            filled, agreed.n[0] = filled + n, 0
        rows = self._ranks.allgather(rows)
        rows = rows[self._ranges.rank_of(rows["who"]) == self._ranks.number]
        who, platform = (np.ascontiguousarray(rows[name]) for name in ("who", "platform"))
        return [Agreements(np.array([len(rows)]), who, platform)]

    def recording(self) -> Recording:
        """Refuse: each rank steps users of its own.

        Raises
        ------
        ConfigError
            Always.
        """
        raise ConfigError(
            "engine=mpi: does not know measures that are computed user by user; allowed: "
            "engine=compiled, engine=mesa, or measures of sums"
        )

    def complete(self, state: State) -> None:
        """Exchange the arrays that only the steps of their own rank need; all ranks call it."""
        for array in (state.users, self._opened):
            self._ranks.allgather_into(array, self._ranges.users)


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Yield the runs of set flags: first, last + 1."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]])))
    yield from ((int(a), int(b)) for a, b in list(pairwise(edges))[::2])


def _from(begin: int) -> Callable[..., None]:
    """Return `move_rows` with chats counted from `begin`."""
    return lambda first, last, *arrays: move_rows(begin + first, begin + last, *arrays)
