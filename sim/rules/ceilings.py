"""How much a run may hold: it takes as many octets as its configuration needs, one at least.

An octet is what one 64-bit choice state, one 64-bit belief state and one `Vec8` have room for. A
run of one octet pays for no other; a run of several computes each of them in turn (octets.py).
"""

from __future__ import annotations

from typing import NamedTuple

OCTET_OF = {"messengers": 6, "stories": 8, "segments": 8, "kinds of abuse": 2}  # in one octet
MOST_OCTETS = 4


class Ceiling(NamedTuple):
    """The largest number of something in one run, and why."""

    number: int
    why: str


def ceiling(what: str) -> Ceiling:
    """Return the largest number of `what`, a key of ``OCTET_OF``, in one run."""
    each = OCTET_OF[what]
    why = f"{MOST_OCTETS} octets of {each}: a set of them has {8 * MOST_OCTETS} bits"
    return Ceiling(MOST_OCTETS * each, why)


def octets_for(**numbers: int) -> int:
    """Return the octets that a run needs, by numbers named as in ``OCTET_OF``."""
    return max(1, *(-(-n // OCTET_OF[what.replace("_", " ")]) for what, n in numbers.items()))
