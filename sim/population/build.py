"""A whole world: users, their ties, and their group chats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Protocol

from numpy.typing import NDArray

from sim.config.sim_config import SimConfig
from sim.kernel.arrays import U32
from sim.population.chats import Seats, seat
from sim.population.graph import Graph
from sim.population.null_networks import build_graph, build_rows
from sim.population.population import Population, draw_population
from sim.population.rows import Rows, in_memory


@dataclass(frozen=True)
class World:
    """What does not change during a run."""

    population: Population
    rows: Rows
    seats: Seats


class ArrayStore(Protocol):
    """Storage for the arrays of a world; each is stored as soon as it is built."""

    def put(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Store `array`; return the stored array."""

    def put_pieces(self, name: str, pieces: Iterator[U32]) -> U32:
        """Store one array that is built in pieces; return the stored array."""


class Memory:
    """Keeps the arrays of a world in memory."""

    def put(self, name: str, array: NDArray[Any]) -> NDArray[Any]:  # noqa: ARG002
        """Return `array`."""
        return array

    def put_pieces(self, name: str, pieces: Iterator[U32]) -> U32:  # noqa: ARG002
        """Return all pieces joined to one array."""
        return in_memory(pieces)


def build_world(
    config: SimConfig, n_threads: int | None = None, store: ArrayStore | None = None
) -> World:
    """Build the world of `config`.

    It depends on the population, the network, the number of messengers and the seed alone, not
    on the number of threads (all cores if None). Parts leave for the `store` (memory if None)
    as soon as they are built, so that the next one has the memory.
    """
    store = store or Memory()
    people = Population(**_put(store, "population", draw_users(config, n_threads)))
    rows = build_rows(
        people, config.network, config.seed, n_threads,
        lambda pieces: store.put_pieces("rows.indices", pieces),
    )  # fmt: skip
    rows = Rows(**_put(store, "rows", rows, stored="indices"))
    seats = seat(people, config.population, n_threads)
    return World(people, rows, Seats(**_put(store, "seats", seats)))


def draw_users(config: SimConfig, n_threads: int | None = None) -> Population:
    """Draw the users of the world of `config`."""
    return draw_population(
        config.population, config.case.data / config.population.ages, len(config.messengers),
        config.seed, n_threads,
    )  # fmt: skip


def users_and_graph(config: SimConfig, n_threads: int | None = None) -> tuple[Population, Graph]:
    """Return the users of the world of `config`, and its graph."""
    people = draw_users(config, n_threads)
    return people, build_graph(people, config.network, config.seed, n_threads)


def _put(store: ArrayStore, part: str, arrays: Any, stored: str = "") -> dict[str, NDArray[Any]]:
    """Store the arrays of a part, except `stored`; return all by field."""
    named = {field.name: getattr(arrays, field.name) for field in fields(arrays)}
    return {
        name: array if name == stored else store.put(f"{part}.{name}", array)
        for name, array in named.items()
    }
