"""How much a run may hold: it takes as many tiles as its configuration needs, one at least.

A tile is what one 64-bit choice state, one 64-bit belief state and one `Vec8` have room for. A
run of one tile pays for no other; a run of several computes each of them in turn (tiles.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MOST_TILES = 4
MESSENGERS, STORIES, SEGMENTS, KINDS = "messengers", "stories", "segments", "kinds of abuse"
# in one tile, and why a run has room for no more than ``MOST_TILES`` of them
ROOM = {
    MESSENGERS: (6, "four choice states a user hold six each"),
    STORIES: (8, "a set of them has 32 bits"),
    SEGMENTS: (8, "a set of them has 32 bits"),
    KINDS: (2, "a user has eight random numbers in a step for becoming a victim"),
}


def tiles_for(numbers: Mapping[str, int]) -> int:
    """Return the tiles that a run needs, from how much it holds of each key of ``ROOM``."""
    return max(1, *(-(-n // ROOM[what][0]) for what, n in numbers.items()))


def ceiling_problems(numbers: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each number that no run has room for."""
    for what, n in numbers.items():
        each, why = ROOM[what]
        if n > MOST_TILES * each:
            yield f"{n} {what}; allowed: up to {MOST_TILES * each}, as {why}"
