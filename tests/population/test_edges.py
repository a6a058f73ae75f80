"""Edge lists: every line is read as a pattern says, whatever the pieces."""

import re

import numpy as np
import pytest

from sim.base.errors import ConfigError
from sim.population import edges
from sim.population.edges import read_edges

ALLOWED = re.compile(rb"[ \t]*(?:(\d{1,18})(?:[ \t]+|[ \t]*,[ \t]*)(\d{1,18})[ \t]*)?(?:#.*)?\r?")
PARTS = [b"7", b"10", b"123456789012345678", b"1234567890123456789", b" ", b"\t", b",", b"#", b"x"]
PARTS += [b"\r", b"\r\n", b"\n", b"\n", b"0 1\n", b"3,  4\n", b"-", b"\xff", b"5 6 # c\r\n"]


def expected(content):
    """Read an edge list by a pattern: pairs of numbers, or the line that is not allowed."""
    ties = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        match = ALLOWED.fullmatch(line)
        if not match:
            return number, line
        if match[1]:
            ties.append((int(match[1]), int(match[2])))
    return ties


def numbered(ties):
    nodes = sorted({node for tie in ties for node in tie})
    return [(nodes.index(a), nodes.index(b)) for a, b in ties], len(nodes)


def check(path, content, piece):
    path.write_bytes(content)
    found = expected(content)
    if isinstance(found, tuple) or not found:
        with pytest.raises(ConfigError) as caught:
            read_edges(path, 2, piece)
        number, line = found or (0, b"")
        shown = line.decode(errors="replace").strip()[:60]
        says = f"line {number}: {shown!r}; a line holds" if found else "holds no ties"
        assert says in str(caught.value)
        return
    source, target, n_nodes = read_edges(path, 2, piece)
    ties, n = numbered(found)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == ties
    assert n_nodes == n


@pytest.mark.parametrize("seed", range(8))
def test_lines_are_read_and_refused_as_the_pattern_says(tmp_path, seed):
    dice = np.random.default_rng(seed)
    for _ in range(150):
        parts = dice.integers(0, len(PARTS), dice.integers(0, 9))
        content = b"1 2\n" * dice.integers(0, 3) + b"".join(PARTS[k] for k in parts)
        check(tmp_path / "ties.txt", content, piece=int(dice.integers(1, 30)))


@pytest.mark.interpreted
def test_byte_order_mark_commas_comments_and_returns_are_read(tmp_path):
    content = b"\xef\xbb\xbf# made by hand\r\n\n3 , 5\t# tie\r\n  5\t3\n9 9"
    check(tmp_path / "ties.txt", content, piece=8)
    check(tmp_path / "ties.txt", b"1 2\n3\n", piece=8)


@pytest.mark.parametrize("largest", [300, 10**9, 10**18 - 1])
def test_close_and_scattered_numbers_give_sorted_nodes(tmp_path, largest):
    dice = np.random.default_rng(3)
    numbers = dice.integers(0, largest, 400, endpoint=True)
    ties = numbers[dice.integers(0, numbers.size, (5000, 2))]
    ties[0] = 0, largest
    path = tmp_path / "ties.txt"
    path.write_text("\n".join(f"{a} {b}" for a, b in ties), encoding="ascii")
    source, target, n_nodes = read_edges(path, 2, piece=1000)
    nodes, flat = np.unique(ties, return_inverse=True)
    assert n_nodes == nodes.size
    assert (np.column_stack([source, target]) == flat.reshape(-1, 2)).all()


def test_bits_are_counted():
    words = np.array([0, 1, 2**64 - 1, 0x8000000000000001, 0x0F0F], np.uint64)
    assert edges.count_bits(words).tolist() == [0, 1, 64, 2, 8]
