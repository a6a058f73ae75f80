"""Results of several runs side by side: paired differences, words, small multiples, a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pandas as pd

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.numbers import Number
from sim.base.units import BAND
from sim.config.differing import differing
from sim.config.sim_config import SimConfig
from sim.config.titles import capital, scenario_title
from sim.measures.series import Series
from sim.report.summary import Row, every_monthly_series, months, rows
from sim.runs.results import Tables

# what two runs have to share so that a replication of one is that of the other
SHARED = ("seed", "parameters", "start", "step_days", "case", "population", "network", "platforms")
TOLD = 4  # differences in the sentence of a run
NAME = "comparison"  # of the files


@dataclass(frozen=True)
class Cell:
    """A measure in one run: its level, and its difference from the first run."""

    level: Number
    difference: Number | None  # None in the first run, and where that has no such measure


@dataclass(frozen=True, repr=False)
class Comparison:
    """Several results; the first is the one that the others are compared with.

    Attributes
    ----------
    results : tuple of Tables
    sources : tuple of str
        Where they come from, for the page; may be empty.
    month : Timestamp
        That the numbers are means of.
    """

    results: tuple[Tables, ...]
    sources: tuple[str, ...]
    month: pd.Timestamp

    @cached_property
    def titles(self) -> dict[str, str]:
        """Return the titles of the runs by their letters, which tell them apart."""
        configs = [result.config for result in self.results]
        words = (capital(scenario_title(config, config.scenario)) for config in configs)
        return dict(zip(ascii_uppercase, words, strict=False))

    @cached_property
    def differing(self) -> list[str]:
        """Return in what the configurations differ, a clause a policy or key."""
        return differing(dict(zip(self.titles, (one.config for one in self.results), strict=True)))

    @cached_property
    def paired(self) -> list[bool]:
        """Return of each run whether society and random numbers are those of the first."""
        first, *_ = (one.config for one in self.results)
        return [_agree(first, result.config) for result in self.results]

    @cached_property
    def cells(self) -> list[tuple[Row, list[Cell | None]]]:
        """Return the lines of the table: a measure, and its numbers in each run that has it."""
        lines = {row[1:4]: row for result in self.results for row in rows(result.config)}
        return [(row, list(self._cells(row))) for row in lines.values()]

    def _cells(self, row: Row) -> Iterator[Cell | None]:
        series = Series(row.platform, row.channel, row.measure)
        first, *_ = values = [self._values(result, series) for result in self.results]
        for mine, is_paired in zip(values, self.paired, strict=True):
            if mine is None:
                yield None
                continue
            has_both = first is not None and mine is not first
            less = _less(mine, first, is_paired) if has_both and first is not None else None
            yield Cell(
                Number.of(mine, row.form), None if less is None else Number.of(less, row.form)
            )

    def _values(self, result: Tables, series: Series) -> pd.Series | None:
        """Return the values of a series in the month, one a replication."""
        table = every_monthly_series(result)[result.config.scenario]
        key = (self.month, *series)
        return table.loc[key] if key in table.index else None

    @property
    def sentences(self) -> list[str]:
        """Return a sentence a run: what is largest of what differs from the first run."""
        return [
            f"{name}, compared with A, in {self.month:%B %Y}: {self._largest(place)}."
            for place, name in enumerate(self.titles)
            if place
        ]

    def _largest(self, place: int) -> str:
        clear = []
        for row, cells in self.cells:
            cell = cells[place]
            if cell is None or cell.difference is None or row.form != "percent":
                continue
            if cell.difference.is_clear and not cell.difference.is_nought:
                clear.append((row.label, cell.difference))
        clear.sort(key=lambda one: -abs(one[1].median))
        told = [f"{label} {one.change}" for label, one in clear[:TOLD]]
        return "; ".join(told) or "no share differs clearly"

    @property
    def pairing(self) -> str:
        """Say which differences are paired."""
        apart = [name for name, is_one in zip(self.titles, self.paired, strict=True) if not is_one]
        if not apart:
            return (
                "All runs have the same people, ties and random numbers, so differences are "
                "paired, replication by replication."
            )
        return (
            f"Not paired with A: {', '.join(apart)}, of another society or seed. Their intervals "
            "cover all pairs of replications, so chance is larger in them."
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """Return a row a measure and run, in the units of measures (a share is a fraction).

        Columns: run, scenario, label, platform, channel, measure, paired, median, low, high,
        difference, difference_low, difference_high (NaN in the first run).
        """
        found = []
        for row, cells in self.cells:
            for name, result, cell, is_paired in zip(
                self.titles, self.results, cells, self.paired, strict=True
            ):
                if cell is not None:
                    less = cell.difference or Number(np.nan, np.nan, np.nan, row.form)
                    found.append(
                        (name, result.config.scenario, *row[:4], is_paired, *cell.level[:3],
                         *less[:3])
                    )  # fmt: skip
        columns = [
            "run", "scenario", "label", "platform", "channel", "measure", "paired", "median",
            "low", "high", "difference", "difference_low", "difference_high",
        ]  # fmt: skip
        return pd.DataFrame(found, columns=columns)

    def lines(self, row: Row) -> dict[str, pd.DataFrame]:
        """Return a measure over the months in each run: index date, columns low, median, high."""
        found = {}
        for name, result in zip(self.titles, self.results, strict=True):
            table = every_monthly_series(result)[result.config.scenario]
            key = [row.platform, row.channel, row.measure]
            if tuple(key) in table.index.droplevel("date"):
                values = table.xs(tuple(key), level=["platform", "channel", "measure"])
                ends = {end: values.quantile(at, axis=1) for end, at in BAND.items()}
                found[name] = pd.DataFrame(ends)
        return found

    def save(self, folder: Path | str) -> Path:
        """Write the page, the figure and the table into a folder; return the page."""
        from sim.report.comparison_page import write_comparison  # it imports matplotlib

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / f"{NAME}.csv") as draft:
            self.table.to_csv(draft, index=False)
        return write_comparison(self, folder)

    def __repr__(self) -> str:
        """Return the runs in a line."""
        return f"<Comparison of {', '.join(f'{k}: {v}' for k, v in self.titles.items())}>"

    def _repr_html_(self) -> str:
        """Return sentences and table for a notebook."""
        said = "".join(f"<li>{escape(one)}</li>" for one in self.differing)
        text = "".join(f"<p>{escape(one)}</p>" for one in self.sentences)
        return f"{text}<ul>{said}</ul>{self.wide().to_html()}"

    def wide(self) -> pd.DataFrame:
        """Return a table to read: level of the first run, then differences, with intervals."""
        lines = {}
        for row, cells in self.cells:
            told = {}
            for name, cell in zip(self.titles, cells, strict=True):
                if cell is not None:
                    told[name] = (
                        cell.difference.difference if cell.difference else cell.level.level()
                    )
            lines[row.label] = told
        columns = {name: name if name == "A" else f"{name} less A" for name in self.titles}
        return pd.DataFrame.from_dict(lines, orient="index").rename(columns=columns).fillna("")


def compare_results(results: Sequence[Tables], sources: Sequence[str] = ()) -> Comparison:
    """Compare results of several runs with the first of them.

    Raises
    ------
    ConfigError
        If they are fewer than two or more than the letters, or have no whole month in common.
    """
    if not 2 <= len(results) <= len(ascii_uppercase):
        raise ConfigError(f"compare: {len(results)} runs; allowed: 2 to {len(ascii_uppercase)}")
    whole = [_whole(result) for result in results]
    common = set.intersection(*map(set, whole))
    if not common:
        told = "; ".join(f"{one[0]:%b %Y} to {one[-1]:%b %Y}" if one else "none" for one in whole)
        raise ConfigError(f"compare: no whole month is in all runs; their months: {told}")
    headline = months(results[0])[1]
    month = headline if headline in common else max(common)
    return Comparison(tuple(results), tuple(sources), month)


def _whole(result: Tables) -> list[pd.Timestamp]:
    """Return the whole months of a result."""
    monthly = result.timeseries["measure"] == "mau"
    return sorted(result.timeseries.loc[monthly, "date"].unique())


def _agree(one: SimConfig, other: SimConfig) -> bool:
    return all(getattr(one, key) == getattr(other, key) for key in SHARED)


def _less(mine: pd.Series, first: pd.Series, is_paired: bool) -> pd.Series:
    """Return differences: replication by replication, or, of other societies, of all pairs."""
    if is_paired:
        return (mine - first).dropna()
    return pd.Series(np.subtract.outer(mine.to_numpy(), first.to_numpy()).ravel())
