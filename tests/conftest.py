"""What holds for every test."""

import logging
import random
import signal

import numpy as np
import pytest
import rich.style  # noqa: F401  # draws a random number when it is imported

from tests.helpers.exported import exported


@pytest.fixture(scope="session")
def exported_run(tmp_path_factory):
    """Return the folder of a run that tests export from and leave as it is."""
    return exported(tmp_path_factory.mktemp("exported"))


@pytest.fixture(autouse=True)
def _no_global_randomness():
    """Fail a test that moves a global generator: random numbers are addressed (kernel/rng.py)."""
    before = _global_states()
    yield
    assert _global_states() == before, "the test drew from random or numpy.random"


@pytest.fixture(autouse=True, scope="session")
def _no_signal_is_ignored():
    """Let SIGHUP end processes, as it does in a terminal: under nohup they would ignore it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


LOGGERS = logging.getLogger(), logging.getLogger("sim")
LEVELS = [logger.level for logger in LOGGERS]


@pytest.fixture(autouse=True)
def _levels_of_logging():
    """Start with the usual levels of logging: commands called in this process set their own."""
    for logger, level in zip(LOGGERS, LEVELS, strict=True):
        logger.setLevel(level)


def _global_states():
    name, words, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    return random.getstate(), name, words.tobytes(), *rest
