"""How much a command says: ``--quiet`` and ``--verbose`` are levels of the logger of the package.

Hydra sets up logging from its configuration in every job, wherever it runs, so that a level set
there reaches all jobs of a sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

LEVELS = {"--quiet": "ERROR", "--verbose": "INFO"}
MANY = ("-m", "--multirun")
LEVEL, OF_HYDRA = "++hydra.job_logging.loggers.sim.level=", "hydra.hydra_logging.root.level="
_log = logging.getLogger("sim")


def speaking(arguments: Iterable[str]) -> tuple[str, ...]:
    """Replace the flags by what Hydra understands, and speak like that until it takes over.

    ``-m`` may stand anywhere: it is put first, as Hydra wants it.
    """
    logging.basicConfig(format="%(message)s")
    heard: list[str] = []
    for argument in sorted(arguments, key=lambda argument: argument not in MANY):
        level = LEVELS.get(argument)
        heard += [argument] if level is None else [f"{LEVEL}{level}"]
        if level is not None:
            _log.setLevel(level)
        if argument == "--quiet":
            heard.append(f"{OF_HYDRA}{level}")
    return tuple(heard)


def is_quiet() -> bool:
    """Say whether nothing but results and errors is to be told."""
    return not _log.isEnabledFor(logging.WARNING)
