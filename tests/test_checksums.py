"""Claims about checksums: any change of a file is noticed."""

import numpy as np
import pytest

from sim.world import checksums as module
from sim.world.checksums import checksums


def checksum(path, content):
    path.write_bytes(content)
    return checksums([path])[path]


@pytest.mark.interpreted
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
