"""Locks on files, that end with the process which holds them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sim.base.errors import ConfigError


def locked(file: IO[Any]) -> bool:
    """Lock an open file and say so; False if another process holds it. Closing it lets go."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def alone(folder: Path, at: str) -> Iterator[None]:
    """Keep other processes from a folder that exists; `at` tells what they would do there.

    Raises
    ------
    ConfigError
        If one is there.
    """
    path = folder / ".lock"
    with path.open("a") as lock:
        if not (locked(lock) and _stands(path, lock)):
            raise ConfigError(f"{folder}: another process is at {at}")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _stands(path: Path, file: IO[Any]) -> bool:
    """Say whether others will find this file there: who ends takes it away."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
