"""What stands behind a number of a tile: decimals, replications, other comparisons, parameters."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sim.base.numbers import Number
from sim.config.titles import scenario_title
from sim.measures.registry import find
from sim.measures.series import Series
from sim.report.facts import Facts

Opened = tuple[tuple[str, str], ...]  # assumption, and the number under it


def opened(found: Facts, series: Series, changes: dict[Series, Number]) -> Opened:
    """Return a number under the other assumptions that a run has.

    Parameters
    ----------
    series : Series
    changes : dict
        `found.changes` if the number is a change, `found.levels` if it is a level.
    """
    is_change = changes is found.changes
    return tuple(_lines(found, series, is_change))


def _lines(found: Facts, series: Series, is_change: bool) -> Iterator[tuple[str, str]]:
    config = found.config
    here, *others = (table.loc[tuple(series)] for table in found.told.values())
    values = here - others[0] if is_change else here
    number = Number.of(values, find(series.measure).form)
    exact = number.change if is_change else number.level(" %")
    yield ("With decimals" + (", 90 % interval" if config.replications > 1 else ""), exact)
    if config.replications > 1:
        yield f"In {config.replications} replications", _range(values, is_change)
    if is_change:
        for name, other in zip(config.compare_to[1:], others[1:], strict=True):
            change = Number.of(here - other, number.form).change
            yield f"Compared with {scenario_title(config, name)}", change
    if config.parameters == "posterior":
        yield "Parameters", "drawn in each replication from those that were fitted"
    else:
        yield "With fitted parameters", "not in this run: add parameters=posterior"


def _range(values: pd.Series, is_change: bool) -> str:
    """Return the least and the largest of the replications, and whether they agree on the sign."""
    ends = [f"{100.0 * end:+.1f}" if is_change else f"{100.0 * end:.1f}" for end in
            (values.min(), values.max())]  # fmt: skip
    told = " to ".join(ends).replace("-", "\N{MINUS SIGN}")
    if not is_change:
        return f"{told} %"
    alike = max((values > 0.0).sum(), (values < 0.0).sum())
    return f"{told} points; the sign is the same in {alike} of {len(values)}"
