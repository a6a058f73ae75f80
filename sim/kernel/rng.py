"""Every random number of the simulator, addressed instead of drawn in turn.

A random number is a function of (seed, replication, purpose, step, user, slot). Nothing is
shared or advanced: scenarios see common random numbers, and threads, workers and the order of
users cannot change a result.

The first four parts are hashed to a 64-bit key; number ``index`` under a key is output
``index`` of SplitMix64 started at that key (Steele, Lea & Flood 2014,
doi:10.1145/2660193.2660195).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from sim.kernel.arrays import Int
from sim.kernel.compiled import jit, rule

SLOTS = 8  # numbers a user may take under one key, one a platform
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@rule
def _mix(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> np.uint64(30))) * MIX_1
    x = (x ^ (x >> np.uint64(27))) * MIX_2
    return np.uint64(x ^ (x >> np.uint64(31)))


@rule
def uniform(key: np.uint64, index: Int) -> float:
    """Return number `index` under `key`, uniform in [0, 1)."""
    return unit(_mix(key + (np.uint64(index) + np.uint64(1)) * GOLDEN))


@rule
def unit(bits: np.uint64) -> float:
    """Return 64 random bits as a number in [0, 1)."""
    return float(bits >> np.uint64(11)) * _TO_UNIT


@rule
def user_uniform(key: np.uint64, user: Int, slot: Int) -> float:
    """Return the number of `user` for `slot` (a platform, say; below ``SLOTS``) under `key`."""
    return uniform(key, user * SLOTS + slot)


@rule
def random_bits(key: np.uint64, user: Int) -> np.uint64:
    """Return the first eight random bits of `user` in each slot, slot 0 lowest."""
    return _mix(key + (np.uint64(user) + np.uint64(1)) * GOLDEN)


@rule
def first_uniform(bits64: np.uint64, slot: Int) -> float:
    """Return the number of `slot`, rounded down to a multiple of 1/256: it decides most events."""
    return float((bits64 >> np.uint64(SLOTS * slot)) & np.uint64(255)) / 256.0


@rule
def refined_uniform(bits64: np.uint64, key: np.uint64, user: Int, slot: Int) -> float:
    """Return the uniform number of `user` in `slot` in [0, 1), to its last bit."""
    return first_uniform(bits64, slot) + user_uniform(~key, user, slot) / 256.0


@rule
def step_key(base: np.uint64, step: Int) -> np.uint64:
    """Return the key of one step under a purpose's `base` key."""
    return _mix(_mix(base) + (np.uint64(step) + np.uint64(1)) * GOLDEN)


@jit
def fill_uniform(key: np.uint64, first: Int, out: NDArray[np.float64]) -> None:
    """Write numbers first, first + 1, ... under `key` into the one-dimensional array `out`."""
    for index in range(out.shape[0]):
        out[index] = uniform(key, first + index)


def purpose_key(seed: int, replication: int, purpose: str) -> np.uint64:
    """Hash seed, replication and the purpose's name to a key, the same on every machine."""
    text = f"{seed}/{replication}/{purpose}".encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def uniforms(key: np.uint64, size: int, first: int = 0) -> NDArray[np.float64]:
    """Return `size` numbers under `key`, from number `first` on, shape (size,)."""
    out = np.empty(size)
    fill_uniform(key, first, out)
    return out
