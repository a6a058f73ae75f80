"""How much a command says: ``--quiet`` and ``--verbose`` are levels of the package's logger."""

from __future__ import annotations

import logging
from argparse import Namespace

_log = logging.getLogger("sim")


def set_level(options: Namespace) -> None:
    """Let this process say as much as the options ask for, on the error stream."""
    logging.basicConfig(format="%(message)s")
    if level := _level(options):
        _log.setLevel(level)


def _level(options: Namespace) -> str:
    return "ERROR" if options.quiet else "INFO" if options.verbose else ""


def is_quiet() -> bool:
    """Say whether nothing but results and errors is to be told."""
    return not _log.isEnabledFor(logging.WARNING)
