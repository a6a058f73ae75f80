"""The engine of several ranks: each moves the chats and takes the users of its own range.

Every rank holds the whole world and all arrays. Records of users are right in their own rank
alone, and of guests while chats move; what all read (words, minds, chats, sums) is exchanged.
docs/scale.md says what that costs. The loops are those of the compiled engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from sim.engine.accumulators import Accumulators
from sim.engine.engines import CompiledEngine, move_rows
from sim.engine.ranks import Ranks
from sim.engine.state import MOVES, State
from sim.engine.threads import GRAIN, Task, Threads, chunks, cut
from sim.kernel.arrays import Flags
from sim.rules.records import I64, STAYED, U16, U32, U64, Agreements, Chats, Environment, Records

MOVED = np.dtype([("chat", "u4"), ("platform", "u1"), ("moved", "u1"), ("bound", "u1")])
AGREED = np.dtype([("who", "u4"), ("platform", "u1")])


class Ranges:
    """How `n_users` are shared out: rank r has whole chunks, one after another.

    Attributes
    ----------
    chunks, users : list of int, of length size + 1
        Where the ranges of the ranks begin, and the last one ends.
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
        """Return whose each user is."""
        return np.searchsorted(self.users, users, side="right").astype(np.int64) - 1


class RangeThreads(Threads):
    """Threads that run the chunks of users of one rank, and count what all ranks counted."""

    def __init__(self, ranges: Ranges, threads: Threads) -> None:
        self.n_threads, self._pool = threads.n_threads, threads._pool
        self._ranges = ranges

    def tasks(self, n_rows: int, grain: int = GRAIN) -> tuple[Task, ...]:
        """Return the tasks of this rank."""
        first, last = self._ranges.chunks[self._ranges.ranks.number :][:2]
        return cut(chunks(n_rows)[first:last], self.n_threads, grain, first)

    def total(self, by_chunk: I64) -> I64:
        """Return the sum of all ranks' chunks."""
        return self._ranges.ranks.allreduce(super().total(by_chunk))


class Guests:
    """Users of other ranks who sit in chats of this one's: their records come on a visit."""

    def __init__(self, ranges: Ranges, seated: U32) -> None:
        users = np.unique(seated)
        homes = ranges.rank_of(users)
        away = homes != ranges.ranks.number
        self._ranks, self._come = ranges.ranks, users[away]
        self._go = ranges.ranks.alltoall(
            [users[away & (homes == r)] for r in range(ranges.ranks.size)]
        )

    def visit(self, users: Records) -> None:
        """Write the present records of guests among `users`; for all ranks."""
        records = np.asarray(users)
        records[self._come] = np.concatenate(
            self._ranks.alltoall([records[who] for who in self._go])
        )


class RangesEngine(CompiledEngine):
    """The compiled engine on the ranges of one rank; a chat is where its first member is."""

    def __init__(self, ranges: Ranges, threads: Threads, chats: Chats) -> None:
        super().__init__(RangeThreads(ranges, threads))
        self._all_threads, self._ranges, self._ranks = threads, ranges, ranges.ranks
        homes = ranges.rank_of(chats.members[chats.indptr[:-1]])
        own = homes == ranges.ranks.number
        self._chats = list(_runs(own))
        self._guests = Guests(ranges, chats.members[np.repeat(own, np.diff(chats.indptr))])
        self._opened: U16 = np.empty(0, np.uint16)

    def move(self, state: State, env: Environment, keys: U64) -> None:
        """Let the chats of this rank perhaps move, and hear of those that did elsewhere."""
        chats = state.chats
        self._guests.visit(state.users)
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
        """Let the users of this rank take their step; exchange sums and what is shown."""
        super().step(state, env, keys, accumulators)
        for sums in (accumulators.sums, accumulators.months):
            self._ranks.allgather_into(sums, self._ranges.chunks)
        public = state.public
        for array in (
            accumulators.primary,
            accumulators.exposed,
            public.next_choice_state,
            public.next_belief_state,
        ):
            self._ranks.allgather_into(array, self._ranges.users)
        self._opened = accumulators.opened

    def agreed(self) -> list[Agreements]:
        """Return what users of this rank agreed on, with whomever."""
        here = super().agreed()
        rows = np.empty(sum(int(a.n[0]) for a in here), AGREED)
        filled = 0
        for agreed in here:  # none, where users are too few for all ranks
            n = int(agreed.n[0])
            for name in AGREED.names or ():
                rows[name][filled : filled + n] = getattr(agreed, name)[:n]
            filled, agreed.n[0] = filled + n, 0
        rows = self._ranks.allgather(rows)
        rows = rows[self._ranges.rank_of(rows["who"]) == self._ranks.number]
        who, platform = (np.ascontiguousarray(rows[name]) for name in ("who", "platform"))
        return [Agreements(np.array([len(rows)]), who, platform)]

    def complete(self, state: State) -> None:
        """Bring home what only the steps of its own rank need; for all ranks."""
        for array in (state.users, self._opened):
            self._ranks.allgather_into(array, self._ranges.users)


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Yield where flags are set, run by run: first, last + 1."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]])))
    yield from ((int(a), int(b)) for a, b in list(pairwise(edges))[::2])


def _from(begin: int) -> Callable[..., None]:
    """Return `move_rows` for chats that are counted from `begin`."""
    return lambda first, last, *arrays: move_rows(begin + first, begin + last, *arrays)
