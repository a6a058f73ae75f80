"""Ties as a run reads them: SELL-16-2048, slices of 16 users whose ties lie rank by rank.

The layout is that of Kreutzer et al. (2014), doi:10.1137/130930352. In windows of 2048 users with
consecutive numbers, users are ordered by falling degree (equal degrees by number) and cut into
slices of 16. A slice holds all first ties of its users, then all second ties, and so on to its
longest degree; a user with fewer ties has padding there: the number n, of nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.base.errors import ConfigError
from sim.kernel.arrays import I64, U16, U32
from sim.kernel.compiled import jit_loop
from sim.kernel.parallel_map import ranges, stream
from sim.population.graph import Graph

WINDOW, VEC16 = 2048, 16  # users of a window and of a slice
CHUNK = 32 * WINDOW  # users processed together
MOST_PLACES = 2**32 - VEC16  # positions are 32 bits wide


@dataclass(frozen=True)
class Rows:
    """Every user's ties, strongest first: each 16 places behind the one before it.

    `sim.rules.contact.tie_at` gives the position of a user's tie at a rank.
    """

    seat: U16  # (n,) lane of the user, counted from the first of its window
    degree: U16  # (n,) number of ties
    order: U32  # (16 * n_slices,) the user in each lane of each slice; n: no user
    slice_start: I64  # (n_slices + 1,) position where a slice begins
    indices: U32  # (slice_start[-1],) users; n: padding

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return self.seat.size


class Slices(NamedTuple):
    """The slices of consecutive users, whole windows; positions count from the first slice."""

    order: U32  # (16 * n_slices,)
    slice_start: I64  # (n_slices + 1,)
    seat: U16  # (n_some,)
    degree: U16  # (n_some,)
    indices: U32  # (slice_start[-1],)


Store = Callable[[Iterator[U32]], U32]


def in_memory(pieces: Iterator[U32]) -> U32:
    """Return all pieces as one array; there are never two copies of all."""
    parts = list(pieces)
    joined = np.empty(sum(part.size for part in parts), np.uint32)
    at = joined.size
    while parts:
        part = parts.pop()
        at -= part.size
        joined[at : at + part.size] = part
    return joined


def rows_from(graph: Graph, n_threads: int | None = None, store: Store = in_memory) -> Rows:
    """Return the rows of `graph`."""

    def slices(chunk: tuple[int, int]) -> Slices:
        first, last = chunk
        return lay_out(first, graph.indptr[first : last + 1], graph.indices, graph.n_users)

    parts = stream(slices, ranges(graph.n_users, CHUNK), n_threads)
    return join_slices(graph.n_users, parts, store)


def join_slices(n_users: int, parts: Iterable[Slices], store: Store) -> Rows:
    """Join the slices of all users, in their order.

    Parameters
    ----------
    n_users
        Number of users.
    parts
        Slices of chunks of whole windows.
    store
        Takes the indices part by part and returns them as one array; `in_memory` is one.

    Raises
    ------
    ConfigError
        If there are more ties than 32 bits can number.
    """
    seat, degree = np.empty(n_users, np.uint16), np.empty(n_users, np.uint16)
    n_slices = n_users // WINDOW * (WINDOW // VEC16) + -(-(n_users % WINDOW) // VEC16)
    order, slice_start = np.empty(VEC16 * n_slices, np.uint32), np.zeros(n_slices + 1, np.int64)

    def pieces() -> Iterator[U32]:
        user = slices = begin = 0
        for part in parts:
            if begin + part.indices.size > MOST_PLACES:
                raise ConfigError(
                    f"the ties of {n_users} users take more than 2**32 places; allowed: fewer "
                    "users (population.n_users) or fewer ties each (network.degree_scale, "
                    "network.mean_degree)"
                )
            users, lanes = part.degree.size, part.order.size
            seat[user : user + users] = part.seat
            degree[user : user + users] = part.degree
            order[slices * VEC16 : slices * VEC16 + lanes] = part.order
            slice_start[slices + 1 : slices + 1 + lanes // VEC16] = begin + part.slice_start[1:]
            user, slices, begin = user + users, slices + lanes // VEC16, begin + part.indices.size
            yield part.indices

    indices = store(pieces())
    return Rows(seat, degree, order, slice_start, indices)


@jit_loop
def lay_out(first: int, indptr: I64, indices: U32, n_users: int) -> Slices:
    """Lay out the rows of consecutive users.

    Parameters
    ----------
    first
        The first of the users, first of a window.
    indptr
        Where their rows begin in `indices`, shape (n_some + 1,).
    indices
        Ties row by row.
    n_users
        Number of all users, the padding.
    """
    n_some = indptr.size - 1
    n_slices = n_some // WINDOW * (WINDOW // VEC16) + -(-(n_some % WINDOW) // VEC16)
    order = np.full(VEC16 * n_slices, n_users, np.uint32)
    degree = np.empty(n_some, np.uint16)
    for k in range(n_some):
        degree[k] = indptr[k + 1] - indptr[k]
    for begin in range(0, n_some, WINDOW):
        end = min(begin + WINDOW, n_some)
        by_falling(degree[begin:end], first + begin, order[begin:end])
    slice_start = np.zeros(n_slices + 1, np.int64)
    for s in range(n_slices):
        longest = degree[np.int64(order[VEC16 * s]) - first]
        slice_start[s + 1] = slice_start[s] + VEC16 * np.int64(longest)
    laid, seat = np.full(slice_start[-1], n_users, np.uint32), np.empty(n_some, np.uint16)
    for lane in range(n_some):
        user = np.int64(order[lane]) - first
        seat[user] = lane % WINDOW
        start = slice_start[lane // VEC16] + lane % VEC16
        for rank in range(degree[user]):
            laid[start + VEC16 * rank] = indices[indptr[user] + rank]
    return Slices(order, slice_start, seat, degree, laid)


@jit_loop
def by_falling(degree: U16, first: int, order: U32) -> None:
    """Write the users of a window by falling degree, equal degrees by number, by counting.

    It uses plain loops, as operations on whole arrays take longer to compile.
    """
    most = np.int64(0)
    for d in degree:
        most = max(most, np.int64(d))
    place = np.zeros(most + 2, np.int64)
    for d in degree:
        place[most - np.int64(d) + 1] += 1
    for level in range(most):
        place[level + 1] += place[level]
    for k in range(degree.size):
        at = most - np.int64(degree[k])
        order[place[at]] = first + k
        place[at] += 1
