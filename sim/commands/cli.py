"""The command line of one run: compose, check, run, and print the result."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from omegaconf import DictConfig
from rich.console import Console

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.verbosity import is_quiet, set_level
from sim.commands.scenarios import welcome
from sim.config.arguments import of_output, parse_arguments
from sim.config.case_dir import open_case, searching
from sim.config.completion import script
from sim.config.compose import Run, load_run, load_tree
from sim.config.conf import CONF
from sim.config.keys import open_key
from sim.config.launchers import refuse_executor, refuse_launchers

_log = logging.getLogger(__name__)
BY_RANKS = "engine=mpi"
# variables by which mpirun announces the number of processes
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
FOLDERS = "hydra.run.dir", "hydra.sweep.dir"

if TYPE_CHECKING:  # the simulator is imported once a run is certain
    from sim.runs.results import Tables


def main() -> None:
    """Run ``python -m sim``: a bad configuration is refused before a folder is made."""
    with exit_status_of_errors():
        _main(parse_arguments(sys.argv[1:]))


def _main(options: Namespace) -> None:
    set_level(options)
    given = [*options.overrides, *of_output(options)]
    overrides = [open_key(override) for override in open_case(given)]
    _refuse_no_folder(overrides)
    refuse_launchers(overrides)
    if options.version:
        print(_version())
    elif options.shell_completion:
        _complete(overrides)
    elif options.help or options.cfg:
        _show(options, overrides)
    elif not overrides and not options.multirun:
        print(welcome(shutil.get_terminal_size((80, 24)).columns))
    elif options.dry_run:
        from sim.sweeps.launch import rehearse

        print(rehearse(overrides))
    elif options.multirun:
        from sim.sweeps.launch import launch

        raise SystemExit(launch(overrides))
    elif BY_RANKS in overrides:
        _among_ranks(overrides)
    else:
        _refuse_ranks()
        run = checked(overrides)
        report(fill(run), run.folder)


def _complete(overrides: list[str]) -> None:
    """Print the completion script for bash, or the completions, from Hydra."""
    lines = script(overrides)
    if lines is None:
        _hand_to_hydra("-sc", *overrides)
    else:
        print(lines, end="")


def _show(options: Namespace, overrides: list[str]) -> None:
    """Print the help or a configuration."""
    if options.multirun and options.cfg:
        raise ConfigError("-m --cfg: allowed: --cfg job for the values of one job, without -m")
    load_tree(*overrides)  # errors that Hydra would raise are raised in our words
    flags = ["--help"] if options.help else ["--cfg", options.cfg]
    _hand_to_hydra(*flags, *searching(tuple(overrides)))


def _hand_to_hydra(*arguments: str) -> None:
    sys.argv[1:] = arguments
    hydra_main()


def _among_ranks(overrides: list[str]) -> None:
    """Run as usual on the first rank; the others take steps with it."""
    from sim.engine.ranks import Ranks
    from sim.runs.run import compare

    ranks = Ranks.here()
    ranks.silence_others()
    with ranks.abort_together():
        run = ranks.bcast(lambda: checked(overrides))
        if ranks.is_first:
            report(fill(run), run.folder)
        else:
            compare(run.config)


def _version() -> str:
    from sim.base.versions import commit, versions

    first, *others = (f"{name} {version}" for name, version in versions().items())
    return f"messenger-migration-{first}, commit {commit() or 'unknown'}\n{', '.join(others)}"


def _refuse_no_folder(overrides: list[str]) -> None:
    """Refuse the present folder as output: probably a shell variable is not set."""
    for override in overrides:
        key, _, value = override.partition("=")
        if key in FOLDERS and not value.strip("'\""):
            raise ConfigError(
                f"{override}: empty; allowed: the path of a folder (created if missing)"
            )


def _refuse_ranks() -> None:
    """Refuse to do the same work in each of several processes."""
    sizes = (os.environ.get(name, "") for name in SIZES)
    n = max(int(size) if size.isascii() and size.isdecimal() else 1 for size in sizes)
    if n > 1:
        raise ConfigError(f"mpirun started {n} processes, and all would do the same: {BY_RANKS}")


def checked(overrides: list[str]) -> Run:
    """Return the checked configuration; refuse one that does not fit in memory."""
    refuse_executor(overrides)
    run = load_run(*overrides)
    from sim.kernel.compiled import INTERPRETED, nothing_compiled
    from sim.observation.observed import check_observed
    from sim.runs.kept import check_fields
    from sim.runs.memory import check_memory

    check_observed(run.config)
    check_fields(run.config)
    if run.config.engine.name == "mpi" and BY_RANKS not in overrides:
        raise ConfigError(f"engine.name=mpi: write {BY_RANKS}")
    if nothing_compiled() and not INTERPRETED:
        _log.warning("Compiling the rules, once (half a minute): later runs start at once")
    check_memory(run.config)
    return run


def fill(run: Run) -> Tables:
    """Run to the end in the folder of the run."""
    from sim.report.run_folder import fill_with_progress
    from sim.runs.checkpoint import Checkpoint
    from sim.runs.manifest import write_overrides

    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        write_overrides(run.overrides, run.folder)
    except OSError as error:
        raise ConfigError(
            f"{FOLDERS[0]}={run.folder}: {error.strerror}; allowed: a folder that can be made"
        ) from None
    return fill_with_progress(Checkpoint.at(run.folder, run.config))


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def hydra_main(_: DictConfig) -> None:
    """Answer what Hydra knows: help, configuration, completion; no run is begun."""


def report(result: Tables, folder: Path) -> None:
    """Print the result and its folder; only the folder when quiet."""
    if is_quiet():
        print(folder)
        return
    from sim.report.facts import facts
    from sim.report.summary import warnings
    from sim.report.terminal import headline, table

    console = Console(width=None if sys.stdout.isatty() else 80)
    found = facts(result)
    if found is not None:
        console.print(headline(found), style="bold", highlight=False)
        console.print(table(found))
    for line in warnings(result):
        console.print(f"[yellow]![/yellow] {line}", highlight=False)
    console.print(f"Report, tables and figures: {folder}", highlight=False, soft_wrap=True)
