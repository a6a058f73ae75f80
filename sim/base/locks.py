"""File locks; they are released when the process that holds them ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sim.base.errors import ConfigError


def locked(file: IO[Any]) -> bool:
    """Try to lock an open file; return False if another process holds it. Closing it unlocks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusive_lock(folder: Path, at: str) -> Iterator[None]:
    """Lock an existing folder; `at` says in the error what the other process is doing.

    Raises
    ------
    ConfigError
        If another process holds the lock.
    """
    path = folder / ".lock"
    with path.open("a") as lock:
        if not (locked(lock) and _is_current(path, lock)):
            raise ConfigError(f"{folder}: another process is at {at}")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _is_current(path: Path, file: IO[Any]) -> bool:
    """Return whether `path` still leads to `file`: its holder deletes it at its end."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
