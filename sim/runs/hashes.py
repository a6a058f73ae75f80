"""Hashes of what a run left, kept in its manifest: damage is noticed before a number is quoted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sim.base.errors import ConfigError

RESULTS = ("config.yaml", "*.parquet", "*.png", "*.svg", "*.html")  # of a run folder
FILES, OWN = "sha256", "sha256_of_manifest"  # keys of the manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as ``sha256sum`` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each file of results in a run folder, by its name."""
    paths = sorted(path for pattern in RESULTS for path in folder.glob(pattern))
    return {path.name: sha256(path) for path in paths if not path.name.startswith(".")}


def sealed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest with the hash of its own content."""
    entry = {key: value for key, value in entry.items() if key != OWN}
    return entry | {OWN: _own_hash(entry)}


def damage(folder: Path, entry: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with files of a run folder, a line a file.

    Parameters
    ----------
    entry : dict
        Its manifest; one without hashes says nothing about the files.
    names : iterable of str
        Files to look at.
    """
    if OWN in entry and sealed(entry)[OWN] != entry[OWN]:
        yield f"{folder / 'manifest.json'}: changed since the run"
    for name in names:
        path, expected = folder / name, entry.get(FILES, {}).get(name)
        if expected is None:
            continue
        if not path.is_file():
            yield f"{path}: missing"
        elif sha256(path) != expected:
            yield f"{path}: changed since the run (sha256 {expected[:12]}... in the manifest)"


def refuse_damaged(folder: Path, entry: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse to read files that are not as the run left them.

    Raises
    ------
    ConfigError
        Which names each of them.
    """
    if lines := list(damage(folder, entry, names)):
        lines.append("run it again, or restore the folder from a copy")
        raise ConfigError("\n".join(lines))


def _own_hash(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
