"""Resume interrupted runs: ``python -m sim.resume FOLDER [executor=NAME]``.

A command of its own: what follows ``python -m sim`` changes a configuration, and runs that are
resumed take no changes. Their folder holds the configuration. In the folder of a sweep or of
``python -m sim -m``, all that is missing, failed or was interrupted is done, by any executor.
"""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path

from rich.console import Console

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.commands.cli import report
from sim.engine.ranks import Ranks
from sim.report.run_folder import fill_with_progress
from sim.runs.checkpoint import Checkpoint
from sim.runs.run import compare
from sim.sweeps.launch import job_handling
from sim.sweeps.multirun import Multirun
from sim.sweeps.request import ExecutionOptions
from sim.sweeps.session import run_session
from sim.sweeps.status import shown, status
from sim.sweeps.tasks import is_batch, open_batch


def main(arguments: list[str] | None = None) -> int:
    """Refuse a folder that cannot be resumed, or finish its runs."""
    parser = argparse.ArgumentParser(
        "python -m sim.resume", description="Go on with runs that were interrupted."
    )
    parser.add_argument(
        "folder",
        type=Path,
        help="of a run: outputs/...; or of many: multirun/..., outputs/sweeps/...",
    )
    parser.add_argument(
        "--status", action="store_true", help="print the status of a sweep, run nothing"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="of a sweep: executor, max_failures"
    )
    options = parser.parse_intermixed_args(arguments)
    with exit_status_of_errors():
        if is_batch(options.folder):
            return _resume_batch(options)
        if options.status or options.overrides:
            raise ConfigError(f"{options.folder}: one run; --status and KEY=VALUE are of sweeps")
        _resume_run(Checkpoint.of(options.folder), options.folder)
        return 0


def _resume_batch(options: Namespace) -> int:
    batch = open_batch(options.folder)
    if options.status:
        Console().print(shown(status(batch)))
        return 0
    for override in options.overrides:
        if not override.lstrip("+").startswith(("executor", "max_failures")):
            raise ConfigError(f"{override}: the folder holds it; allowed: executor, max_failures")
    read = job_handling if isinstance(batch, Multirun) else ExecutionOptions.of
    return run_session(batch, read(options.overrides))


def _resume_run(checkpoint: Checkpoint, folder: Path) -> None:
    if checkpoint.header.config.engine.name == "mpi":
        _among_ranks(checkpoint, folder)
    else:
        report(fill_with_progress(checkpoint), folder)


def _among_ranks(checkpoint: Checkpoint, folder: Path) -> None:
    """Run as usual on the first rank; the others take steps with it."""
    ranks = Ranks.here()
    ranks.silence_others()
    with ranks.abort_together():
        if ranks.is_first:
            report(fill_with_progress(checkpoint), folder)
        else:
            compare(checkpoint.header.config)


if __name__ == "__main__":
    raise SystemExit(main())
