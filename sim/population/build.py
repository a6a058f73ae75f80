"""A whole world: users, whom they talk to, and the chats they sit in."""

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
    """Where the arrays of a world are put as soon as they are built."""

    def put(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Keep `array`; return it, or its copy on the shelf."""

    def pour(self, name: str, pieces: Iterator[U32]) -> U32:
        """Keep one array that comes in pieces, and return it."""


class Memory:
    """The shelf of a world that is not saved."""

    def put(self, name: str, array: NDArray[Any]) -> NDArray[Any]:  # noqa: ARG002
        """Return `array`."""
        return array

    def pour(self, name: str, pieces: Iterator[U32]) -> U32:  # noqa: ARG002
        """Return all pieces in one array."""
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
        lambda pieces: store.pour("rows.indices", pieces),
    )  # fmt: skip
    rows = Rows(**_put(store, "rows", rows, poured="indices"))
    seats = seat(people, config.population, n_threads)
    return World(people, rows, Seats(**_put(store, "seats", seats)))


def draw_users(config: SimConfig, n_threads: int | None = None) -> Population:
    """Draw the users of the world of `config`."""
    return draw_population(
        config.population, config.case.data / config.population.ages, len(config.messengers),
        config.seed, n_threads,
    )  # fmt: skip


def users_and_graph(config: SimConfig, n_threads: int | None = None) -> tuple[Population, Graph]:
    """Return the users of the world of `config` and the graph of which it keeps the rows."""
    people = draw_users(config, n_threads)
    return people, build_graph(people, config.network, config.seed, n_threads)


def _put(store: ArrayStore, part: str, arrays: Any, poured: str = "") -> dict[str, NDArray[Any]]:
    """Put the arrays of a part on the shelf, but for one that is there; return them by field."""
    named = {field.name: getattr(arrays, field.name) for field in fields(arrays)}
    return {
        name: array if name == poured else store.put(f"{part}.{name}", array)
        for name, array in named.items()
    }
