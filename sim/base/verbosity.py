"""How much a command says: ``--quiet`` and ``--verbose`` are levels of the package's logger."""

from __future__ import annotations

import logging
from argparse import Namespace

_log = logging.getLogger("sim")


def set_level(options: Namespace) -> None:
    """Set the level of the package's logger from the options; it writes to the error stream."""
    logging.basicConfig(format="%(message)s")
    if level := _level(options):
        _log.setLevel(level)


def _level(options: Namespace) -> str:
    return "ERROR" if options.quiet else "INFO" if options.verbose else ""


def is_quiet() -> bool:
    """Return whether only results and errors are printed."""
    return not _log.isEnabledFor(logging.WARNING)
