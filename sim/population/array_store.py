"""A folder with the arrays of a world: .npy files and a manifest of their checksums."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.arrays import U32
from sim.kernel.checksums import checksums
from sim.population.build import World
from sim.population.chats import Seats
from sim.population.population import Population
from sim.population.rows import Rows

_MANIFEST = "manifest.json"
_PARTS = {"population": Population, "rows": Rows, "seats": Seats}


class DamagedError(Exception):
    """The files of a world differ from its manifest."""


class Folder:
    """Writes the arrays of a world to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Write `array` to a file; return it memory-mapped."""
        path = self._folder / f"{name}.npy"
        np.save(path, array, allow_pickle=False)
        return _mapped(path)

    def put_pieces(self, name: str, pieces: Iterator[U32]) -> U32:
        """Write one array piece by piece; return it memory-mapped."""
        path = self._folder / f"{name}.npy"
        size = 0
        with path.open("wb") as file:
            _write_header(file, 0)  # a placeholder: the header has the same length for every size
            room = file.tell()
            for piece in pieces:
                file.write(memoryview(piece))
                size += piece.size
            file.seek(0)
            _write_header(file, size)
            if file.tell() != room:
                raise AssertionError("the header has grown into the array")
        return _mapped(path)


def _write_header(file: Any, size: int) -> None:
    described = {"descr": "<u4", "fortran_order": False, "shape": (size,)}
    np.lib.format.write_array_header_1_0(file, described)


def _mapped(path: Path) -> NDArray[Any]:
    """Return the memory-mapped array of a file; changes to it stay in this process."""
    return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))


def write_manifest(folder: Path, n_threads: int | None = None) -> None:
    """Write the sizes and checksums of all arrays."""
    described = {
        path.name: {"bytes": path.stat().st_size, "checksum": checksum}
        for path, checksum in checksums(sorted(folder.glob("*.npy")), n_threads).items()
    }
    text = json.dumps(described, indent=1)
    (folder / _MANIFEST).write_text(text, encoding="utf-8")


def read_world(folder: Path, n_threads: int | None = None, check: bool = True) -> World:
    """Return the memory-mapped world of a folder.

    Raises
    ------
    FileNotFoundError
        There is none.
    DamagedError
        A file is missing or has changed; not noticed without `check`.
    """
    manifest = _manifest(folder)
    if check:
        _check(folder, manifest, n_threads)
    try:
        world = {
            part: kind(**{f.name: _mapped(folder / f"{part}.{f.name}.npy") for f in fields(kind)})
            for part, kind in _PARTS.items()
        }
    except ValueError as error:  # no arrays of numbers: who wrote them also wrote the manifest
        raise DamagedError(f"{folder}: {error}") from error
    return World(**world)


def _manifest(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / _MANIFEST
    if folder.is_dir() and not path.is_file():
        raise DamagedError(f"{path} is missing")
    text = path.read_bytes()
    try:
        manifest: dict[str, dict[str, Any]] = json.loads(text)
        expected = {f"{part}.{f.name}.npy" for part, kind in _PARTS.items() for f in fields(kind)}
        if not isinstance(manifest, dict) or set(manifest) != expected:
            raise ValueError
        if not all(isinstance(entry, dict) for entry in manifest.values()):
            raise ValueError
    except ValueError as error:
        raise DamagedError(f"{path} is damaged") from error
    return manifest


def _check(folder: Path, manifest: dict[str, dict[str, Any]], n_threads: int | None) -> None:
    """Compare all files with the manifest, sizes first."""
    paths = [folder / name for name in manifest]
    for path in paths:
        if not path.is_file() or path.stat().st_size != manifest[path.name].get("bytes"):
            raise DamagedError(f"{path} is missing or has another size")
    for path, checksum in checksums(paths, n_threads).items():
        if checksum != manifest[path.name].get("checksum"):
            raise DamagedError(f"{path} has changed")
