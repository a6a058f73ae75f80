"""The order of ties in a row: by layer, strongest first, and inside a layer by a hash of the pair.

Both ends agree on the hash and no number is favoured. A tie is one word: layer (8 bits), hash
(24 bits), the other end (32 bits), so that sorting words orders a row.
"""

from __future__ import annotations

import numpy as np

from sim.kernel import rng
from sim.kernel.arrays import U64, Int
from sim.kernel.compiled import jit_loop

OTHER = np.uint64(0xFFFFFFFF)  # bits of the other end
_SHORT = 64  # up to this length a row is sorted by insertion alone


def order_key(seed: int) -> np.uint64:
    """Return the key of the hash that orders ties inside a layer."""
    return rng.purpose_key(seed, 0, "graph.order")


@jit_loop
def tie_rank(layer: Int, a: Int, b: Int, n: int, key: np.uint64) -> np.uint64:
    """Return the upper half of the word of a tie between `a` and `b` of `n` users."""
    hashed = np.uint64(rng.uniform(key, int(min(a, b) * n + max(a, b))) * 16777216.0)
    return np.uint64(((np.uint64(layer) << np.uint64(24)) | hashed) << np.uint64(32))


@jit_loop
def sort_row(words: U64) -> None:
    """Sort a row's words in place; quick where they are nearly sorted.

    Long rows are first sorted over gaps, by Tokuda's sequence, each 9/4 of the one before (Shell
    1959, doi:10.1145/368370.368387): numba takes most of a second to compile a library's sort.
    """
    gap = 1
    while words.size > _SHORT and gap < words.size // 4:
        gap = gap * 9 // 4 + 1
    while gap > 0:
        for end in range(gap, words.size):
            word, at = words[end], end
            while at >= gap and words[at - gap] > word:
                words[at] = words[at - gap]
                at -= gap
            words[at] = word
        gap = gap * 4 // 9
