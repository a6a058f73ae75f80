"""Locks on files, that end with the process which holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sim.errors import ConfigError

try:
    import fcntl
except ImportError:  # no such system: whoever asks has it
    fcntl = None  # type: ignore[assignment]


def locked(file: IO[Any]) -> bool:
    """Lock an open file and say so; False if another process holds it. Closing it lets go."""
    if fcntl is None:
        return True
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
    with (folder / ".lock").open("a") as lock:
        if not locked(lock):
            raise ConfigError(f"{folder}: another process is at {at}")
        yield
