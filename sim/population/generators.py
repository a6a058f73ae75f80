"""The layered affiliation graph: households, kin, school or work, circles of friends, weak ties.

The recipe and the observed networks it was checked against are in docs/model.md, 3. Groups stay
inside a district; only weak ties cross the country. Chunks of users are processed one by one, each
with all districts it touches: a chunk needs nothing of another but the weak ties, which are
paired before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.config.settings import LayeredNetwork
from sim.kernel.arrays import I64, U8, U16, U32, U64
from sim.kernel.compiled import jit_loop
from sim.kernel.parallel_map import ranges, stream
from sim.population.affiliations import district_ties
from sim.population.districts import district_starts
from sim.population.graph import Graph
from sim.population.order import OTHER, sort_row, tie_rank
from sim.population.population import Population
from sim.population.recipe import LAYERS, Recipe, make_recipe
from sim.population.rows import CHUNK, Rows, Slices, Store, in_memory, join_slices, lay_out
from sim.population.weak import WeakTies, pair_stubs

_WEAK = len(LAYERS) - 1
_ROOM = 24  # initial buffer size [ties a user]

Chunk = tuple[I64, U32, U16]  # indptr, indices, layer_end of a Graph, of some users


def layered(
    population: Population, config: LayeredNetwork, seed: int, n_threads: int | None = None
) -> Graph:
    """Build the graph; a function of population, config and seed alone."""
    n, rows = population.n_users, _rows_by_chunk(population, config, seed, n_threads)
    chunks = list(stream(rows, ranges(n, CHUNK), n_threads))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(c[0]) for c in chunks]))])
    indices, layer_end = np.empty(indptr[-1], np.uint32), np.empty((n, len(LAYERS)), np.uint16)
    for first, last in reversed(ranges(n, CHUNK)):
        _, indices[indptr[first] : indptr[last]], layer_end[first:last] = chunks.pop()
    return Graph(indptr, indices, layer_end, LAYERS)


def layered_rows(
    population: Population,
    config: LayeredNetwork,
    seed: int,
    n_threads: int | None = None,
    store: Store = in_memory,
) -> Rows:
    """Build the rows of the same graph, chunk by chunk; the whole graph is never in memory."""
    n, rows = population.n_users, _rows_by_chunk(population, config, seed, n_threads)

    def slices(chunk: tuple[int, int]) -> Slices:
        indptr, indices, _ = rows(chunk)
        return lay_out(chunk[0], indptr, indices, n)

    return join_slices(n, stream(slices, ranges(n, CHUNK), n_threads), store)


def _rows_by_chunk(
    population: Population, config: LayeredNetwork, seed: int, n_threads: int | None
) -> Callable[[tuple[int, int]], Chunk]:
    """Pair the weak ties; return what builds the rows of a chunk of users."""
    age, recipe = population.age, make_recipe(population, config, seed)
    starts = district_starts(population.region)
    weak = pair_stubs(age, recipe, n_threads)

    def rows(chunk: tuple[int, int]) -> Chunk:
        district = int(np.searchsorted(starts, chunk[0], side="right")) - 1
        return chunk_rows(*chunk, district, starts, age, recipe, weak)

    return rows


@jit_loop
def chunk_rows(
    first: int, last: int, district: int, starts: I64, age: U8, recipe: Recipe, weak: WeakTies
) -> Chunk:
    """Return the rows of the users `first` to `last` - 1, a chunk; `district` is the first's."""
    chunk = first // CHUNK
    stub, place = int(weak.start[chunk]), weak.place[chunk].copy()
    indptr = np.zeros(last - first + 1, np.int64)
    indices = np.empty(_ROOM * (last - first), np.uint32)
    layer_end = np.zeros((last - first, len(LAYERS)), np.uint16)
    while district < starts.size - 1 and starts[district] < last:
        begin, end = int(starts[district]), int(starts[district + 1])
        low, high = max(first, begin), min(last, end)
        ties = district_ties(district, begin, end, age, recipe)
        row, words, stub = _words(begin, low, high, stub, place, ties, age.size, recipe, weak)
        while indices.size < indptr[low - first] + words.size:
            indices = np.concatenate((indices, np.empty_like(indices)))
        seen = np.zeros(end - begin, np.uint32)
        for user in range(low, high):
            at = user - first
            sort_row(words[row[user - low] : row[user - low + 1]])
            indptr[at + 1] = indptr[at] + _keep(
                words[row[user - low] : row[user - low + 1]], begin, user - begin + 1, seen,
                indices[indptr[at] :], layer_end[at],
            )  # fmt: skip
        district += 1
    return indptr, indices[: indptr[last - first]].copy(), layer_end


@jit_loop
def _words(
    begin: int, low: int, high: int, stub: int, place: I64, ties: tuple[U32, U32, I64], n: int,
    recipe: Recipe, weak: WeakTies,
) -> tuple[I64, U64, int]:  # fmt: skip
    """Return the words of all ties (sim/population/order.py), row by row, each ordered by layer.

    Parameters
    ----------
    begin
        First user of the district.
    low, high
        Users whose ties are written.
    stub, place
        First stub of `low`, and how far the months of the chunk are used up (changed).
    """
    source, target, end = ties
    row = np.zeros(high - low + 1, np.int64)
    for t in range(end[-1]):
        for other in (source[t], target[t]):
            if low <= begin + np.int64(other) < high:
                row[begin + np.int64(other) - low + 1] += 1
    for k in range(high - low):
        row[k + 1] += row[k] + weak.stubs[low + k]
    words, free = np.empty(row[-1], np.uint64), row[:-1].copy()
    layer = np.int64(0)
    for t in range(end[-1]):
        while t >= end[layer]:
            layer += 1
        a, b = begin + np.int64(source[t]), begin + np.int64(target[t])
        rank = tie_rank(layer, a, b, n, recipe.order_key)
        if low <= a < high:
            words[free[a - low]] = rank | np.uint64(b)
            free[a - low] += 1
        if low <= b < high:
            words[free[b - low]] = rank | np.uint64(a)
            free[b - low] += 1
    layer = np.int64(_WEAK)
    for user in range(low, high):
        for at in range(free[user - low], row[user - low + 1]):
            month = weak.month[stub]
            friend = np.int64(weak.partner[place[month]])
            words[at] = tie_rank(layer, user, friend, n, recipe.order_key) | np.uint64(friend)
            place[month] += 1
            stub += 1
    return row, words, stub


@jit_loop
def _keep(words: U64, begin: int, own: int, seen: U32, indices: U32, layer_end: U16) -> int:
    """Write a row's ties without loops and duplicates; return how many.

    Parameters
    ----------
    words
        Of the row, sorted: a pair that comes twice in a layer stands next to itself.
    begin, own
        First user of the district, and 1 + the row's user counted from there.
    seen
        By user of the district: `own` of the last row in which it stood.
    """
    kept, last = 0, np.uint64(0)
    for word in words:
        other = np.int64(word & OTHER)
        inside = other - begin
        if 0 <= inside < seen.size:
            fresh = inside + 1 != own and seen[inside] != own
            seen[inside] = own
        else:
            fresh = word != last
        if fresh:
            indices[kept] = other
            kept += 1
            layer_end[np.int64(word >> np.uint64(56))] += 1
        last = word
    for level in range(1, layer_end.size):
        layer_end[level] += layer_end[level - 1]
    return kept
