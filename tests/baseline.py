"""Numbers of small runs, kept in baseline.yaml; ``python -m tests.baseline`` renews them.

Each number is a mean over replications and dates, rounded to six significant digits:

- ``dau max any all``: a time series by measure, platform, channel and group;
- ``effect mandate_only displaced any call all``: the median effect against a counterfactual;
- ``flow whatsapp max``: the share of users who moved from one primary platform to another.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from sim import Result, compare, load_config

FILE = Path(__file__).with_name("baseline.yaml")
RENEW = "python -m tests.baseline"
SIZE = ("population.n_users=1500", "replications=2")


class Move(NamedTuple):
    """A number that differs from the one kept."""

    run: str
    number: str
    kept: float | None  # None: not measured before
    new: float


def kept() -> dict[str, dict[str, dict[str, float | None]]]:
    """Return the runs with their overrides and numbers, as they are in the file."""
    tree: dict[str, dict[str, dict[str, float | None]]] = yaml.safe_load(FILE.read_text())
    return tree


def measure(overrides: list[str], numbers: list[str]) -> dict[str, float]:
    """Run one configuration and return its numbers by name."""
    result = compare(load_config(*overrides, *SIZE))
    return {name: rounded(_rows(result, name).mean()) for name in numbers}


def rounded(value: float) -> float:
    """Return a value at six significant digits."""
    return float(f"{value:.6g}")


def moves(run: str, old: dict[str, float | None], new: dict[str, float]) -> list[Move]:
    """Return the numbers that differ."""
    return [Move(run, name, old[name], new[name]) for name in new if old[name] != new[name]]


def table(moved: list[Move]) -> str:
    """Return a line for each number that moved: the run, its name, old and new value, change."""
    lines = [f"{'run':<22} {'number':<50} {'kept':>12} {'new':>12} {'change':>9}"]
    for run, number, old, new in moved:
        change = f"{new / old - 1:+.2%}" if old else ""
        was = "" if old is None else f"{old:.6g}"
        lines.append(f"{run:<22} {number:<50} {was:>12} {new:>12.6g} {change:>9}")
    return "\n".join(lines)


def _rows(result: Result, name: str) -> pd.Series:
    kind, *rest = name.split()
    key: tuple[str, ...]
    if kind == "flow":
        rows, key = result.flows, ("from_platform", "to_platform")
        column, values = "share", rest
    elif kind == "effect":
        rows, key = result.effects, ("counterfactual", "measure", "platform", "channel", "group")
        column, values = "median", rest
    else:
        rows, key = result.timeseries, ("measure", "platform", "channel", "group")
        rows = rows[rows["scenario"] == result.config.scenario]
        column, values = "value", [kind, *rest]
    for label, value in zip(key, values, strict=True):
        rows = rows[rows[label] == value]
    assert len(rows), f"{name}: no such number in {result.config.scenario}"
    return rows[column]


def main() -> None:
    """Measure all numbers anew, write them and print what moved."""
    tree, moved = kept(), []
    for run, entry in tree.items():
        new = measure(list(entry["overrides"]), list(entry["numbers"]))
        moved += moves(run, entry["numbers"], new)
        entry["numbers"] = dict(new)
    FILE.write_text(yaml.safe_dump(tree, sort_keys=False, width=99))
    print(table(moved) if moved else "No number moved.")


if __name__ == "__main__":
    main()
