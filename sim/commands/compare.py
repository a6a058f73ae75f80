"""Compare runs, or scenarios that are run first: ``python -m sim.compare A B [C ...]``.

    python -m sim.compare outputs/call_ban/TIME outputs/full_block/TIME
    python -m sim.compare call_ban full_block population.n_users=2000

The first is what the others are compared with. Leaves a page that works offline (comparison.html),
its figure and its table (comparison.csv) in outputs/compare/TIME. Differences are paired,
replication by replication, where seed and society agree.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.timestamps import folder_name
from sim.commands.cli import checked, fill
from sim.config.compose import Run
from sim.report.comparison import Comparison, compare_results
from sim.runs.results import Tables
from sim.runs.tables import read_result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what has to be run, compare, and print what differs."""
    parser = argparse.ArgumentParser(
        "python -m sim.compare", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "words", nargs="+", metavar="DIR|SCENARIO|KEY=VALUE",
        help="folders of runs, scenarios to run, and overrides of these",
    )  # fmt: skip
    parser.add_argument("--into", type=Path, help="folder of the page (outputs/compare/TIME)")
    options = parser.parse_intermixed_args(arguments)
    with exit_status_of_errors():
        asked = _asked(options.words)
        found = compare_results([one.take() for one in asked], [str(one.folder) for one in asked])
        _print(found)
        print(found.save(options.into or Path("outputs/compare") / folder_name()))


class Asked(NamedTuple):
    """A run that is compared: it is there, or has to be run."""

    folder: Path
    to_do: Run | None

    def take(self) -> Tables:
        """Return its result."""
        return read_result(self.folder) if self.to_do is None else fill(self.to_do)


def _asked(words: Sequence[str]) -> list[Asked]:
    """Return the runs; all are checked before the first of them is begun."""
    changes = [word for word in words if "=" in word or word.startswith(("~", "+"))]
    named = [word for word in words if word not in changes]
    if len(named) < 2:
        raise ConfigError(
            f"{' '.join(words)}: {len(named)} to compare; allowed: two or more folders of runs, "
            "or scenarios"
        )
    folders = [word for word in named if Path(word).is_dir()]
    if changes and folders == named:
        raise ConfigError(f"{changes[0]}: all of these have been run; allowed with scenarios")
    if own := [word for word in changes if word.lstrip("+~").startswith("hydra")]:
        raise ConfigError(f"{own[0]}: each run has a folder of its own; allowed: --into FOLDER")
    return [
        Asked(Path(word), None) if word in folders else _to_do(word, changes) for word in named
    ]


def _to_do(scenario: str, changes: Sequence[str]) -> Asked:
    if "/" in scenario:
        raise ConfigError(f"{scenario}: no such folder; allowed: the folder of a run")
    run = checked([f"+scenario={scenario}", *changes])
    return Asked(run.folder, run)


def _print(found: Comparison) -> None:
    console = Console()
    for name, title in found.titles.items():
        console.print(f"{name}: {title}", style="bold", highlight=False)
    for clause in found.differing:
        console.print(f"  {clause}", highlight=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=f"Means of {found.month:%B %Y}.")
    wide = found.wide()
    for column in ("", *wide.columns):
        table.add_column(column, justify="right" if column else "left", overflow="fold")
    for label, cells in wide.iterrows():
        table.add_row(str(label), *map(str, cells))
    console.print(table)
    for sentence in (*found.sentences, found.pairing):
        console.print(sentence, highlight=False)


if __name__ == "__main__":
    main()
