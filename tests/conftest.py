"""What holds for every test."""

import random

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _no_global_randomness():
    """Fail a test that moves a global generator: all luck is addressed (sim/kernel/rng.py)."""
    before = _global_states()
    yield
    assert _global_states() == before, "the test drew from random or numpy.random"


def _global_states():
    name, words, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    return random.getstate(), name, words.tobytes(), *rest
