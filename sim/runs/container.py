"""A file for a tree of values and arrays: streamed, with a checksum, written atomically.

It holds a line with the file type, a line of JSON (the tree, with numbers in place of arrays),
the arrays one after another in numpy's format (.npy), and a hash of all this. Nothing is
pickled, nothing compressed, and no array is held twice: rows go to the file in pieces, and the
named arrays are read into the memory that they will be used in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError

MAGIC = b"messenger-migration-sim container 1\n"
HASH_SIZE = 20  # bytes
PIECE = 1 << 24  # bytes read at once

Array = np.ndarray[Any, Any]


class _Hashed:
    """A file that is hashed while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.hash = file, hashlib.blake2b(digest_size=HASH_SIZE)

    def write(self, data: bytes) -> None:
        self.hash.update(data)
        self.file.write(data)


def write(path: Path, tree: Any, named: Mapping[str, Array]) -> None:
    """Write `tree` and the `named` arrays to `path`, atomically.

    Parameters
    ----------
    tree
        Numbers, texts, dates, arrays, and lists, tuples, dicts, dataclasses and named tuples of
        them.
    named
        Large arrays, to be read in place.

    Raises
    ------
    TypeError
        If something else stands in the tree.
    """
    arrays: list[Array] = []
    head = {"tree": _plain(tree, arrays), "n_arrays": len(arrays), "named": list(named)}
    with atomic_write(path) as draft, draft.open("wb") as file:
        out = _Hashed(file)
        out.write(MAGIC)
        out.write(json.dumps(head).encode() + b"\n")
        for array in (*arrays, *named.values()):
            npy.write_array(out, np.asarray(array), allow_pickle=False)
        file.write(out.hash.digest())
        file.flush()
        os.fsync(file.fileno())


def check(path: Path) -> None:
    """Read the whole file and compare its hash.

    Raises
    ------
    ConfigError
        If it is damaged or no such file.
    """
    left, digest = path.stat().st_size - HASH_SIZE, hashlib.blake2b(digest_size=HASH_SIZE)
    with path.open("rb") as file:
        known = file.readline(len(MAGIC)) == MAGIC
        file.seek(0)
        while left > 0:
            piece = file.read(min(PIECE, left))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
        if not known or left or file.read() != digest.digest():
            raise ConfigError(f"{path}: damaged, its checksum does not fit what it holds")


def head(path: Path) -> Any:
    """Return the tree of a file without reading its arrays (they appear as numbers)."""
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        return _built(json.loads(file.readline())["tree"], None)


def read(path: Path, named: Mapping[str, Array]) -> Any:
    """Return the tree of a file and fill the `named` arrays; call `check` first.

    Raises
    ------
    ConfigError
        If the file has other arrays than `named`, or of another kind or shape.
    """
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        line = json.loads(file.readline())
        if line["named"] != list(named):
            raise ConfigError(f"{path}: holds {line['named']}, this run has {list(named)}")
        arrays = [npy.read_array(file, allow_pickle=False) for _ in range(line["n_arrays"])]
        for name, array in named.items():
            _fill(file, array, f"{path}: {name}")
    return _built(line["tree"], arrays)


def _fill(file: BufferedReader, array: Array, where: str) -> None:
    """Read the next array of `file` into the memory of `array`."""
    npy.read_magic(file)
    shape, by_columns, dtype = npy.read_array_header_1_0(file)
    found, wanted = (npy.dtype_to_descr(np.dtype(kind)) for kind in (dtype, array.dtype))
    if shape != array.shape or found != wanted:
        raise ConfigError(
            f"{where} is {shape} of {found}, this run's is {array.shape} of {wanted}"
        )
    rows = (array.T if by_columns else array).view(np.ndarray)
    assert rows.flags.c_contiguous, where  # else the view below would be a copy
    file.readinto(rows.reshape(-1).view(np.uint8).data)


def _plain(node: Any, arrays: list[Array]) -> Any:
    """Return `node` in a form for JSON; its arrays are appended to `arrays`."""
    if node is None or isinstance(node, bool | int | float | str):
        return node
    if isinstance(node, np.ndarray | np.generic):
        arrays.append(np.asarray(node))
        return {"array": len(arrays) - 1, "scalar": isinstance(node, np.generic)}
    if isinstance(node, dt.date) and not isinstance(node, dt.datetime):
        return {"date": node.isoformat()}
    if isinstance(node, list):
        return [_plain(part, arrays) for part in node]
    if isinstance(node, dict):
        return {"dict": [[_plain(k, arrays), _plain(v, arrays)] for k, v in node.items()]}
    if dataclasses.is_dataclass(node) or hasattr(node, "_fields"):
        kind = type(node)
        names = getattr(node, "_fields", None) or [f.name for f in dataclasses.fields(node)]
        parts = [_plain(getattr(node, name), arrays) for name in names]
        return {"kind": [kind.__module__, kind.__qualname__], "parts": parts}
    if isinstance(node, tuple):
        return {"tuple": [_plain(part, arrays) for part in node]}
    raise TypeError(f"{type(node).__name__} cannot be kept in a file of arrays")


def _built(node: Any, arrays: list[Array] | None) -> Any:
    """Undo `_plain`; without `arrays`, numbers remain in their place."""
    if isinstance(node, list):
        return [_built(part, arrays) for part in node]
    if not isinstance(node, dict):
        return node
    if "array" in node:
        if arrays is None:
            return node["array"]
        array = arrays[node["array"]]
        return array[()] if node["scalar"] else array
    if "date" in node:
        return dt.date.fromisoformat(node["date"])
    if "dict" in node:
        return {_built(k, arrays): _built(v, arrays) for k, v in node["dict"]}
    if "tuple" in node:
        return tuple(_built(part, arrays) for part in node["tuple"])
    module, name = node["kind"]
    # only a class of ours that is loaded already: a file may not name code to import
    kind = getattr(sys.modules[module], name) if module.startswith("sim.") else None
    assert isinstance(kind, type)
    return kind(*(_built(part, arrays) for part in node["parts"]))
