"""Edge lists: text with two whole numbers a line, read in parallel pieces of whole lines."""

from __future__ import annotations

import codecs
from itertools import pairwise
from pathlib import Path

import numpy as np

from sim.base.errors import ConfigError
from sim.kernel.arrays import I64, U8, U32, U64
from sim.kernel.compiled import jit, jit_loop
from sim.kernel.parallel_map import stream

ALLOWED = "a line holds two whole numbers from 0, apart by spaces or a comma; # starts a comment"
PIECE = 1 << 24  # bytes, about
_MOST_DIGITS = 18  # of a number: it fits 64 bits
_SPARSE = 32  # numbers a node; up to this nodes are found by bits, above it by sorting
_SHORTEST = 4  # bytes of a line with a tie and its end
_TAB, _LINE, _RETURN, _SPACE, _HASH, _COMMA, _ZERO, _NINE = b"\t\n\r #,09"
_WORD = 64  # bits


def read_edges(
    path: Path, n_threads: int | None = None, piece: int = PIECE
) -> tuple[U32, U32, int]:
    """Read an edge list.

    Returns
    -------
    source, target
        Ends of the ties, shape (n_ties,); the smallest number in the file is node 0, and so on.
    n_nodes
        Number of different numbers; a line `5 5` is a node alone.

    Raises
    ------
    ConfigError
        If a line is no tie, or there is none; which line, and what is allowed.
    """
    content = _mapped(path)
    begin = len(codecs.BOM_UTF8) if bytes(content[:3]) == codecs.BOM_UTF8 else 0
    cuts = [begin]
    while cuts[-1] < content.size:
        cuts.append(line_end(content, min(cuts[-1] + piece, content.size)))
    pieces: list[tuple[I64, I64]] = []
    for source, target, bad in stream(
        lambda cut: parse_lines(content[: cut[1]], cut[0]), pairwise(cuts), n_threads
    ):
        if bad >= 0:
            raise ConfigError(f"network.path: {path}, {_shown(content, bad)}; {ALLOWED}")
        pieces.append((source, target))
    if not any(source.size for source, _ in pieces):
        raise ConfigError(f"network.path: {path} holds no ties; {ALLOWED}")
    return _numbered(pieces, n_threads)


def _mapped(path: Path) -> U8:
    """Return the bytes of a file; an empty one cannot be mapped."""
    if path.stat().st_size == 0:
        return np.zeros(0, np.uint8)
    return np.asarray(np.memmap(path, np.uint8, mode="c"))


def _shown(content: U8, begin: int) -> str:
    """Return the number and the text of the line that begins at `begin`."""
    number = 1 + sum(
        int((content[at : min(at + PIECE, begin)] == _LINE).sum()) for at in range(0, begin, PIECE)
    )
    line = bytes(content[begin : begin + 4096]).split(b"\n")[0]
    return f"line {number}: {line.decode(errors='replace').strip()[:60]!r}"


@jit_loop
def line_end(content: U8, at: int) -> int:
    """Return the first byte after the line that contains byte `at` - 1."""
    while 0 < at < content.size and content[at - 1] != _LINE:
        at += 1
    return at


@jit_loop
def parse_lines(content: U8, begin: int) -> tuple[I64, I64, int]:
    """Read the lines from `begin` on.

    Returns
    -------
    source, target
        Numbers as they stand there.
    bad
        Where the first line begins that is not allowed, -1 if all are.
    """
    room = (content.size - begin) // _SHORTEST + 1
    source, target = np.empty(room, np.int64), np.empty(room, np.int64)
    n, at = 0, begin
    while at < content.size:
        line = at
        at = _after_blanks(content, at)
        if _is_digit(content, at):
            source[n], at = _whole_number(content, at)
            gap = at
            at = _after_blanks(content, at)
            if _is(content, at, _COMMA):
                at = _after_blanks(content, at + 1)
            if at == gap or not _is_digit(content, at):
                return source[:0], target[:0], line
            target[n], at = _whole_number(content, at)
            if source[n] < 0 or target[n] < 0:
                return source[:0], target[:0], line
            at = _after_blanks(content, at)
            n += 1
        if _is(content, at, _HASH):
            while at < content.size and content[at] != _LINE:
                at += 1
        elif _is(content, at, _RETURN):
            at += 1
        if at < content.size and content[at] != _LINE:
            return source[:0], target[:0], line
        at += 1
    return source[:n].copy(), target[:n].copy(), -1


@jit
def _is(content: U8, at: int, byte: int) -> bool:
    return at < content.size and content[at] == byte


@jit
def _is_digit(content: U8, at: int) -> bool:
    return at < content.size and _ZERO <= content[at] <= _NINE


@jit
def _after_blanks(content: U8, at: int) -> int:
    while _is(content, at, _SPACE) or _is(content, at, _TAB):
        at += 1
    return at


@jit_loop
def _whole_number(content: U8, at: int) -> tuple[int, int]:
    """Return the number at `at`, -1 if it is too long, and where it ends."""
    end, number = min(at + _MOST_DIGITS, content.size), 0
    while at < end and _ZERO <= content[at] <= _NINE:
        number = number * 10 + int(np.int64(content[at])) - _ZERO
        at += 1
    return (-1 if _is_digit(content, at) else number), at


def _numbered(pieces: list[tuple[I64, I64]], n_threads: int | None) -> tuple[U32, U32, int]:
    """Replace nodes by numbers from 0, in their order; empty `pieces`."""
    n_ties = sum(source.size for source, _ in pieces)
    largest = max(int(ends.max(initial=0)) for piece in pieces for ends in piece)
    if largest < _SPARSE * (2 * n_ties + PIECE):
        bits = np.zeros(largest // _WORD + 1, np.uint64)
        for source, target in pieces:
            mark(bits, source)
            mark(bits, target)
        counts = count_bits(bits)
        before = (np.cumsum(counts) - counts).astype(np.uint32)
        n_nodes = int(counts.sum())

        def places(ends: I64) -> U32:
            return ranks(bits, before, ends)
    else:
        nodes = np.unique(np.concatenate([ends for piece in pieces for ends in piece]))
        n_nodes = nodes.size

        def places(ends: I64) -> U32:
            return np.searchsorted(nodes, ends).astype(np.uint32)

    one, two = np.empty(n_ties, np.uint32), np.empty(n_ties, np.uint32)
    taken, at = (pieces.pop(0) for _ in range(len(pieces))), 0
    for a, b in stream(lambda piece: (places(piece[0]), places(piece[1])), taken, n_threads):
        one[at : at + a.size], two[at : at + a.size] = a, b
        at += a.size
    return one, two, n_nodes


@jit_loop
def mark(bits: U64, numbers: I64) -> None:
    """Set the bit of each number."""
    for number in numbers:
        bits[number // _WORD] |= np.uint64(1) << np.uint64(number % _WORD)


@jit_loop
def count_bits(bits: U64) -> I64:
    """Count the bits set in each word."""
    counts = np.empty(bits.size, np.int64)
    for k in range(bits.size):
        counts[k] = _ones(bits[k])
    return counts


@jit_loop
def ranks(bits: U64, before: U32, numbers: I64) -> U32:
    """Return for each number how many smaller bits are set; `before`: those in earlier words."""
    found = np.empty(numbers.size, np.uint32)
    for k in range(numbers.size):
        word = numbers[k] // _WORD
        below = (np.uint64(1) << np.uint64(numbers[k] % _WORD)) - np.uint64(1)
        found[k] = before[word] + _ones(bits[word] & below)
    return found


@jit
def _ones(word: np.uint64) -> int:
    """Count the bits set, pairs of them first, then fours, eights and the sum of all."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    twos = np.uint64(0x3333333333333333)
    word = (word & twos) + ((word >> np.uint64(2)) & twos)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
