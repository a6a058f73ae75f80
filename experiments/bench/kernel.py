"""W as a compiled kernel of this project: its compiler settings, random numbers and threads.

A user's state is one byte, 8 * platform: the shift that moves a one to the platform's field in a
32-bit word of four 8-bit counts. The fifth platform's one is shifted out of the word; its count
is the degree less the others. exp is a polynomial, as good as single precision where it is used:
a call of the mathematical library, or a table, would keep the loop over users from vectorising.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.bench.layout import Tiles, make_tiles
from experiments.bench.work import APPEAL, F64, I64, PLATFORMS, SOCIAL, SWITCHING, U8, U32, Graph
from sim.compiled import jit, jit_loop
from sim.rng import purpose_key, step_key, uniform
from sim.threads import BLOCK, Threads

F32 = NDArray[np.float32]
SEED = 3
# Typed constants: a signed index would be tested for being negative at each access.
_1, _2, _3, _4 = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_HALF = np.uint64(16)
_USER = np.uint64(0xFFFF)
_COUNT = np.uint32(0xFF)
_0, _8, _16, _24, _32 = (np.uint32(8 * p) for p in range(PLATFORMS))
_SOCIAL = np.float32(SOCIAL)
# Weight of each platform for who uses another one, and for who uses it.
_A0, _A1, _A2, _A3, _A4 = np.exp(np.array(APPEAL) - SWITCHING).astype(np.float32)
_S0, _S1, _S2, _S3, _S4 = np.exp(np.array(APPEAL)).astype(np.float32)
_CURVE = np.polynomial.Chebyshev.interpolate(np.exp, 7, [0.0, SOCIAL])
_E0, _E1, _E2, _E3, _E4, _E5, _E6, _E7 = _CURVE.convert(kind=np.polynomial.Polynomial).coef.astype(
    np.float32
)


class Kernel:
    """All users, stepped by compiled code on several threads.

    Parameters
    ----------
    graph : Graph
    threads : Threads
    """

    def __init__(self, graph: Graph, threads: Threads) -> None:
        self.tiles = make_tiles(graph)
        self.n_done = 0  # steps
        self._threads = threads
        self._shift = graph.start * np.uint8(8)
        self._next = np.empty_like(self._shift)
        self._above = np.zeros((self.tiles.n_bands, PLATFORMS - 1), np.int64)
        self._base = purpose_key(SEED, 0, "bench.choice")

    @property
    def platform(self) -> U8:
        """Return where everybody is, shape (n,)."""
        return self._shift >> np.uint8(3)

    @property
    def key(self) -> np.uint64:
        """Return the key of the coming step: user i takes number i under it."""
        return np.uint64(step_key(self._base, self.n_done))

    def step(self) -> F64:
        """Let everybody choose; return the share of users on each platform."""
        # Threads cuts at whole blocks: a band stands for one
        self._threads.run(
            step_bands, self.tiles.n_bands * BLOCK, self.tiles, self._shift, self._next,
            self.key, self._above,
        )  # fmt: skip
        self._shift, self._next = self._next, self._shift
        self.n_done += 1
        n = len(self._shift)
        at_least = np.concatenate([[n], self._above.sum(0), [0]])
        return -np.diff(at_least) / n


@jit_loop
def step_bands(
    first: int, last: int, tiles: Tiles, shift: U8, following: U8, key: np.uint64, above: I64
) -> None:  # fmt: skip
    """Step the users of a range of bands, given in blocks; count who is above each platform."""
    counts = np.empty(tiles.height, np.uint32)
    draws = np.empty(tiles.height, np.float32)
    for band in range(first // BLOCK, last // BLOCK):
        begin = band * tiles.height
        end = min(begin + tiles.height, len(shift))
        counts[:] = np.uint32(0)
        _count(band, tiles, shift, counts)
        for k in range(end - begin):  # a loop of its own, which vectorises
            draws[k] = np.float32(uniform(key, begin + k))
        _decide(
            counts, draws, tiles.degree[begin:end], shift[begin:end], following[begin:end],
            above[band],
        )  # fmt: skip


@jit
def _count(band: int, tiles: Tiles, shift: U8, counts: U32) -> None:
    """Count the contacts of a band's users by platform, four ties at a time."""
    for group in range(tiles.n_groups):
        tile = band * tiles.n_groups + group
        ties, seen = tiles.ties, shift[group * tiles.width :]
        at, end = np.uint64(tiles.first[tile]), np.uint64(tiles.first[tile + 1])
        while at + _3 < end:
            a, b = np.uint64(ties[at]), np.uint64(ties[at + _1])
            c, d = np.uint64(ties[at + _2]), np.uint64(ties[at + _3])
            # all four read before any is written: stores could change what is read
            one_a, one_b = _1 << np.uint64(seen[a >> _HALF]), _1 << np.uint64(seen[b >> _HALF])
            one_c, one_d = _1 << np.uint64(seen[c >> _HALF]), _1 << np.uint64(seen[d >> _HALF])
            counts[a & _USER] += np.uint32(one_a)
            counts[b & _USER] += np.uint32(one_b)
            counts[c & _USER] += np.uint32(one_c)
            counts[d & _USER] += np.uint32(one_d)
            at += _4
        while at < end:
            a = np.uint64(ties[at])
            counts[a & _USER] += np.uint32(_1 << np.uint64(seen[a >> _HALF]))
            at += _1


@jit
def _decide(counts: U32, draws: F32, degree: U8, shift: U8, following: U8, above: I64) -> None:
    """Draw the next platforms of a band's users by the cumulated weights of a logit."""
    n1, n2, n3, n4 = np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)
    for i in range(len(shift)):
        d, c, own = np.uint32(degree[i]), counts[i], np.uint32(shift[i])
        slope = _SOCIAL / _single(max(d, np.uint32(1)))
        c0, c1, c2, c3 = c & _COUNT, (c >> _8) & _COUNT, (c >> _16) & _COUNT, c >> _24
        w0 = _exp(slope * _single(c0)) * (_S0 if own == _0 else _A0)
        w1 = w0 + _exp(slope * _single(c1)) * (_S1 if own == _8 else _A1)
        w2 = w1 + _exp(slope * _single(c2)) * (_S2 if own == _16 else _A2)
        w3 = w2 + _exp(slope * _single(c3)) * (_S3 if own == _24 else _A3)
        w4 = w3 + _exp(slope * _single(d - c0 - c1 - c2 - c3)) * (_S4 if own == _32 else _A4)
        left = draws[i] * w4
        p1, p2 = np.uint32(left >= w0), np.uint32(left >= w1)
        p3, p4 = np.uint32(left >= w2), np.uint32(left >= w3)
        following[i] = np.uint8((p1 + p2 + p3 + p4) << np.uint32(3))
        n1 += p1
        n2 += p2
        n3 += p3
        n4 += p4
    above[0], above[1], above[2], above[3] = n1, n2, n3, n4


@jit
def _single(count: np.uint32) -> np.float32:
    """Return a count in single precision; processors convert signed integers faster."""
    return np.float32(np.int32(count))


@jit
def _exp(x: np.float32) -> np.float32:
    """Return exp(x) for x from 0 to SOCIAL."""
    high = _E4 + x * (_E5 + x * (_E6 + x * _E7))
    return np.float32(_E0 + x * (_E1 + x * (_E2 + x * (_E3 + x * high))))
