"""History matching: which points are so far from the record that no error explains it."""

from __future__ import annotations

import numpy as np

from sim.rules.records import F64

LIMIT = 3.0  # of implausibility: Pukelsheim's three sigma


def implausibility(errors: F64, sd: F64) -> F64:
    """Return how implausible each point is: its second largest standardised error.

    The second largest of several outputs, so that one bad error model rules nothing out (Vernon,
    Goldstein and Bower 2010).

    Parameters
    ----------
    errors : ndarray, shape (n points, n targets)
        Simulated minus observed.
    sd : ndarray, shape (n targets,)
        Of stated error and expected discrepancy.
    """
    return np.sort(np.abs(errors / sd), axis=1)[:, -2]


def not_ruled_out(
    implausible: F64, at_least: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:  # fmt: skip
    """Say which points are below the limit, or the `at_least` least implausible, shape (n,)."""
    kept = implausible < LIMIT
    if kept.sum() < at_least:
        kept[np.argsort(implausible, kind="stable")[:at_least]] = True
    return np.asarray(kept)
