"""A run's folder: resolved configuration, manifest, tables, figures."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
from omegaconf import OmegaConf

from sim.checkpoint import Checkpoint
from sim.config import SimConfig
from sim.interrupts import Interrupted
from sim.manifest import manifest
from sim.memory import Estimate, check_memory
from sim.results import Result
from sim.runs import compare_watched
from sim.watch import OnStep

CONFIG = "config.yaml"


def run_to_folder(config: SimConfig, folder: Path, on_step: OnStep = lambda: None) -> Result:
    """Run `config` with its counterfactuals and leave the evidence in `folder`.

    Raises
    ------
    ConfigError
        If the run does not fit in memory, or `folder` holds a checkpoint.
    Interrupted
        After Ctrl-C or SIGTERM; what was reached can be resumed.
    """
    checkpoint = Checkpoint.new(folder, config)
    return _fill(folder, checkpoint, check_memory(config), on_step, None)


def resume_folder(checkpoint: Checkpoint, on_step: OnStep) -> Result:
    """Take the runs of a checkpoint to their end: the folder as of a run without a break.

    Raises as `run_to_folder` does, and ConfigError if the start is not that of the checkpoint.
    """
    config, n_done = checkpoint.header.config, checkpoint.n_done
    return _fill(checkpoint.folder.parent, checkpoint, check_memory(config), on_step, n_done)


def _fill(
    folder: Path, checkpoint: Checkpoint, memory: Estimate, on_step: OnStep, n_done: int | None
) -> Result:
    """Take runs to their end and write what came out; then no checkpoint is needed any more."""
    config = checkpoint.header.config
    with checkpoint.interrupts.listening():
        try:
            with manifest(folder, config, memory, n_done) as timings:
                result = _work(folder, checkpoint, on_step, timings)
        except Interrupted as stop:
            checkpoint.flush()
            stop.message = checkpoint.explain(stop)
            raise
    checkpoint.remove()
    return result


def _work(
    folder: Path, checkpoint: Checkpoint, on_step: OnStep, timings: dict[str, float]
) -> Result:
    config = checkpoint.header.config
    (folder / CONFIG).write_text(OmegaConf.to_yaml(config.model_dump(mode="json")))
    began = time.perf_counter()
    result = compare_watched(config, checkpoint, on_step)
    timings["simulate"] = time.perf_counter() - began
    write_tables(result, folder)
    timings["tables"] = time.perf_counter() - began - timings["simulate"]
    write_figures(result, folder)
    timings["figures"] = time.perf_counter() - began - timings["simulate"] - timings["tables"]
    return result


def write_tables(result: Result, folder: Path) -> None:
    """Write the tables as Parquet, each whole or not at all."""
    tables = {
        "timeseries": result.timeseries, "effects": result.effects, "flows": result.flows,
    }  # fmt: skip
    for name, table in tables.items():
        draft = folder / f".{name}.parquet"
        table.to_parquet(draft, index=False)
        draft.replace(folder / f"{name}.parquet")


def write_figures(result: Result, folder: Path) -> None:
    """Draw what the tables can show."""
    from sim import plotting  # matplotlib is imported only where figures are drawn
    from sim.observed import events, observed_reach

    config, timeseries = result.config, result.timeseries
    data = config.case.data
    first = next(iter(config.compare_to), None)
    if _has(timeseries, "mau"):
        figure = plotting.reach(
            timeseries, config.scenario, observed_reach(data), events(data), counterfactual=first
        )
        plotting.save(figure, folder / "reach")
    for other in config.compare_to:
        figure = plotting.effects(result.effects, config.scenario, other)
        plotting.save(figure, folder / f"effects_against_{other}")
    plotting.save(plotting.use(timeseries, config.scenario), folder / "use")
    scenarios = (config.scenario, *config.compare_to)
    plotting.save(plotting.harms(timeseries, scenarios), folder / "harms")
    if len(result.flows):
        plotting.save(plotting.flows(result.flows, config.scenario), folder / "flows")


def _has(timeseries: pd.DataFrame, measure: str) -> bool:
    return bool((timeseries["measure"] == measure).any())
