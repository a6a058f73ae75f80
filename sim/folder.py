"""A run's folder: resolved configuration, manifest, tables, figures."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
from omegaconf import OmegaConf

from sim.config import SimConfig
from sim.manifest import manifest
from sim.results import Result
from sim.runs import OnStep, compare

CONFIG = "config.yaml"


def run_to_folder(config: SimConfig, folder: Path, on_step: OnStep = lambda: None) -> Result:
    """Run `config` with its counterfactuals and leave the evidence in `folder`."""
    with manifest(folder, config) as timings:
        text = OmegaConf.to_yaml(config.model_dump(mode="json"))
        (folder / CONFIG).write_text(text)
        began = time.perf_counter()
        result = compare(config, on_step)
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
