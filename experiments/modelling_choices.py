"""The choices of the modeller as they are read: what is varied, and to what."""

from __future__ import annotations

import pandas as pd

from experiments.base_study import USERS, short
from experiments.sizes import SOCIETY
from sim.sweeps.design import Design, Level

GRAPH, STEP = "network", "step_days"
TITLES = {GRAPH: "graph", STEP: "step", USERS: "users", SOCIETY: "society", "start": "start"}
TECHNICAL = (STEP, USERS, SOCIETY, "start")  # that say nothing about the world
DEFAULT = "default"


def named_points(design: Design) -> pd.DataFrame:
    """Return of each point of a one-at-a-time design which choice it takes.

    Returns
    -------
    DataFrame
        point; factor, the one that is varied; level, to what, as text; choice, both as one reads
        them. Point 0 is the default.
    """
    rows = [(0, DEFAULT, DEFAULT, DEFAULT)]
    for name, factor in design.factors.items():
        for level in factor.grid()[1:]:
            rows.append((len(rows), name, _text(level), f"{title(name)} {_text(level)}"))
    return pd.DataFrame(rows, columns=["point", "factor", "level", "choice"])


def title(factor: str) -> str:
    """Return how a choice is called."""
    return TITLES.get(factor, short(factor))


def _text(level: Level) -> str:
    if isinstance(level, str):
        return level.replace("_", " ")
    return f"{level:,g}" if level < 1_000_000 else f"{level:,.0f}"
