"""Checksums: any change of a file is noticed."""

import numpy as np
import pytest

from sim.kernel import checksums as module
from sim.kernel.checksums import checksums, digest


def checksum(path, content):
    path.write_bytes(content)
    return checksums([path])[path]


@pytest.mark.parametrize("size", [1, 31, 32, 33, 100])
def test_a_flip_of_any_bit_and_another_length_are_noticed(tmp_path, size):
    path, content = tmp_path / "array", bytes(range(size))
    seen = {checksum(path, content), checksum(path, content + b"\0"), checksum(path, content[:-1])}
    for k in range(size):
        changed = bytearray(content)
        changed[k] ^= 1 << k % 8
        seen.add(checksum(path, bytes(changed)))
    assert len(seen) == size + 3
    assert checksum(path, content) in seen


def test_blocks_have_their_places(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 64)
    path = tmp_path / "array"
    blocks = [np.full(64, k, np.uint8).tobytes() for k in range(4)]
    one, two = b"".join(blocks), b"".join(blocks[::-1])
    assert checksum(path, one) != checksum(path, two)
    path.write_bytes(one)
    assert all(checksums([path], n) == checksums([path], 1) for n in (2, 3))


PADDED = np.dtype([("a", "u1"), ("b", "f8", (2,))], align=True)


def test_a_change_of_any_value_of_arrays_is_noticed_and_padding_is_none():
    rows = np.zeros(100, PADDED)
    number, seen = np.float32(2.0), {digest([]), digest([rows[:99]])}
    seen |= {digest([rows, number]), digest([number, rows]), digest([rows])}
    for k in range(0, 100, 7):
        changed = rows.copy()
        changed["a" if k % 2 else "b"][k] = 1
        seen.add(digest([changed]))
    assert len(seen) == 5 + 15
    dirty = np.full(100 * PADDED.itemsize, 255, np.uint8).view(PADDED)
    for name in PADDED.names:
        dirty[name] = rows[name]
    assert dirty.tobytes() != rows.tobytes()
    assert digest([dirty]) == digest([rows])


def test_arrays_are_read_in_pieces_by_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 64)
    rows = np.arange(1000.0)
    assert len({digest([rows], n) for n in (1, 2, 3)}) == 1
    swapped = np.concatenate([rows[64:128], rows[:64], rows[128:]])
    assert digest([swapped]) != digest([rows])
