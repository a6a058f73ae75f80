"""The command line: compose, refuse or run, leave evidence, say what came out."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from sim.base.endings import ending_well
from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted, hand_on
from sim.base.orphans import follow_driver
from sim.base.voice import is_quiet, levels_of_jobs, set_level
from sim.config.arguments import parse_arguments
from sim.config.case_dir import open_case, searching
from sim.config.completion import script
from sim.config.compose import Run, load_config, load_run, load_tree
from sim.config.conf import CONF
from sim.config.jobs import CLUSTER, ELSEWHERE, configurations
from sim.config.keys import open_key

_log = logging.getLogger(__name__)
BY_RANKS = "engine=mpi"
SIZES = "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"  # by which mpirun tells a process that it is not alone
FOLDERS = "hydra.run.dir", "hydra.sweep.dir"

if TYPE_CHECKING:  # the simulator is imported once a run is certain
    import pandas as pd

    from sim.runs.checkpoint import Checkpoint
    from sim.runs.results import Result


def main() -> None:
    """Run ``python -m sim``: a bad configuration is refused before a folder is made."""
    with ending_well():
        _main(parse_arguments(sys.argv[1:]))


def _main(options: Namespace) -> None:
    set_level(options)
    overrides = [open_key(override) for override in open_case(options.overrides)]
    _refuse_no_folder(overrides)
    if options.version:
        print(_version())
    elif options.shell_completion:
        _complete(overrides)
    elif options.help or options.cfg:
        _show(options, overrides)
    elif options.multirun:
        _sweep(options, overrides)
    elif BY_RANKS in overrides:
        _among_ranks(overrides)
    else:
        _refuse_ranks()
        _run(_checked(overrides))


def _complete(overrides: list[str]) -> None:
    """Print what bash is to evaluate, or what may be typed, which Hydra knows."""
    lines = script(overrides)
    if lines is None:
        _hand_to_hydra("-sc", *overrides)
    else:
        print(lines, end="")


def _show(options: Namespace, overrides: list[str]) -> None:
    """Print the help or a configuration."""
    if options.multirun and options.cfg:
        raise ConfigError("-m --cfg: allowed: --cfg job for the values of one job, without -m")
    load_tree(*overrides)  # what Hydra would refuse is refused in our words
    flags = ["--help"] if options.help else ["--cfg", options.cfg]
    _hand_to_hydra(*flags, *searching(tuple(overrides)))


def _sweep(options: Namespace, overrides: list[str]) -> None:
    """Hand the jobs of a sweep to Hydra."""
    _check_sweep(overrides)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra tells where in the sources
    _hand_to_hydra("-m", *levels_of_jobs(options), *searching(tuple(overrides)))


def _hand_to_hydra(*arguments: str) -> None:
    sys.argv[1:] = arguments
    hydra_main()


def _among_ranks(overrides: list[str]) -> None:
    """Let the first rank do what a single process does; the others take steps with it."""
    from sim.engine.ranks import Ranks
    from sim.runs.run import compare

    ranks = Ranks.here()
    ranks.hush()
    with ranks.one_fate():
        run = ranks.told(lambda: _checked(overrides))
        if ranks.is_first:
            _run(run)
        else:
            compare(run.config)


def _version() -> str:
    from sim.base.versions import commit, versions

    first, *others = (f"{name} {version}" for name, version in versions().items())
    return f"messenger-migration-{first}, commit {commit() or 'unknown'}\n{', '.join(others)}"


def _refuse_no_folder(overrides: list[str]) -> None:
    """Refuse to fill the present folder, which nobody means: a variable is not set."""
    for override in overrides:
        key, _, value = override.partition("=")
        if key in FOLDERS and not value.strip("'\""):
            raise ConfigError(f"{override}: allowed: a folder, which is made")


def _refuse_ranks() -> None:
    """Refuse to do in each of several processes what one would do."""
    told = (os.environ.get(name, "") for name in SIZES)
    n = max(int(size) if size.isascii() and size.isdecimal() else 1 for size in told)
    if n > 1:
        raise ConfigError(f"mpirun started {n} processes, and all would do the same: {BY_RANKS}")


def _checked(overrides: list[str]) -> Run:
    """Return what is to be run; refuse what cannot be run, or does not fit in memory."""
    for override in overrides:
        if override.lstrip("+").startswith(f"{CLUSTER}="):
            raise ConfigError(f"{override}: for the jobs of a sweep; allowed: after -m")
    run = load_run(*overrides)
    from sim.kernel.compiled import INTERPRETED, nothing_compiled
    from sim.observation.observed import check_observed
    from sim.runs.memory import check_memory

    check_observed(run.config)
    if run.config.engine.name == "mpi" and BY_RANKS not in overrides:
        raise ConfigError(
            f"engine.name=mpi: allowed as {BY_RANKS}, which ranks heed from the start"
        )
    if nothing_compiled() and not INTERPRETED:
        _log.warning("Compiling the rules, once (half a minute): later runs start at once")
    check_memory(run.config)
    return run


def _run(run: Run) -> None:
    """Take one run to its end in its folder and say what came out."""
    from sim.runs.checkpoint import Checkpoint
    from sim.runs.manifest import write_overrides

    run.folder.mkdir(parents=True, exist_ok=True)
    write_overrides(run.overrides, run.folder)
    report(take(Checkpoint.at(run.folder, run.config)), run.folder)


def _check_sweep(overrides: list[str]) -> None:
    """Refuse a sweep with values that cannot be run; or do not fit in memory, if it runs here."""
    from sim.observation.observed import check_observed

    configs = list(configurations(overrides))
    if any(config.engine.name == "mpi" for config in configs):
        raise ConfigError(f"{BY_RANKS}: for one run; jobs of a sweep share the cores: compiled")
    check_observed(configs[0])  # jobs differ in their values, not in their data
    elsewhere = ELSEWHERE.intersection(overrides)
    if elsewhere and shutil.which("sbatch") is None:
        raise ConfigError(f"{elsewhere.pop()}: no sbatch here; allowed: where there is a Slurm")
    if not elsewhere:
        from sim.runs.memory import check_memory

        for config in configs:
            check_memory(config)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def hydra_main(_: DictConfig) -> float:
    """Run one job of a sweep; return the largest effect on daily reach, for sweepers."""
    from sim.runs.checkpoint import Checkpoint
    from sim.runs.tables import is_done, read_result

    follow_driver()
    job = HydraConfig.get()
    config, folder = load_config(*job.overrides.task), Path(job.runtime.output_dir)
    if is_done(config, folder):  # the scheduler did not hear of it, or the sweep is started anew
        return _largest(read_result(folder).effects)
    try:
        effects = take(Checkpoint.at(folder, config)).effects
    except Interrupted as stop:
        hand_on(stop)
        raise
    if is_quiet():
        print(folder)
    return _largest(effects)


def take(checkpoint: Checkpoint) -> Result:
    """Take runs from where they stand to their end, and show how far they are."""
    from sim.base.progress import Progress
    from sim.report.run_folder import fill_folder
    from sim.runs.run import n_steps_in_all

    config = checkpoint.header.config
    n_steps, n_users = n_steps_in_all(config), config.population.n_users
    if is_quiet():
        return fill_folder(checkpoint, lambda: None)
    with Progress(config.scenario, n_steps, n_users, checkpoint.n_done) as progress:
        return fill_folder(checkpoint, progress.step)


def report(result: Result, folder: Path) -> None:
    """Print what came out and where it is; when quiet, where it is."""
    if is_quiet():
        print(folder)
        return
    from sim.report.summary import table, warnings

    console = Console(width=None if sys.stdout.isatty() else 100)
    shown = table(result)
    if shown is not None:
        console.print(shown)
    for line in warnings(result):
        console.print(f"[yellow]![/yellow] {line}", highlight=False)
    console.print(f"Report, tables and figures: {folder}", highlight=False, soft_wrap=True)


def _largest(rows: pd.DataFrame) -> float:
    """Return the largest effect on daily reach."""
    if rows.empty:
        return 0.0
    daily = rows[(rows["measure"] == "dau") & (rows["group"] == "all")]["median"]
    return float(daily.loc[daily.abs().idxmax()])
