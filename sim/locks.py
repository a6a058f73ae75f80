"""Locks on files, that end with the process which holds them."""

from __future__ import annotations

from typing import IO, Any

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
