"""Ties of toy worlds, set by hand, and ties read back as compressed rows."""

import numpy as np

from sim.engine.state import first_ties, make_ties
from sim.kernel.vec16 import WIDTH
from sim.population.graph import Graph
from sim.population.rows import rows_from


def ties_of(indptr, indices, rank_weight=None, rank_total=None):
    """Return the ties of compressed rows, weights by rank as given or as in every world."""
    n, indices = len(indptr) - 1, np.asarray(indices, np.uint32)
    layer_end = np.diff(indptr).astype(np.uint16)[:, None]
    graph = Graph(np.asarray(indptr, np.int64), indices, layer_end, ("tie",))
    assert indices.max(initial=0) < n
    return weighing(make_ties(rows_from(graph)), rank_weight, rank_total)


def weighing(ties, rank_weight=None, rank_total=None):
    """Return `ties` with other weights by rank, and sums of the first ones, where given."""
    given = {"rank_weight": rank_weight, "rank_total": rank_total}
    arrays = {name: np.array(x, np.float32) for name, x in given.items() if x is not None}
    return ties._replace(**arrays)


def csr(ties):
    """Return the ends of the rows and the contacts, user by user, strongest first."""
    degree = ties.degree.astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(degree)])
    rank = np.arange(indptr[-1]) - np.repeat(indptr[:-1], degree)
    at = np.repeat(first_ties(ties, np.arange(len(degree))), degree) + WIDTH * rank
    return indptr, ties.indices[at]


def equal_ties(rows):
    """Return ties of equal weight in every row; `rows` lists the contacts of each user."""
    indptr = np.cumsum([0, *map(len, rows)])
    longest = max([1, *map(len, rows)])
    contacts = [j for row in rows for j in row]
    return ties_of(indptr, contacts, np.ones(longest), np.arange(longest + 1.0))
