"""Files that a case or a configuration names, looked at before they are opened; their numbers.

A pipe would be waited for without end, a device be read without end, and a link may lead to what
is nobody's business.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TextIO

from sim.base.errors import ConfigError

MOST_BYTES = 2**24  # of a table; the longest that is shipped has a hundredth of it
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def not_a_file(path: Path) -> str:
    """Say what a path leads to if that is no regular file; nothing if it is one.

    Raises
    ------
    OSError
        If there is nothing.
    """
    mode = path.stat().st_mode
    kinds = (f"{name}; allowed: a file" for is_kind, name in _KINDS if is_kind(mode))
    return next(kinds, "")


def refusal(path: Path, folder: Path, most: int) -> str:
    """Say why a file of a case is not to be opened; nothing if it may be.

    Parameters
    ----------
    path : Path
    folder : Path
        That links have to stay in.
    most : int
        Allowed size [bytes].

    Raises
    ------
    OSError
        If there is nothing.
    """
    if problem := not_a_file(path):
        return problem
    if not path.resolve().is_relative_to(folder.resolve()):
        return "a link that leaves the folder of the case; allowed: a file in it"
    if (size := path.stat().st_size) > most:
        return f"{size:,} bytes; allowed: up to {most:,}"
    return ""


def open_table(path: Path) -> TextIO:
    """Open a table in the folder of data of a case, for csv to read.

    Raises
    ------
    ConfigError
        If it is no file, too large, or a link that leaves the case.
    OSError
        If it is not there, or cannot be read.
    """
    if problem := refusal(path, path.absolute().parents[1], MOST_BYTES):
        raise ConfigError(f"{path.name}: {problem}")
    return path.open(encoding="utf-8-sig", newline="")


def as_number(text: str) -> float:
    """Return the number that a text is, in digits of ASCII as everywhere else.

    Raises
    ------
    ValueError
        If it is none: `float` alone takes the digits of any script, underscores and ``nan``.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no number")
    return float(text)


def as_whole_number(text: str) -> int:
    """Return the whole number that a text is, in digits of ASCII; for argparse as well.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text.strip()):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)
