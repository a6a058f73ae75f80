"""The command line: compose, refuse or run, leave evidence, say what came out."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra._internal.utils import get_args_parser, run_and_report
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig
from rich.console import Console

from sim.composing.case_dir import open_case, searching
from sim.composing.completion import script
from sim.composing.conf import CONF
from sim.composing.jobs import CLUSTER, ELSEWHERE, configurations
from sim.composing.keys import open_key
from sim.composing.schema import load_config, load_run, load_tree
from sim.config import SimConfig
from sim.errors import ConfigError
from sim.process.endings import ending_well, fail, refuse
from sim.process.interrupts import Interrupted, hand_on
from sim.process.orphans import follow_driver
from sim.process.voice import is_quiet, speaking

BY_RANKS = "engine=mpi"
SIZES = "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"  # by which mpirun tells a process that it is not alone
FOLDERS = "hydra.run.dir", "hydra.sweep.dir"
OPTIONS = ("--help", "--version", "--quiet", "--verbose", "-m", "--cfg job")  # that people need

if TYPE_CHECKING:  # the simulator is imported once a run is certain
    import pandas as pd

    from sim.results import Result
    from sim.storage.checkpoint import Checkpoint


def main() -> None:
    """Run ``python -m sim``: a bad configuration is refused before Hydra makes a folder."""
    with ending_well():
        _main()


def _main() -> None:
    if "--version" in sys.argv[1:]:  # Hydra would tell its own
        print(_version())
        return
    arguments = tuple(open_key(argument) for argument in open_case(speaking(sys.argv[1:])))
    sys.argv[1:] = searching(arguments)
    asked = _asked()
    if asked.config_dir or asked.config_name or asked.config_path:
        raise ConfigError("--config-dir, --config-name, --config-path: put files under conf/")
    if asked.package and not asked.cfg:  # so Hydra reads -policies.NAME, and would heed it nowhere
        raise ConfigError(f"-p{asked.package}: allowed: ~policies.NAME, KEY=VALUE without a dash")
    _refuse_no_folder(asked.overrides)
    if asked.shell_completion:
        if (lines := script(asked.overrides)) is not None:
            print(lines, end="")
            return
    elif asked.cfg and asked.multirun:
        raise ConfigError("-m --cfg: allowed: --cfg job for the values of one job, without -m")
    elif asked.cfg or asked.help:
        load_tree(*asked.overrides)  # what Hydra would refuse is told in our words
    elif not (asked.hydra_help or asked.info):
        if asked.multirun:
            _check_sweep(asked.overrides)
            os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra tells where in the sources
        elif BY_RANKS in asked.overrides:
            _among_ranks(asked.overrides)
            return
        else:
            _refuse_ranks()
            _run(*_checked(asked.overrides))
            return
    hydra_main()


def _among_ranks(overrides: list[str]) -> None:
    """Let the first rank do what a single process does; the others take steps with it."""
    from sim.parallel.ranks import Ranks
    from sim.runs import compare

    ranks, composed = Ranks.here(), []
    ranks.hush()

    def checked() -> SimConfig:
        config, tree = _checked(overrides)
        composed.append(tree)  # not told: what is Hydra's cannot be pickled after a rehearsal
        return config

    with ranks.one_fate():
        config = ranks.told(checked)
        if ranks.is_first:
            _run(config, *composed)
        else:
            compare(config)


def _asked() -> Namespace:
    """Return what Hydra understands of the command line; refuse what it would not."""
    asked, unknown = get_args_parser().parse_known_args()
    if unknown:
        raise ConfigError(
            f"{unknown[0]}: not understood here; options stand first: {', '.join(OPTIONS)}; "
            "values follow without dashes: KEY=VALUE, +scenario=NAME (see --help)"
        )
    return asked


def _version() -> str:
    from sim.versions import commit, versions

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
    n = max(int(size) if size.isdecimal() else 1 for size in told)
    if n > 1:
        raise ConfigError(f"mpirun started {n} processes, and all would do the same: {BY_RANKS}")


def _checked(overrides: list[str]) -> tuple[SimConfig, DictConfig]:
    """Return what is to be run; refuse what cannot be run, or does not fit in memory."""
    for override in overrides:
        if override.lstrip("+").startswith(f"{CLUSTER}="):
            raise ConfigError(f"{override}: for the jobs of a sweep; allowed: after -m")
    config, composed = load_run(*overrides)
    from sim.memory import check_memory
    from sim.observation.observed import check_observed

    check_observed(config)
    if config.engine.name == "mpi" and BY_RANKS not in overrides:
        raise ConfigError(
            f"engine.name=mpi: allowed as {BY_RANKS}, which ranks heed from the start"
        )
    check_memory(config)
    return config, composed


def _run(config: SimConfig, composed: DictConfig) -> None:
    """Run one job in its folder, as Hydra's own main does, which would compose it twice again."""
    composed.hydra.mode = RunMode.RUN
    with initialize_config_dir(str(CONF), version_base="1.3"):
        context = HydraContext(GlobalHydra.instance().config_loader(), Callbacks(composed))
        job = partial(run_job, lambda _: _job(config), composed, "hydra.run.dir", None, context)
        run_and_report(partial(_begun, job))


def _begun(job: Callable[[], JobReturn]) -> None:
    """Run a job; of a folder that cannot be made Hydra would print where in the sources."""
    with ending_well():
        _ = job().return_value


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
        from sim.memory import check_memory

        for config in configs:
            check_memory(config)


def _job(config: SimConfig) -> None:
    from sim.storage.checkpoint import Checkpoint

    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        report(take(Checkpoint.at(folder, config)), folder)
    except ConfigError as error:  # a file that only reading shows to be unusable
        refuse(error)
    except OSError as error:  # Hydra would print where in the sources
        fail(error)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def hydra_main(_: DictConfig) -> float:
    """Run one job of a sweep; return the largest effect on daily reach, for sweepers."""
    from sim.storage.checkpoint import Checkpoint
    from sim.storage.tables import is_done, read_result

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
    from sim.process.progress import Progress
    from sim.runs import n_steps_in_all
    from sim.storage.folder import fill_folder

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
    from sim.words.summary import table, warnings

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
