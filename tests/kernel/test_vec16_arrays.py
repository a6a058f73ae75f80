"""Sixteen numbers side by side: what they read of tables and memory, and write there.

Each test calls a small function that is compiled, or interpreted with NUMBA_DISABLE_JIT=1.
"""

import platform
from pathlib import Path

import numba
import numpy as np
import pytest

from sim.kernel import aligned, vec16
from sim.kernel.compiled import INTERPRETED, jit_loop
from sim.kernel.vec16 import (
    SPAN,
    WIDTH,
    align_stack,
    gather,
    gather_rows,
    load,
    look_up,
    pick,
    pick_of,
    prefetch,
    store,
    transpose,
    unlikely,
)
from tests.kernel.test_vec16 import A, K, N, floats, ints, same

pytestmark = pytest.mark.interpreted

RNG = np.random.default_rng(5)


@jit_loop
def picked(table, at_table, i, found):
    for at in range(0, len(i), WIDTH):
        store(found, at, pick(table, at_table, load(i, at)))


@pytest.mark.parametrize("first", [0, 1, 7, 32, 67])
def test_pick_reads_a_table_of_floats(first):
    table, at = RNG.normal(size=100).astype(np.float32), RNG.integers(0, SPAN, N)
    found = floats()
    picked(table, first, at.astype(np.int32), found)
    same(found, table[first + at])


@pytest.mark.parametrize("first", [0, 1, 7, 32, 224])
def test_pick_reads_a_table_of_whole_numbers(first):
    table, at = RNG.integers(-99, 99, 256).astype(np.int32), RNG.integers(0, SPAN, N)
    found = ints()
    picked(table, first, at.astype(np.int32), found)
    same(found, table[first + at])


@jit_loop
def looked_up(table, at_table, i, found):
    for at in range(0, len(i), WIDTH):
        store(found, at, look_up(table, at_table, load(i, at)))


@pytest.mark.parametrize("first", [0, 1, 7, 32])
def test_look_up_reads_sixteen_floats(first):
    table, at = RNG.normal(size=50).astype(np.float32), RNG.integers(0, WIDTH, N)
    found = floats()
    looked_up(table, first, at.astype(np.int32), found)
    same(found, table[first + at])


@pytest.mark.parametrize(("read", "size"), [(picked, SPAN), (looked_up, WIDTH)])
def test_tables_are_read_at_the_low_bits_alone(read, size):
    table, at = RNG.normal(size=size).astype(np.float32), RNG.integers(-(2**31), 2**31, N)
    found = floats()
    read(table, 0, at.astype(np.int32), found)
    same(found, table[at % size])


@jit_loop
def picked_of(table, at_table, i, size, found):
    for at in range(0, len(i), WIDTH):
        store(found, at, pick_of(table, at_table, load(i, at), size))


@pytest.mark.parametrize("kind", [np.float32, np.int32])
@pytest.mark.parametrize("first", [0, 7])
@pytest.mark.parametrize("size", [1, 31, 32, 33, 64, 100, 256, 690])
def test_pick_of_reads_a_table_of_any_number_of_spans(kind, first, size):
    whole = -(-size // SPAN) * SPAN
    table = RNG.integers(-99, 99, first + whole).astype(kind)
    at = RNG.integers(0, whole, N).astype(np.int32)
    at[:3] = 0, size - 1, whole - 1
    found = np.zeros(N, kind)
    picked_of(table, first, at, size, found)
    same(found, table[first + at])


WORDS = RNG.integers(0, 2**64, 1001, dtype=np.uint64)


def halves(words):
    return (words & np.uint64(2**32 - 1)).astype(np.uint32), (words >> np.uint64(32)).astype(
        np.uint32
    )


@jit_loop
def gathered(words, ids, low, high):
    for at in range(0, len(ids), WIDTH):
        one, other = gather(words, load(ids, at))
        store(low, at, one)
        store(high, at, other)


def test_gather_reads_the_halves_of_words():
    ids = RNG.integers(0, len(WORDS), N).astype(np.uint32)
    ids[:2] = 0, len(WORDS) - 1
    found = ints(), ints()
    gathered(WORDS, ids, *found)
    for mine, expected in zip(found, halves(WORDS[ids]), strict=True):
        assert (mine.view(np.uint32) == expected).all()


@jit_loop
def fetched(words, ids, at):
    prefetch(words, ids, at)


def test_fetching_changes_nothing_wherever_it_points():
    ids, words = np.arange(64, dtype=np.uint32), WORDS.copy()
    for at in (0, 40, 60, 1000):
        fetched(words, ids, at)
    assert (words == WORDS).all()


@jit_loop
def gathered_rows(words, ids, starts, at, low, high):
    one, other = gather_rows(words, ids, starts, at)
    store(low, 0, one)
    store(high, 0, other)


@pytest.mark.parametrize("at", [0, 16, 160, 400, 10**6])
def test_rows_are_gathered_and_the_last_tie_beyond_their_end(at):
    ids = RNG.integers(0, len(WORDS), 333).astype(np.uint32)
    starts = RNG.integers(0, len(ids), WIDTH)
    starts[:2] = 0, len(ids) - 1
    found = ints(WIDTH), ints(WIDTH)
    gathered_rows(WORDS, ids, starts, at, *found)
    chosen = WORDS[ids[np.minimum(starts + at, len(ids) - 1)]]
    for mine, expected in zip(found, halves(chosen), strict=True):
        assert (mine.view(np.uint32) == expected).all()


@jit_loop
def turned(array, at):
    transpose(array, at)


@pytest.mark.parametrize("at", [0, 16, 37])
def test_turning_exchanges_rows_and_columns_and_touches_nothing_else(at):
    given, size = RNG.normal(size=400).astype(np.float32), WIDTH**2
    given[at + 3], given[at + 21] = np.inf, np.nan
    found = given.copy()
    turned(found, at)
    square = given[at : at + size].reshape(WIDTH, WIDTH)
    same(found[at : at + size].reshape(WIDTH, WIDTH), square.T)
    same(np.delete(found, np.s_[at : at + size]), np.delete(given, np.s_[at : at + size]))
    turned(found, at)
    assert found.tobytes() == given.tobytes()


# Memory.


@pytest.mark.parametrize("shape", [1, 17, (3, 5), (2, 16, 7)])
@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.float32, np.float64])
def test_aligned_zeros_begin_with_a_line_of_the_cache(shape, kind):
    kept = [aligned.zeros(shape, kind) for _ in range(20)]
    for array in kept:
        assert array.ctypes.data % aligned.LINE == 0
        same(array, np.zeros(shape, kind))
        assert array.flags.c_contiguous
        assert array.flags.writeable
        array[...] = 1
    assert all((array == 1).all() for array in kept)
    assert aligned.zeros(shape).dtype == np.float64


@jit_loop
def moved(a, i, found, whole):
    align_stack()
    store(found, 3, load(a, 5))
    store(whole, 3, load(i, 5))


def test_load_and_store_need_no_alignment_and_touch_sixteen_numbers():
    found, whole = np.full(40, 7, np.float32), np.full(40, 7, np.int32)
    moved(A, K, found, whole)
    for array, source in ((found, A), (whole, K)):
        assert array[3 : 3 + WIDTH].tobytes() == source[5 : 5 + WIDTH].tobytes()
        assert (np.delete(array, range(3, 3 + WIDTH)) == 7).all()


def test_what_finds_no_register_stands_in_lines_of_the_cache():
    if not INTERPRETED and platform.machine() == "x86_64":
        anew = numba.njit(moved.py_func)  # what comes from the cache on disk cannot be looked at
        anew(A, K, np.zeros(40, np.float32), np.zeros(40, np.int32))
        (assembly,) = anew.inspect_asm().values()
        assert f"andq\t$-{aligned.LINE}, %rsp" in assembly


@jit_loop
def parted(i, found):
    for k in range(len(i)):
        found[k] = -1 if unlikely(i[k] > 3) else i[k]


def test_what_is_seldom_may_hold_or_not():
    i, found = np.arange(8, dtype=np.int32), ints(8)
    parted(i, found)
    same(found, np.where(i > 3, -1, i))


def test_every_operation_of_lanes_is_tested():
    here = Path(__file__).parent
    names = "test_vec16.py", "test_vec16_functions.py", "test_vec16_arrays.py"
    source = "".join((here / name).read_text(encoding="utf-8") for name in names)
    operations = {name for name in vec16.__all__ if name.islower()}
    assert {name for name in operations if f"{name}(" in source} == operations
