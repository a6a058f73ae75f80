"""A run's folder: resolved configuration, manifest, tables, figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sim.base.interrupts import Interrupted
from sim.base.locks import exclusive_lock
from sim.base.progress import Progress
from sim.base.verbosity import is_quiet
from sim.config.sim_config import SimConfig
from sim.model.watch import OnStep
from sim.report.facts import facts
from sim.report.forked import forked_task
from sim.report.page import write_page
from sim.runs.checkpoint import Checkpoint
from sim.runs.kept import check_fields
from sim.runs.manifest import manifest, refuse_concurrent_run
from sim.runs.memory import GB, check_memory, estimate_memory
from sim.runs.results import Tables
from sim.runs.run import compare_watched, n_steps_in_all
from sim.runs.tables import write_config, write_tables

FIGURES = ("headline*", "reach", "effects_against_*", "use", "harms", "flows")
_log = logging.getLogger(__name__)


def run_to_folder(config: SimConfig, folder: Path | str, on_step: OnStep = lambda: None) -> Tables:
    """Run `config` with its counterfactuals and write tables, figures and report to `folder`.

    Raises
    ------
    ConfigError
        If `folder` holds a checkpoint of other runs; or as `fill_folder` does.
    Interrupted
        As `fill_folder` does.
    """
    return fill_folder(Checkpoint.at(Path(folder), config), on_step)


def fill_with_progress(checkpoint: Checkpoint) -> Tables:
    """Fill the folder as `fill_folder` does, and show progress unless the process is quiet."""
    config = checkpoint.header.config
    if is_quiet():
        return fill_folder(checkpoint, lambda: None)
    n_steps, n_users = n_steps_in_all(config), config.population.n_users
    with Progress(config.scenario, n_steps, n_users, checkpoint.n_done) as progress:
        return fill_folder(checkpoint, progress.step)


def fill_folder(checkpoint: Checkpoint, on_step: OnStep) -> Tables:
    """Take runs to their end and write what came out; then no checkpoint is needed any more.

    The folder is that of runs without a break.

    Raises
    ------
    ConfigError
        If the runs do not fit in memory, another process is at them, the start is not that of the
        checkpoint, or no measure has a name of ``output.fields``.
    Interrupted
        After a signal to stop; what was reached can be resumed.
    """
    folder, config = checkpoint.folder.parent, checkpoint.header.config
    check_fields(config)
    refuse_concurrent_run(folder)
    memory = check_memory(config)
    _log.info("memory: %.1f GB estimated", memory.total / GB)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(folder, "runs here"), checkpoint.interrupts.listening():
        try:
            with manifest(folder, config, memory, checkpoint.n_done) as timings:
                result = _work(folder, checkpoint, on_step, timings)
        except Interrupted as stop:
            checkpoint.flush()
            stop.message = checkpoint.explain(stop)
            raise
        except OSError as error:
            error.filename = error.filename or str(folder)  # a full disk names no file
            raise
    checkpoint.remove()
    return result


def _work(
    folder: Path, checkpoint: Checkpoint, on_step: OnStep, timings: dict[str, float]
) -> Tables:
    config = checkpoint.header.config
    write_config(config, folder)
    with _timed("simulate", timings):
        result = compare_watched(config, checkpoint, on_step)
    _write(result, folder, timings)
    return result


def save_result(result: Tables, folder: Path | str) -> Path:
    """Write a result that is at hand as a run folder; return the folder.

    Its manifest tells of the saving: how long the run took is not known any more.

    Raises
    ------
    ConfigError
        If another process is running there.
    """
    folder = Path(folder)
    check_fields(result.config)
    refuse_concurrent_run(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        exclusive_lock(folder, "runs here"),
        manifest(folder, result.config, estimate_memory(result.config)) as timings,
    ):
        write_config(result.config, folder)
        _write(result, folder, timings)
    return folder


def _write(result: Tables, folder: Path, timings: dict[str, float]) -> None:
    """Write what comes out of runs: tables, figures and report."""
    _delete_leftovers(folder)
    drawn = _drawings(result)
    half = len(drawn) // 2
    with forked_task(partial(save_figures, drawn[:half], folder)) as wait:
        with _timed("tables", timings):
            write_tables(result, folder)
        with _timed("facts", timings):
            found = facts(result)
        with _timed("figures", timings):
            save_figures(drawn[half:], folder)
            wait()
    if found is not None:
        with _timed("report", timings):
            write_page(found, folder)


def _drawings(result: Tables) -> list[tuple[str, Callable[[], Any]]]:
    """Return what draws the figures of the folder, by name; nothing if it keeps none."""
    if not result.config.output.figures:
        return []
    # matplotlib is imported only where figures are drawn
    from sim.plotting.figures import drawings, headlines

    return [*headlines(result).items(), *drawings(result).items()]


def save_figures(drawings: Sequence[tuple[str, Callable[[], Any]]], folder: Path) -> None:
    """Draw figures of matplotlib and write them under their names, as PNG and SVG."""
    if not drawings:  # to import matplotlib takes half a second
        return
    from sim.plotting.figures import HEADLINES
    from sim.plotting.files import save_as

    for name, draw in drawings:
        figure = draw()
        for suffix in ("svg",) if name in HEADLINES else ("svg", "png"):
            save_as(figure, folder / name, suffix)


@contextmanager
def _timed(phase: str, timings: dict[str, float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    timings[phase] = time.perf_counter() - began
    _log.info("%s: %.1f s", phase, timings[phase])


def _delete_leftovers(folder: Path) -> None:
    """Delete temporary files of a killed process, and figures of an earlier run."""
    drawn = [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")]
    for left in (".*.png.*", ".*.svg.*", ".*.parquet.*", *drawn):
        for path in folder.glob(left):
            path.unlink(missing_ok=True)
