"""What tells the graphs apart that a sweep chooses from."""

from __future__ import annotations

from experiments.base_study import markdown
from experiments.modelling_choices import GRAPH
from sim.population.build import users_and_graph
from sim.population.statistics import statistics
from sim.sweeps.folder import SweepFolder


def graphs(folder: SweepFolder) -> str:
    """Return a Markdown table of the graphs, as drawn for the first run that has them."""
    rows = []
    for run, level in folder.runs.drop_duplicates(GRAPH)[["run", GRAPH]].itertuples(index=False):
        config = folder.config(run)
        users, graph = users_and_graph(config)
        seen = statistics(graph, users)
        assert seen.age_correlation is not None  # it is known where the users are
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
