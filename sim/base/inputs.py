"""Checks of files that a case or a configuration names, before they are opened; number parsing.

Reading a pipe or a device may never end, and a link may lead out of the folder of the case.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TextIO

from sim.base.errors import ConfigError

MOST_BYTES = 2**24  # size limit of a table; the largest shipped one has a hundredth of it
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def not_a_file(path: Path) -> str:
    """Return why a path is not a regular file; an empty string if it is one.

    Raises
    ------
    OSError
        If nothing exists at `path`.
    """
    mode = path.stat().st_mode
    kinds = (f"{name}; allowed: a file" for is_kind, name in _KINDS if is_kind(mode))
    return next(kinds, "")


def refusal(path: Path, folder: Path, most: int) -> str:
    """Return why a file of a case may not be opened; an empty string if it may.

    Parameters
    ----------
    path : Path
    folder : Path
        Folder of the case; links must not leave it.
    most : int
        Largest allowed size [bytes].

    Raises
    ------
    OSError
        If nothing exists at `path`.
    """
    if problem := not_a_file(path):
        return problem
    if not path.resolve().is_relative_to(folder.resolve()):
        return "a link that leaves the folder of the case; allowed: a file in it"
    if (size := path.stat().st_size) > most:
        return f"{size:,} bytes; allowed: up to {most:,}"
    return ""


def open_table(path: Path) -> TextIO:
    """Open a table in the data folder of a case, for the csv module.

    Raises
    ------
    ConfigError
        If it is not a regular file, is too large, or is a link out of the case.
    OSError
        If it does not exist or cannot be read.
    """
    if problem := refusal(path, path.absolute().parents[1], MOST_BYTES):
        raise ConfigError(f"{path.name}: {problem}")
    return path.open(encoding="utf-8-sig", newline="")


def as_number(text: str) -> float:
    """Parse a number written in ASCII digits.

    Raises
    ------
    ValueError
        If it is not one. (`float` alone accepts digits of any script, underscores, ``nan``.)
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no number")
    return float(text)


def as_whole_number(text: str) -> int:
    """Parse a whole number written in ASCII digits; also a type for argparse.

    Raises
    ------
    ValueError
        If it is not one.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text.strip()):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)
