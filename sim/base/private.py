"""Folders that nobody else can write: what is read from them may be trusted."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOM = 40 * 2**20  # that all rules take when they are compiled [bytes]


def private_folder(base: Path, levels: Sequence[str]) -> Path | None:
    """Make folders of ours below each other, and return the last, which is closed to others.

    None if it cannot be made or written to, if there is no room in it, if a level is another
    user's, a link, or open to others, or if others could put another in the place of `base`.
    """
    try:
        base.mkdir(parents=True, exist_ok=True)
        above = base.resolve()
        if not all(_is_kept(one) for one in (above, *above.parents)):
            return None
        folder = above
        for level in levels:
            folder /= level
            folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            if not _is_ours(folder):
                return None
        if stat.S_IMODE(folder.lstat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            return None
        _write(folder)
    except OSError:
        return None
    return folder


def _is_ours(folder: Path) -> bool:
    """Say whether a folder is no link, and nobody but its owner, this user, writes to it."""
    found = folder.lstat()
    is_mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return is_mine and not _others_write(found)


def _is_kept(folder: Path) -> bool:
    """Say whether nobody else can rename what stands in a folder."""
    found = folder.stat()
    is_sticky = bool(found.st_mode & stat.S_ISVTX)
    return found.st_uid in (0, os.getuid()) and (is_sticky or not _others_write(found))


def _others_write(found: os.stat_result) -> bool:
    """Say whether somebody but the owner may write; a group of the owner alone is nobody else."""
    of_group = found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid
    return bool(of_group or found.st_mode & stat.S_IWOTH)


def _write(folder: Path) -> None:
    """Write to a folder; as much as it will hold, if it is empty.

    Raises
    ------
    OSError
        If it cannot be written to, or there is no room.
    """
    is_empty = next(folder.iterdir(), None) is None
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(ROOM if is_empty else 1))
