"""The first trials of a fuzz, half a minute of them: the same each time."""

from collections import Counter

import pytest

from tests.fuzz.fuzz import KINDS, fuzz

N_TRIALS = 36


@pytest.mark.slow
def test_nothing_that_is_drawn_fails():
    counts, failures = fuzz(seed=1, numbers=range(N_TRIALS))
    assert not failures, failures[0]
    kinds, outcomes = Counter(), Counter()
    for (kind, outcome), n in counts.items():
        kinds[kind] += n
        outcomes[outcome] += n
    assert set(kinds) >= {*KINDS}, "each kind is drawn"
    assert outcomes["refused"] >= 5, counts
    assert outcomes["mesa"] + outcomes["threads"] + outcomes["resumed"] >= 2, counts
