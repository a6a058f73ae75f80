"""W as a compiled kernel of this project: its lanes, random numbers and threads.

Sixteen users stand side by side, as in the simulator's talk on ties (sim/rules/choice.py), and
contacts are read in slices (slices.py). Four 8-bit counts share a word; contacts on the fifth
platform are the degree less the others. exp is a polynomial, as good as single precision where it
is used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.bench.gather import gather
from experiments.bench.rows import make_rows
from experiments.bench.slices import GROUP, OF_WORD, Slices, make_slices, pack, unpack
from experiments.bench.work import APPEAL, F64, PLATFORMS, SOCIAL, SWITCHING, U8, U32, Graph
from sim.engine.threads import BLOCK, Threads
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.rng import purpose_key, step_key
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    align_stack,
    bits_of,
    decode,
    fma,
    load,
    look_up,
    rotate,
    splat,
    store,
    uniform_draws,
    where,
    zeros,
)

I32 = NDArray[np.int32]
Above = tuple[Ints, Ints, Ints, Ints]  # is what a user chose above platform 0, 1, 2, 3?
SEED = 3
# One contact on a platform: a one in the platform's byte, nothing for the fifth. As floats, for
# these sixteen are looked up in one register.
_ONE = np.array([1, 1 << 8, 1 << 16, 1 << 24] + [0] * 12, np.uint32).view(np.float32)
_SLOPE = np.float32(256 * SOCIAL)
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
        self.slices = make_slices(make_rows(graph))
        self.n_users = graph.n_users
        self.n_done = 0  # steps
        self._threads = threads
        self._now = pack(self.slices, graph.start)
        self._next = self._now.copy()
        n_blocks = -(-len(self.slices.user) // BLOCK)
        self._above = np.zeros((n_blocks, PLATFORMS - 1, WIDTH), np.int32)
        self._base = purpose_key(SEED, 0, "bench.choice")

    @property
    def platform(self) -> U8:
        """Return where everybody is, shape (n,)."""
        return unpack(self.slices, self._now, self.n_users)

    @property
    def key(self) -> np.uint64:
        """Return the key of the coming step: user i takes number i under it."""
        return np.uint64(step_key(self._base, self.n_done))

    def step(self) -> F64:
        """Let everybody choose; return the share of users on each platform."""
        self._threads.run(
            step_blocks, len(self.slices.user), self.slices, self._now, self._next, self.key,
            self._above.reshape(-1),
        )  # fmt: skip
        self._now, self._next = self._next, self._now
        self.n_done += 1
        at_least = np.concatenate([[self.n_users], self._above.sum((0, 2)), [0]])
        return -np.diff(at_least) / self.n_users


@rule_loop
def step_blocks(
    first: int, last: int, slices: Slices, now: U32, following: U32, key: np.uint64, above: I32
) -> None:
    """Step the lanes of a range of blocks; count by block and lane who is above each platform."""
    align_stack()
    for begin in range(first, last, BLOCK):
        n1 = n2 = n3 = n4 = bits_of(zeros())
        for group in range(begin // GROUP, min(begin + BLOCK, last) // GROUP):
            before, after = load(now, group * WIDTH), bits_of(zeros())
            for k in range(OF_WORD):
                at = group * OF_WORD + k
                user = load(slices.user, at * WIDTH)
                # nobody is above anything
                draw = where(user != -1, uniform_draws(key, user), 0.0)
                p1, p2, p3, p4 = _decide(
                    _count(at, slices, now), load(slices.degree, at * WIDTH),
                    (before >> (4 * k)) & 15, draw,
                )  # fmt: skip
                n1, n2, n3, n4 = n1 + p1, n2 + p2, n3 + p3, n4 + p4
                after = after | rotate(p1 + p2 + p3 + p4, 4 * k)
            store(following, group * WIDTH, after)
        at = begin // BLOCK * (PLATFORMS - 1) * WIDTH
        store(above, at, n1)
        store(above, at + WIDTH, n2)
        store(above, at + 2 * WIDTH, n3)
        store(above, at + 3 * WIDTH, n4)


@rule
def _count(at: int, slices: Slices, now: U32) -> Ints:
    """Count the contacts of a slice's users by platform, four of them."""
    counts = bits_of(zeros())
    for first in range(slices.first[at], slices.first[at + 1], WIDTH):
        place = load(slices.contacts, first)
        counts = counts + bits_of(look_up(_ONE, 0, rotate(gather(now, place >> 5), place)))
    return counts


@rule
def _decide(counts: Ints, degree: Floats, own: Ints, draw: Floats) -> Above:
    """Draw the next platforms by the cumulated weights of a logit."""
    c0, c1 = decode(counts, 0, 8), decode(counts, 8, 8)  # 1 + number / 256
    c2, c3 = decode(counts, 16, 8), decode(counts, 24, 8)
    c4 = degree * (1.0 / 256.0) - (c0 + c1 + c2 + c3 - 5.0)
    slope = splat(_SLOPE) / where(degree > 0.0, degree, 1.0)
    w0 = _pull(c0, slope) * where(own == 0, splat(_S0), splat(_A0))
    w1 = fma(_pull(c1, slope), where(own == 1, splat(_S1), splat(_A1)), w0)
    w2 = fma(_pull(c2, slope), where(own == 2, splat(_S2), splat(_A2)), w1)
    w3 = fma(_pull(c3, slope), where(own == 3, splat(_S3), splat(_A3)), w2)
    w4 = fma(_pull(c4, slope), where(own == 4, splat(_S4), splat(_A4)), w3)
    left = draw * w4
    return _above(left, w0), _above(left, w1), _above(left, w2), _above(left, w3)


@rule
def _pull(seen: Floats, slope: Floats) -> Floats:
    """Return exp(SOCIAL * share) of `seen`, 1 + number / 256; `slope` is 256 * SOCIAL / degree."""
    return _exp(fma(seen, slope, 0.0 - slope))


@rule
def _above(left: Floats, weight: Floats) -> Ints:
    """Return 1 where a platform's cumulated weight leaves some, else 0."""
    return where(left >= weight, 1, bits_of(zeros()))


@rule
def _exp(x: Floats) -> Floats:
    """Return exp(x) for x from 0 to SOCIAL."""
    high = fma(fma(fma(splat(_E7), x, _E6), x, _E5), x, _E4)
    return fma(fma(fma(fma(high, x, _E3), x, _E2), x, _E1), x, _E0)
