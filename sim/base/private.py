"""Folders that no other user can write to, so that their content can be trusted."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOM = 40 * 2**20  # needed by all compiled rules [bytes]


def private_folder(base: Path, levels: Sequence[str]) -> Path | None:
    """Create nested folders below `base`; return the last one, closed to other users.

    Return None if it cannot be created or written to, has too little space, if a level is a link,
    belongs to another user or is open to others, or if others could replace `base`.
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
    """Return whether a folder is no link and only this user owns it and can write to it."""
    found = folder.lstat()
    is_mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return is_mine and not _others_write(found)


def _is_kept(folder: Path) -> bool:
    """Return whether no other user can rename the entries of a folder."""
    found = folder.stat()
    is_sticky = bool(found.st_mode & stat.S_ISVTX)
    return found.st_uid in (0, os.getuid()) and (is_sticky or not _others_write(found))


def _others_write(found: os.stat_result) -> bool:
    """Return whether others than the owner can write; the owner's own group does not count."""
    of_group = found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid
    return bool(of_group or found.st_mode & stat.S_IWOTH)


def _write(folder: Path) -> None:
    """Write a test file to a folder; of full size if the folder is empty.

    Raises
    ------
    OSError
        If it cannot be written to, or there is too little space.
    """
    is_empty = next(folder.iterdir(), None) is None
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(ROOM if is_empty else 1))
