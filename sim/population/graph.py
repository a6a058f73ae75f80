"""The social graph: every user's ties in one row, strongest first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.base.atomic import atomic_write
from sim.kernel.arrays import F64, I64, U8, U16, U32
from sim.kernel.compiled import jit_loop
from sim.kernel.parallel_map import each, ranges
from sim.population.order import OTHER, order_key, sort_row, tie_rank

_TOGETHER = 65_536  # users whose rows are ordered together
WEIGHT_EXPONENT = 0.9  # few strong ties, many weak ones: r**-0.9 at rank r; assumed


@dataclass(frozen=True)
class Graph:
    """Undirected ties in compressed rows; row i is indices[indptr[i] : indptr[i + 1]].

    A row is ordered by layer, strongest first, and inside a layer by a hash of the pair
    (sim/population/order.py). Weights are not stored: the tie at rank r (from
    1) of a row of degree k has weight r**-0.9 / sum over q <= k of q**-0.9.
    """

    indptr: I64  # (n + 1,)
    indices: U32  # (n_directed,) each tie is in the rows of both ends
    layer_end: U16  # (n, n_layers) ties in layers 0 to l
    layers: tuple[str, ...]

    @classmethod
    def from_ties(
        cls,
        n: int,
        source: NDArray[np.integer[Any]],
        target: NDArray[np.integer[Any]],
        layer: NDArray[np.integer[Any]],
        layers: tuple[str, ...],
        seed_key: np.uint64,
        n_threads: int | None = None,
    ) -> Self:
        """Build rows from undirected ties, in any direction; duplicates are allowed.

        Loops are dropped; a tie in several layers keeps the strongest layer.

        Parameters
        ----------
        n
            Number of users.
        source, target, layer
            Ends and layer (index in `layers`, 0 strongest) of each tie, shape (n_ties,).
        layers
            Names, strongest first.
        seed_key
            Key of the hash that orders the ties of a layer.
        n_threads
            All cores if None; the graph does not depend on it.

        Raises
        ------
        ValueError
            If an end is no user or a layer is none, or a user has more than 65535 ties, doubles
            counted.
        """
        for name, numbers, size in (
            ("source", source, n), ("target", target, n), ("layer", layer, len(layers)),
        ):  # fmt: skip
            if numbers.size and not 0 <= numbers.min() <= numbers.max() < size:
                wrong = numbers.min() if numbers.min() < 0 else numbers.max()
                raise ValueError(f"{name} {wrong}: allowed: 0 to {size - 1}")
        indptr, indices, layer_of = _fill_rows(
            n,
            np.ascontiguousarray(source, dtype=np.uint32),
            np.ascontiguousarray(target, dtype=np.uint32),
            np.ascontiguousarray(layer, dtype=np.uint8),
        )
        if int(np.diff(indptr).max(initial=0)) > np.iinfo(np.uint16).max:
            raise ValueError("a user has more than 65535 ties")
        layer_end = np.zeros((n, len(layers)), dtype=np.uint16)

        def order(some: tuple[int, int]) -> None:
            _order_rows(*some, indptr, indices, layer_of, layer_end, seed_key)

        each(order, ranges(n, _TOGETHER), n_threads)
        _close_gaps(indptr, indices, layer_end)
        return cls(indptr, indices[: indptr[-1]], layer_end, layers)

    @classmethod
    def from_networkx(cls, graph: Any, seed: int = 0) -> Self:
        """Build a graph from the ties of a networkx graph whose nodes are 0 to n-1.

        All ties are in one layer; directions, weights and the layers of `to_networkx` are ignored.

        Raises
        ------
        ValueError
            If the nodes are not 0 to n-1; also as `from_ties`.
        """
        n = graph.number_of_nodes()
        if set(graph) != set(range(n)):
            raise ValueError(
                f"the {n} nodes must be numbered 0 to {n - 1}: "
                "networkx.convert_node_labels_to_integers does that"
            )
        ties = np.array([pair[:2] for pair in graph.edges()], dtype=np.uint32).reshape(-1, 2)
        return cls.from_pairs(n, ties, seed)

    @classmethod
    def from_pairs(cls, n: int, ties: NDArray[np.integer[Any]], seed: int) -> Self:
        """Build a graph of one layer from `ties`, shape (n_ties, 2)."""
        return cls.from_ends(n, ties[:, 0], ties[:, 1], seed)

    @classmethod
    def from_ends(
        cls,
        n: int,
        source: NDArray[np.integer[Any]],
        target: NDArray[np.integer[Any]],
        seed: int,
        n_threads: int | None = None,
    ) -> Self:
        """Build a graph of one layer from both ends of ties, shape (n_ties,)."""
        layer = np.zeros(source.size, dtype=np.uint8)
        return cls.from_ties(n, source, target, layer, ("tie",), order_key(seed), n_threads)

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return self.indptr.size - 1

    def degree(self) -> I64:
        """Return the number of ties, shape (n,)."""
        return np.diff(self.indptr)

    def weights(self) -> F64:
        """Return the weight of each directed tie, shape (n_directed,); each row sums to 1."""
        degree = self.degree()
        rank = np.arange(1, self.indices.size + 1) - np.repeat(self.indptr[:-1], degree)
        by_rank = np.arange(1.0, degree.max(initial=0) + 1.0) ** -WEIGHT_EXPONENT
        total = np.concatenate([[0.0], np.cumsum(by_rank)])
        weights: F64 = by_rank[rank - 1] / np.repeat(total[degree], degree)
        return weights

    def tie_layers(self) -> U8:
        """Return the layer of each directed tie, shape (n_directed,)."""
        in_layer = self.layer_end.astype(np.int64)
        in_layer[:, 1:] -= self.layer_end[:, :-1]
        names = np.tile(np.arange(len(self.layers), dtype=np.uint8), self.n_users)
        return np.repeat(names, in_layer.ravel())

    def ties(self) -> tuple[U32, U32, U8]:
        """Return each undirected tie once: smaller end, larger end, layer, shape (n_ties,)."""
        row = np.repeat(np.arange(self.n_users, dtype=np.uint32), self.degree())
        once = row < self.indices
        return row[once], self.indices[once], self.tie_layers()[once]

    def to_networkx(self) -> Any:
        """Return an undirected networkx graph; edges carry the name of their `layer`."""
        graph = networkx().Graph()
        graph.add_nodes_from(range(self.n_users))
        source, target, layer = (part.tolist() for part in self.ties())
        for a, b, level in zip(source, target, layer, strict=True):
            graph.add_edge(a, b, layer=self.layers[level])
        return graph

    def save(self, path: Path | str) -> None:
        """Write a .npz file; it is written completely or not at all."""
        arrays = vars(self) | {"layers": np.array(self.layers)}
        with atomic_write(Path(path)) as draft, draft.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a graph from a .npz file that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            layers = tuple(str(name) for name in file["layers"])
            return cls(file["indptr"], file["indices"], file["layer_end"], layers)


def networkx() -> Any:
    """Return the networkx library, imported here as it is slow and most runs do not need it."""
    import networkx as library

    return library


@jit_loop
def _fill_rows(n: int, source: U32, target: U32, layer: U8) -> tuple[I64, U32, U8]:
    """Put each tie in the rows of both its ends, by counting; drop loops."""
    indptr = np.zeros(n + 1, dtype=np.int64)
    for tie in range(source.size):
        if source[tie] != target[tie]:
            indptr[np.int64(source[tie]) + 1] += 1
            indptr[np.int64(target[tie]) + 1] += 1
    for user in range(n):
        indptr[user + 1] += indptr[user]
    indices = np.empty(indptr[n], dtype=np.uint32)
    layer_of = np.empty(indptr[n], dtype=np.uint8)
    free = indptr[:n].copy()
    for tie in range(source.size):
        a, b = source[tie], target[tie]
        if a != b:
            indices[free[a]], layer_of[free[a]] = b, layer[tie]
            indices[free[b]], layer_of[free[b]] = a, layer[tie]
            free[a] += 1
            free[b] += 1
    return indptr, indices, layer_of


@jit_loop
def _order_rows(
    first: int,
    last: int,
    indptr: I64,
    indices: U32,
    layer_of: U8,
    layer_end: U16,
    key: np.uint64,
) -> None:
    """Order the rows of the users `first` to `last` - 1 and drop duplicates, in place.

    The kept ties are moved to the beginning of a row; `layer_end` holds their number.
    """
    n = indptr.size - 1
    for user in range(first, last):
        begin, end = int(indptr[user]), int(indptr[user + 1])
        words = np.empty(end - begin, dtype=np.uint64)
        for at in range(begin, end):
            words[at - begin] = (np.uint64(indices[at]) << np.uint64(8)) | np.uint64(layer_of[at])
        sort_row(words)
        kept, last_other = 0, np.int64(n)
        for word in words:
            other, layer = np.int64(word >> np.uint64(8)), np.int64(word & np.uint64(0xFF))
            if other != last_other:  # the strongest layer comes first
                words[kept] = tie_rank(layer, user, other, n, key) | np.uint64(other)
                layer_end[user, layer] += 1
                kept += 1
            last_other = other
        sort_row(words[:kept])
        for k in range(kept):
            indices[begin + k] = words[k] & OTHER
        for level in range(1, layer_end.shape[1]):
            layer_end[user, level] += layer_end[user, level - 1]


@jit_loop
def _close_gaps(indptr: I64, indices: U32, layer_end: U16) -> None:
    """Move the kept ties of each row to the end of the previous row."""
    free = np.int64(0)
    for user in range(indptr.size - 1):
        begin, kept = indptr[user], np.int64(layer_end[user, -1])
        indptr[user] = free
        for k in range(kept):
            indices[free + k] = indices[begin + k]
        free += kept
    indptr[-1] = free
