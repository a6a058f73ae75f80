"""Group chats of each segment: members are fixed, the messenger changes during a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.config.settings import PopulationConfig
from sim.kernel.arrays import I64, U8, U16, U32, Flags
from sim.kernel.compiled import jit, jit_loop
from sim.kernel.parallel_map import each, ranges
from sim.population.ages import LAST_AGE
from sim.population.districts import district_starts
from sim.population.population import Population
from sim.population.rows import WINDOW

_DISTRICTS = 32  # processed together


@dataclass(frozen=True)
class Seats:
    """Chats 0 to G-1 with their members, ordered by kind; a user is in at most one of a kind."""

    kind: U8  # (G,) index in the order of config.chats
    indptr: I64  # (G + 1,)
    members: U32  # (n_seats,) users, chat by chat
    window: U32  # (n_windows,) where the chats of users 0, 2048, 4096, ... begin in `of_user`
    begin: U16  # (n + 1,) where a user's chats begin, counted from those of its window
    of_user: U32  # (n_seats,) chats user by user, kind by kind


def seat(population: Population, config: PopulationConfig, n_threads: int | None = None) -> Seats:
    """Cut the members of each segment who are online into chats.

    Members of a chat are neighbours, or people of similar age in the same
    district of 2000 users. The last chat of a kind may be smaller.
    """
    p, kinds, names = population, list(config.chats.values()), list(config.segments)
    bits = np.array([1 << names.index(name) for name in config.chats], p.segments.dtype)
    starts = district_starts(p.region)
    some_districts = ranges(starts.size - 1, _DISTRICTS)
    count = np.zeros((len(kinds), starts.size - 1), np.int64)  # of members by district

    def count_some(some: tuple[int, int]) -> None:
        count_members(*some, starts, p.segments, p.online, bits, count)

    each(count_some, some_districts, n_threads)
    sizes = np.array([chats.size for chats in kinds], np.int64)
    n_chats = -(-count.sum(axis=1) // sizes)
    window, begin = (
        np.zeros(p.n_users // WINDOW + 1, np.uint32),
        np.zeros(p.n_users + 1, np.uint16),
    )
    count_chats(p.segments, p.online, bits, window, begin)
    first_chat = np.cumsum(n_chats) - n_chats
    seats = Seats(
        kind=np.repeat(np.arange(sizes.size, dtype=np.uint8), n_chats),
        indptr=_ends(count.sum(axis=1), sizes),
        members=np.empty(count.sum(), np.uint32),
        window=window,
        begin=begin,
        of_user=np.empty(count.sum(), np.uint32),
    )
    place = np.cumsum(count.ravel()).reshape(count.shape) - count
    by_age = np.array([chats.order == "age" for chats in kinds], np.bool_)

    def seat_some(some: tuple[int, int]) -> None:
        for k in range(sizes.size):
            seat_members(
                *some, starts, p.age, p.segments, p.online, k, bits, bool(by_age[k]), sizes[k],
                first_chat[k], place[k], place[k, 0], seats.members, window, begin, seats.of_user,
            )  # fmt: skip

    each(seat_some, some_districts, n_threads)
    return seats


def _ends(n_members: I64, sizes: I64) -> I64:
    """Return where chats end in the list of members, kind by kind, shape (G + 1,)."""
    ends, begin = [np.zeros(1, np.int64)], 0
    for n, size in zip(n_members, sizes, strict=True):
        ends.append(begin + np.minimum(size * np.arange(1, -(-n // size) + 1), n))
        begin += n
    return np.concatenate(ends)


@jit_loop
def count_members(
    first: int, last: int, starts: I64, segments: U8, online: Flags, bits: U8, count: I64
) -> None:
    """Count the members online of each kind in the districts `first` to `last` - 1."""
    for d in range(first, last):
        for user in range(starts[d], starts[d + 1]):
            for k in range(bits.size):
                count[k, d] += online[user] and segments[user] & bits[k] > 0


@jit_loop
def count_chats(segments: U8, online: Flags, bits: U8, window: U32, begin: U16) -> None:
    """Write where users' chats begin, as `Seats` has it."""
    seat = np.int64(0)
    for user in range(begin.size):
        if user % WINDOW == 0:
            window[user // WINDOW] = seat
        begin[user] = seat - np.int64(window[user // WINDOW])
        if user < online.size and online[user]:
            seat += n_kinds(segments[user], bits, bits.size)


@jit
def n_kinds(segments: np.uint8, bits: U8, kind: int) -> int:
    """Return in how many of the first `kind` kinds of chats a user who is online sits."""
    found = 0
    for k in range(kind):
        found += segments & bits[k] > 0
    return found


@jit_loop
def seat_members(
    first: int, last: int, starts: I64, age: U8, segments: U8, online: Flags, kind: int,
    bits: U8, by_age: bool, size: int, first_chat: int, place: I64, first_place: int,
    members: U32, window: U32, begin: U16, of_user: U32,
) -> None:  # fmt: skip
    """Seat the members of one kind in the districts `first` to `last` - 1.

    Parameters
    ----------
    place
        Seat of the first member of a district; members follow each other, by age if `by_age`.
    first_chat, first_place
        The first of the kind.
    """
    bit = bits[kind]
    for d in range(first, last):
        ahead = np.zeros(LAST_AGE + 2, np.int64)  # members of the district who are younger
        for user in range(starts[d], starts[d + 1]):
            if online[user] and segments[user] & bit > 0 and by_age:
                ahead[age[user] + 1] += 1
        for year in range(LAST_AGE + 1):
            ahead[year + 1] += ahead[year]
        for user in range(starts[d], starts[d + 1]):
            if online[user] and segments[user] & bit > 0:
                years = np.int64(age[user]) if by_age else 0
                at = place[d] + ahead[years]
                ahead[years] += 1
                members[at] = user
                mine = np.int64(window[user // WINDOW]) + np.int64(begin[user])
                mine += n_kinds(segments[user], bits, kind)
                of_user[mine] = first_chat + (at - first_place) // size
