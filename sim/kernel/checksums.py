"""Checksums of files and arrays, fast enough for many gigabytes: pieces on several threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sim.kernel.arrays import U8, U64
from sim.kernel.compiled import jit_loop
from sim.kernel.pool import ranges, stream

_BLOCK = 1 << 24  # bytes
_ROWS = 1 << 16  # of an array
_LANES = 4  # of independent products, so that the processor need not wait for one
Array = np.ndarray[Any, Any]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd: a product loses nothing


def checksums(paths: Iterable[Path], n_threads: int | None = None) -> dict[Path, str]:
    """Return a checksum of each file's content; for noticing damage, not against forgery."""
    blocks = [
        (path, begin, end)
        for path in paths
        for begin, end in ranges(max(1, path.stat().st_size), _BLOCK)
    ]
    digests: dict[Path, hashlib.blake2b] = {}
    for (path, _, end), word in zip(blocks, stream(_of_block, blocks, n_threads), strict=True):
        digest = digests.setdefault(path, hashlib.blake2b(digest_size=16))
        digest.update(f"{end} {word}\n".encode())
    return {path: digest.hexdigest() for path, digest in digests.items()}


def _of_block(block: tuple[Path, int, int]) -> int:
    path, begin, end = block
    content = np.fromfile(path, np.uint8, end - begin, offset=begin)
    return _mixed(content, np.uint64(content.size))


def digest(arrays: Iterable[Array], n_threads: int | None = None) -> str:
    """Return a checksum of the values of arrays; bytes between fields of records do not count."""
    plain = [np.atleast_1d(array).view(np.ndarray) for array in arrays]
    pieces = ((array, *rows) for array in plain for rows in ranges(len(array), _ROWS))
    found = hashlib.blake2b(digest_size=10)
    for word in stream(_of_rows, pieces, n_threads):
        found.update(word.to_bytes(8, "little"))
    return found.hexdigest()


def _of_rows(piece: tuple[Array, int, int]) -> int:
    array, first, last = piece
    rows, mixed = array[first:last], last - first
    for column in [rows[name] for name in rows.dtype.names or ()] or [rows]:
        mixed = _mixed(np.ascontiguousarray(column).reshape(-1).view(np.uint8), np.uint64(mixed))
    return mixed


def _mixed(content: U8, seed: np.uint64) -> int:
    whole = content.size // (8 * _LANES) * 8 * _LANES
    rest = np.zeros(8 * _LANES, np.uint8)
    rest[: content.size - whole] = content[whole:]
    mixed = mix_words(content[:whole].view(np.uint64), seed)
    return int(mix_words(rest.view(np.uint64), np.uint64(mixed)))


@jit_loop
def mix_words(words: U64, seed: np.uint64) -> np.uint64:
    """Return a hash of `words`, whole lanes: every bit of each changes it."""
    a, b, c, d = seed, seed + np.uint64(1), seed + np.uint64(2), seed + np.uint64(3)
    for k in range(0, words.size, _LANES):
        a = (a ^ words[k]) * _MULTIPLIER
        b = (b ^ words[k + 1]) * _MULTIPLIER
        c = (c ^ words[k + 2]) * _MULTIPLIER
        d = (d ^ words[k + 3]) * _MULTIPLIER
        # a product carries upwards only: the upper half comes down again
        a ^= a >> np.uint64(32)
        b ^= b >> np.uint64(32)
        c ^= c >> np.uint64(32)
        d ^= d >> np.uint64(32)
    mixed = seed
    for lane in (a, b, c, d):  # one after another: the same change in two lanes cannot cancel
        mixed = (mixed ^ lane) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return np.uint64(mixed)
