"""A file of values and arrays gives back what was put in, and nothing half-written stays."""

import datetime as dt
import hashlib
import json
import math

import numpy as np
import pytest
from numpy.lib import recfunctions

from sim.base.errors import ConfigError
from sim.measures.series import Flow, Observations
from sim.rules.records import USER, records
from sim.runs import container

RECORD = np.dtype([("a", "u1"), ("b", "f8", (2,)), ("c", "i2")], align=True)


def tree():
    flow = Flow(dt.date(2025, 6, 2), dt.date(2025, 7, 1), np.eye(2))
    return {
        "numbers": [1, -2.5, 1e-300, 0.1 + 0.2, math.inf, True, None],
        "texts": ("один", "two"),
        "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float32(0.1),
        "seen": Observations([np.ones((2, 2))], [(dt.date(2025, 6, 1), np.zeros(3))], [flow]),
        3: [],
    }


def test_a_tree_comes_back_as_it_was(tmp_path):
    path = tmp_path / "file"
    container.write(path, tree(), {})
    container.check(path)
    back, was = container.read(path, {}), tree()
    for name in ("numbers", "texts", 3):
        assert back[name] == was[name]
        assert type(back[name]) is type(was[name])
    assert back["array"].tobytes() == was["array"].tobytes()
    assert type(back["scalar"]) is np.float32
    assert back["scalar"] == was["scalar"]
    assert isinstance(back["seen"], Observations)
    assert back["seen"].months[0][0] == dt.date(2025, 6, 1)
    assert isinstance(back["seen"].flows[0], Flow)
    assert np.array_equal(back["seen"].flows[0].table, np.eye(2))


def test_nan_comes_back(tmp_path):
    container.write(tmp_path / "file", [math.nan], {})
    assert math.isnan(container.read(tmp_path / "file", {})[0])


def test_the_tree_can_be_read_without_its_arrays(tmp_path):
    container.write(tmp_path / "file", {"n": 5, "array": np.zeros(9)}, {})
    assert container.head(tmp_path / "file")["n"] == 5


ARRAYS = {
    "bytes": np.arange(200_000, dtype=np.uint8),
    "rows": np.arange(12.0).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "empty": np.zeros((0, 4)),
    "users": records(USER, 7),
    "padded": np.zeros(5, RECORD),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_named_arrays_are_read_into_the_memory_they_are_used_in(tmp_path, name):
    array = ARRAYS[name].copy(order="K")
    if array.dtype.names:
        array[array.dtype.names[0]] = np.arange(len(array))
    container.write(tmp_path / "file", None, {name: array})
    target = np.zeros_like(array)
    memory = target.__array_interface__["data"]
    container.read(tmp_path / "file", {name: target})
    assert target.__array_interface__["data"] == memory
    if array.dtype.names:
        target, array = (recfunctions.structured_to_unstructured(a) for a in (target, array))
    assert np.array_equal(target, array)


@pytest.mark.parametrize(
    "other", [{"b": np.zeros(3)}, {"a": np.zeros(4)}, {"a": np.zeros(3, int)}, {}], ids=str
)
def test_other_arrays_than_were_written_are_refused(tmp_path, other):
    container.write(tmp_path / "file", None, {"a": np.zeros(3)})
    with pytest.raises(ConfigError, match="this run"):
        container.read(tmp_path / "file", other)


@pytest.mark.parametrize("node", [object(), {1, 2}, dt.datetime(2025, 1, 1), b"x"])  # noqa: DTZ001
def test_what_cannot_be_kept_is_refused_before_a_file_is_made(tmp_path, node):
    with pytest.raises(TypeError, match=type(node).__name__):
        container.write(tmp_path / "file", [node], {})
    assert not list(tmp_path.iterdir())


def test_a_write_that_breaks_leaves_the_file_of_before_and_no_draft(tmp_path, monkeypatch):
    path = tmp_path / "file"
    container.write(path, "before", {})
    monkeypatch.setattr("os.fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        container.write(path, "after", {"a": np.zeros(9)})
    assert container.read(path, {}) == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("at", [0, 40, 60, 200, -1])
def test_one_changed_byte_is_noticed(tmp_path, at):
    path = tmp_path / "file"
    container.write(path, {"a": 1}, {"b": np.zeros(99)})
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="damaged"):
        container.check(path)


def file_of(path, magic, head):
    """Write a file without arrays, as somebody might make it by hand: its hash is right."""
    data = magic + json.dumps(head).encode() + b"\n"
    digest = hashlib.blake2b(data, digest_size=container.HASH_SIZE).digest()
    path.write_bytes(data + digest)
    return path


def test_a_whole_file_of_another_format_is_refused(tmp_path):
    head = {"tree": 1, "n_arrays": 0, "named": []}
    container.check(file_of(tmp_path / "ours", container.MAGIC, head))
    other = file_of(tmp_path / "other", container.MAGIC.replace(b"1", b"2"), head)
    with pytest.raises(ConfigError, match="damaged"):
        container.check(other)


def test_a_file_names_no_code_to_run(tmp_path):
    called = {
        "kind": ["pathlib", "Path"],
        "parts": ["here"],
    }  # loaded already, and no class of ours
    path = file_of(tmp_path / "f", container.MAGIC, {"tree": called, "n_arrays": 0, "named": []})
    container.check(path)
    with pytest.raises(AssertionError):
        container.read(path, {})


def test_named_arrays_come_in_the_order_in_which_they_were_written(tmp_path):
    """Two of a kind and shape would else change places, unnoticed."""
    one, two = np.zeros(3), np.ones(3)
    container.write(tmp_path / "file", None, {"one": one, "two": two})
    with pytest.raises(ConfigError, match="this run has"):
        container.read(tmp_path / "file", {"two": two, "one": one})
