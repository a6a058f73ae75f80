"""Run a design of experiment, anywhere, and go on with it after whatever happened.

    python -m experiments.sweep design=NAME [executor=NAME] [KEY=VALUE ...]
    python -m experiments.sweep --resume FOLDER [executor=NAME] [max_failures=N]
    python -m experiments.sweep --status FOLDER

Designs stand in conf/design, executors in conf/executor: serial, processes, dask, slurm. The
folder holds one table of runs, their results in shards, and what failed, with tracebacks; see
docs/sweeps.md. `python -m sim.collect FOLDER` joins the results to one table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from experiments import command
from sim.base.endings import ending_well
from sim.base.errors import ConfigError
from sim.config.compose import load_sweep_tree
from sim.sweeps.driver import Ended, drive
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Handling, Request, design_name
from sim.sweeps.status import shown, status


def main(arguments: list[str] | None = None) -> int:
    """Begin, resume or look at a sweep; return the exit status: 0 if all runs are done."""
    asked = _parser().parse_intermixed_args(arguments)
    with ending_well():
        if asked.status:
            Console().print(shown(status(SweepFolder(asked.status))))
            return 0
        return _run(asked.resume, asked.overrides)


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("sweep", __doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--resume", type=Path, metavar="FOLDER", help="do what is missing or failed"
    )
    which.add_argument("--status", type=Path, metavar="FOLDER", help="say how a sweep stands")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    return parser


def _run(resumed: Path | None, overrides: list[str]) -> int:
    tree = load_sweep_tree(*overrides)
    asked: Handling
    if resumed is None:
        asked = request = Request.read(tree)
        folder = request.begin(design_name(overrides))
    elif tree.get("design") or tree["folder"]:
        raise ConfigError(
            "--resume: the folder holds the design; executor and max_failures may change"
        )
    else:
        asked, folder = Handling.read(tree), SweepFolder(resumed)
    print(f"{len(folder.runs):,} runs in {len(folder.shards())} shards: {folder.path}", flush=True)
    return _told(folder, drive(folder, asked.executor, asked.max_failures))


def _told(folder: SweepFolder, ended: Ended) -> int:
    """Say how it ended and what may be done about it."""
    Console(width=None if sys.stdout.isatty() else 100).print(shown(status(folder)))
    if ended.why == "done" and not ended.n_failed:
        print(f"All done. Join the results: python -m sim.collect {folder.path}")
        return 0
    print(
        f"Ended ({ended.why}): {ended.n_missing} missing, {ended.n_failed} failed. "
        f"To do these: python -m experiments.sweep --resume {folder.path}"
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
