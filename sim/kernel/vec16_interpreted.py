"""Lanes as numpy arrays, for rules that run as plain Python (see sim/kernel/vec16.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kernel.rng import uniform

WIDTH = 16
SPAN = 2 * WIDTH  # size of a table for `pick`
_HALF = np.uint64(32)


def load(array: Any, at: Any) -> Any:
    """Return the sixteen numbers of a flat array from position `at` on."""
    return array[at : at + WIDTH].view(np.float32 if array.dtype.kind == "f" else np.int32).copy()


def store(array: Any, at: Any, lanes: Any) -> None:
    """Write sixteen numbers to a flat array from position `at` on."""
    array[at : at + WIDTH] = lanes


def _halves(words: Any) -> tuple[Any, Any]:
    low, high = (half.astype(np.uint32).view(np.int32) for half in (words, words >> _HALF))
    return low, high


def transpose(array: Any, at: Any) -> None:
    """Exchange rows and columns of the sixteen times sixteen numbers from position `at` on."""
    array[at : at + WIDTH**2] = array[at : at + WIDTH**2].reshape(WIDTH, WIDTH).T.ravel()


def gather(words: Any, ids: Any) -> tuple[Any, Any]:
    """Return the low and the high halves of the 64-bit words at positions `ids`."""
    return _halves(words[ids.view(np.uint32)])


def prefetch(words: Any, ids: Any, at: Any) -> None:
    """Bring the words at sixteen ids[at:] near, if there are so many: they will be gathered."""


def gather_rows(words: Any, ids: Any, starts: Any, at: Any) -> tuple[Any, Any]:
    """Return the halves of the words at ids[starts + at], or at the last id beyond the end."""
    return _halves(words[ids[np.minimum(starts + at, len(ids) - 1)]])


def pick(table: Any, at: Any, ints: Any) -> Any:
    """Return table[at + ints mod SPAN]."""
    return table[at + (ints & (SPAN - 1))]


def look_up(table: Any, at: Any, ints: Any) -> Any:
    """Return table[at + ints mod WIDTH], floats."""
    return table[at + (ints & (WIDTH - 1))]


def align_stack() -> None:
    """Do nothing: numpy has no rows that find no register."""


def unlikely(condition: bool) -> bool:
    """Return a condition that seldom holds."""
    return condition


def splat(number: Any) -> Any:
    """Return sixteen times the same number."""
    return np.full(WIDTH, number, np.float32)


def where(mask: Any, a: Any, b: Any) -> Any:
    """Return `a` where the mask holds, else `b`."""
    lanes = next((x for x in (a, b) if isinstance(x, np.ndarray)), np.float32(0))
    return np.where(mask, a, b).astype(lanes.dtype)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of both."""
    return np.maximum(a, b)


def fma(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c in single precision."""
    return (np.asarray(a, np.float64) * b + c).astype(np.float32)


def bits_of(floats: Any) -> Any:
    """Return the bits of floats."""
    return np.asarray(floats, np.float32).view(np.int32)


def floats_of(bits: Any) -> Any:
    """Return the floats that have these bits."""
    return np.asarray(bits, np.int32).view(np.float32)


def exponent(x: Any) -> Any:
    """Return k of positive, normal numbers 2^k m, 1 <= m < 2."""
    return (np.frexp(x)[1] - 1).astype(np.float32)


def rotate(ints: Any, by: Any) -> Any:
    """Return the bits of each lane rotated to the left."""
    bits = np.asarray(ints, np.int32).view(np.uint32).astype(np.uint64)
    turned = (bits << np.uint64(by)) | (bits >> np.uint64(32 - by))
    return turned.astype(np.uint32).view(np.int32)


def uniform_draws(key: Any, ids: Any) -> Any:
    """Return numbers `ids` under `key` (sim/kernel/rng.py, `uniform`), rounded down to 24 bits."""
    bits = np.floor([uniform(key, i) * 2.0**24 for i in ids.view(np.uint32)])
    return bits.astype(np.float32) * np.float32(2.0**-24)


def number_at(lanes: Any, lane: Any) -> Any:
    """Return one of sixteen numbers, whole ones from 0 to below 2^32."""
    return lanes[lane] if lanes.dtype.kind == "f" else int(lanes[lane]) & 0xFFFFFFFF


def zeros() -> Any:
    """Return sixteen zeros."""
    return np.zeros(WIDTH, np.float32)


def any_bits(ints: Any) -> int:
    """Return the bits that are set in any lane."""
    return int(np.bitwise_or.reduce(ints))
