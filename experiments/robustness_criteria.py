"""Does an effect hold under another choice? The rule, fixed before any number was looked at.

An effect smaller than `NONE` (half a point of a share, .005 utils) counts as none. An effect
**holds** if it is none under both choices; or if it has the same sign and its bands (90 %, over
replications) overlap, or its size is within a factor of `FACTOR` of the default's, or differs from
it by less than `NONE`. Otherwise it is **missed**: by its sign, or by its size.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.effects import KEYS, OUTCOMES_BY_NAME

NONE = 0.005  # of a share, or utils: a smaller effect is none
FACTOR = 1.5
HOLDS, SIGN, SIZE = "holds", "other sign", "other size"


class Band(NamedTuple):
    """An effect over replications, in any unit."""

    low: float
    median: float
    high: float


def verdict(default: Band, other: Band, none: float) -> str:
    """Say whether an effect holds; `none` is what counts as none, in the bands' unit."""
    a, b = default.median, other.median
    if abs(a) < none and abs(b) < none:
        return HOLDS
    if a * b <= 0:
        return SIGN
    overlap = default.low <= other.high and other.low <= default.high
    close = 1 / FACTOR <= b / a <= FACTOR or abs(b - a) < none
    return HOLDS if overlap or close else SIZE


def negligible_size(table: pd.DataFrame) -> pd.Series:
    """Return what counts as none, in the unit of the `outcome` of each row."""
    return NONE * table["outcome"].map(lambda name: OUTCOMES_BY_NAME[name].factor)


def judged(bands: pd.DataFrame) -> pd.DataFrame:
    """Set every effect beside that of the default, which is point 0.

    Parameters
    ----------
    bands : DataFrame
        As of `effects.banded`.

    Returns
    -------
    DataFrame
        The bands; default_low, default, default_high; ratio, NaN where the default's is none;
        verdict.
    """
    first = bands[bands["point"] == 0].drop(columns="point")
    named = {"low": "default_low", "median": "default", "high": "default_high"}
    table = bands.merge(first.rename(columns=named), on=KEYS)
    none = negligible_size(table)
    ratio = (table["median"] / table["default"]).where(table["default"].abs() >= none)
    verdicts = [
        verdict(Band(*default), Band(*other), least)
        for default, other, least in zip(
            table[list(named.values())].itertuples(index=False),
            table[list(named)].itertuples(index=False),
            none,
            strict=True,
        )
    ]
    return table.assign(ratio=ratio, verdict=verdicts)
