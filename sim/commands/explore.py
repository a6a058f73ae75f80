"""A page that one can play with: ``python -m sim.explore [FOLDER] [executor=NAME] [--users N]``.

Runs the worlds of conf/design/explore.yaml (minutes on two cores; `--dry-run` says how many) and
some between them, and writes ``explore.html``: levers for what fails, when, and what else is done,
with title, costs and curves that follow at once. It is one file, which works offline. The same
command with the same folder goes on where it was.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.timestamps import folder_name
from sim.commands.collect import collect
from sim.config.compose import load_config, load_sweep_tree
from sim.exports.explorable import error_of, read_grid, write_explorable
from sim.sweeps.driver import drive
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

NAME = "explore.html"
DESIGNS = {"grid": "explore", "check": "explore_check"}
USERS = 2000


def main(arguments: list[str]) -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(
        "python -m sim.explore", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("words", nargs="*", metavar="FOLDER | executor=NAME")
    parser.add_argument("--users", type=int, default=USERS, help=f"of a world (default: {USERS})")
    parser.add_argument("--dry-run", action="store_true", help="say what it would cost")
    options = parser.parse_intermixed_args(arguments)
    overrides = [word for word in options.words if "=" in word]
    folders = [Path(word) for word in options.words if "=" not in word]
    folder = folders[0] if folders else Path(f"outputs/explore/{folder_name()}")
    with exit_status_of_errors():
        requests = {
            name: request(design, options.users, folder / name, overrides)
            for name, design in DESIGNS.items()
        }
        if options.dry_run:
            print("\n".join(one.rehearse() for one in requests.values()))
            return
        tables = {name: simulated(one) for name, one in requests.items()}
        config = load_config(f"population.n_users={options.users}")
        grid = read_grid(tables["grid"], config)
        error = error_of(grid, tables["check"], config)
        write_explorable(grid, error, config, folder / NAME)
        print(f"Page: {folder / NAME}")


def request(design: str, n_users: int, folder: Path, overrides: list[str]) -> Request:
    """Return the request of a design with worlds of `n_users`."""
    found = Request.read(load_sweep_tree(f"design={design}", f"folder={folder}", *overrides))
    size = f"population.n_users={n_users}"
    kept = (re.sub(r"^population\.n_users=\d+", size, one) for one in found.design.overrides)
    return found.with_design(overrides=tuple(kept))


def simulated(asked: Request) -> pd.DataFrame:
    """Run what is missing of a design; return its table of medians.

    Raises
    ------
    ConfigError
        If some runs are not done in the end.
    """
    path = Path(asked.folder or "")
    folder = SweepFolder(path) if SweepFolder.is_sweep(path) else asked.begin(path.name)
    if folder.n_to_do:
        print(f"{folder.n_to_do:,} runs: {path}", flush=True)
        ended = drive(folder, asked.executor, asked.max_failures)
        if not ended.is_complete:
            raise ConfigError(f"{path}: {ended.n_missing + ended.n_failed} runs are not done")
    return pd.read_parquet(collect(path).folder / "summary.parquet")


if __name__ == "__main__":
    main(sys.argv[1:])
