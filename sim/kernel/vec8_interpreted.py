"""Tiles as numpy arrays, for rules that run as plain Python (see sim/kernel/vec8.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kernel.rng import uniform

WIDTH = 8
USED = 6  # lanes that stand for a messenger


def read_tile(array: Any, o: Any) -> Any:
    """Return the numbers of the messengers of tile `o` in a flat array; the last two are 0."""
    found = np.zeros(WIDTH, np.float32)
    found[:USED] = array[USED * o : USED * (o + 1)]
    return found


def write_tile(array: Any, o: Any, vec8: Any) -> None:
    """Write the numbers of the messengers of tile `o` to a flat array.

    Whole numbers of two bytes are the nearest, half to even, cut off at the ends of their type.
    """
    numbers = vec8[:USED]
    if np.issubdtype(array.dtype, np.integer):
        ends = np.iinfo(array.dtype)
        numbers = np.rint(np.clip(numbers, ends.min, ends.max))
    array[USED * o : USED * (o + 1)] = numbers


def add_to(array: Any, at: Any, vec8: Any) -> None:
    """Add eight numbers to those of a flat array of floats from position `at` on."""
    array[at : at + WIDTH] += vec8


def count(array: Any, at: Any, bits: Any) -> None:
    """Add one to those of 64 whole numbers of a flat array, from position `at` on, with a bit."""
    array[at : at + 64] += np.unpackbits(np.array([bits]).view(np.uint8), bitorder="little")


def flags(bits: Any) -> Any:
    """Return the eight lowest bits of a whole number."""
    return (int(bits) >> np.arange(WIDTH) & 1) != 0


def bits_of(held: Any) -> int:
    """Return flags as the bits of a whole number."""
    return int((held << np.arange(WIDTH)).sum())


def bytes_of(word: Any) -> Any:
    """Return the eight bytes of a 64-bit word as numbers, the lowest first."""
    return np.array([word], "<u8").view(np.uint8).astype(np.float32)


def word_of(vec8: Any) -> np.int64:
    """Return whole numbers from 0 to 255, rounded down, as the bytes of a word."""
    return np.int64(sum(int(number) << 8 * lane for lane, number in enumerate(vec8[:USED])))


def words_of(words: Any, o: Any, n_tiles: Any) -> Any:
    """Return the words of tile `o`: a part of a flat array that holds tile after tile."""
    size = len(words) // n_tiles
    return words[size * o : size * (o + 1)]


def fma(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c in single precision."""
    return (np.asarray(a, np.float64) * b + c).astype(np.float32)


def nearest(vec8: Any) -> Any:
    """Return the whole numbers next to numbers, half to even."""
    return np.rint(vec8)


def power_of_two(vec8: Any) -> Any:
    """Return 2 to the power of whole numbers from -126 to 127."""
    return np.ldexp(np.float32(1.0), vec8.astype(np.int32))


def exponents(vec8: Any) -> Any:
    """Return the whole k of positive, normal numbers 2^k m, 1 <= m < 2."""
    return (np.frexp(vec8)[1] - 1).astype(np.float32)


def uniform_draws(key: Any, first: Any) -> Any:
    """Return numbers first, first + 1, ... under `key` (`rng.uniform`), in (0, 1)."""
    whole = [int(uniform(key, first + lane) * 2**23) for lane in range(WIDTH)]
    return ((2 * np.array(whole) + 1) * 2.0**-24).astype(np.float32)


def vec8_of(*numbers: Any) -> Any:
    """Return eight numbers side by side."""
    return np.array(numbers, np.float32)


def where(held: Any, a: Any, b: Any) -> Any:
    """Return `a` where the flags hold, else `b`."""
    return np.where(held, a, b).astype(np.float32)


def splat(number: Any) -> Any:
    """Return eight times the same number."""
    return np.full(WIDTH, number, np.float32)


def total(vec8: Any) -> float:
    """Return the sum of the numbers by messenger, halves added until one is left."""
    found = np.where(np.arange(WIDTH) < USED, vec8, np.float32(0.0))
    while len(found) > 1:
        found = found[: len(found) // 2] + found[len(found) // 2 :]
    return float(found[0])


def number_at(vec8: Any, lane: Any) -> float:
    """Return one of eight numbers."""
    return float(vec8[lane])


def insert_lane(vec8: Any, number: Any) -> Any:
    """Return the numbers by messenger with another one next to them, in place ``USED``."""
    found = vec8.copy()
    found[USED] = number
    return found


def lowest(bits: Any) -> int:
    """Return the place of the lowest bit set in a whole number that is not 0."""
    return (int(bits) & -int(bits)).bit_length() - 1


def largest(vec8: Any) -> float:
    """Return the largest of eight numbers."""
    return float(vec8.max())
