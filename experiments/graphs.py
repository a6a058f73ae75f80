"""What tells the graphs apart that a sweep chooses from."""

from __future__ import annotations

from pathlib import Path

from experiments.choices import GRAPH
from experiments.study import markdown
from sim.sweeps.folder import SweepFolder
from sim.world.arms import build_graph
from sim.world.population import draw_population
from sim.world.statistics import statistics


def graphs(folder: SweepFolder) -> str:
    """Return a Markdown table of the graphs, as drawn for the first run that has them."""
    rows = []
    for run, level in folder.runs.drop_duplicates(GRAPH)[["run", GRAPH]].itertuples(index=False):
        config = folder.config(run)
        people = draw_population(
            config.population, config.case.data / config.population.ages, len(config.messengers),
            config.seed,
        )  # fmt: skip
        seen = statistics(build_graph(people, config.network, config.seed, Path.cwd()), people)
        rows.append(
            (
                level.replace("_", " "), f"{seen.mean_degree:.1f}", f"{seen.sd_log_degree:.2f}",
                f"{seen.max_degree}", f"{seen.mean_clustering:.2f}",
                f"{round(seen.age_correlation, 2) + 0.0:.2f}",  # no minus before a zero
            )
        )  # fmt: skip
    return markdown(
        ("graph", "mean degree", "sd of log degree", "largest degree", "clustering",
         "correlation of ages over ties"),
        rows,
    )  # fmt: skip
