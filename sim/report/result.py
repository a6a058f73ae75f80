"""Results in Python: tables that tell their finding, draw figures, and save themselves."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Self, overload

from sim.config.sim_config import SimConfig
from sim.model.watch import OnStep
from sim.report import run_folder
from sim.report.comparison import Comparison, compare_results
from sim.report.facts import fact_table, facts
from sim.runs import run as runs
from sim.runs import tables
from sim.runs.results import Tables

NO_MONTH = "The run holds no whole month."


@dataclass(frozen=True, repr=False)
class Result(Tables):
    """Tables that `run` and `compare` return; docs/measures.md explains columns and units.

    Attributes
    ----------
    config : SimConfig
    timeseries : DataFrame
        scenario, replication, date, group, platform, channel, measure, value.
    effects : DataFrame
        scenario, counterfactual, date, group, platform, channel, measure, median, low, high:
        paired differences, scenario minus counterfactual; empty without counterfactuals.
    flows : DataFrame
        scenario, replication, from_date, to_date, from_platform, to_platform, share.
    """

    @classmethod
    def of(cls, found: Tables) -> Self:
        """Return tables with their views."""
        return cls(found.config, found.timeseries, found.effects, found.flows)

    @property
    def answer(self) -> str:
        """Return the finding, and the sentences of the report below it."""
        found = facts(self)
        return NO_MONTH if found is None else "\n".join([f"{found.finding}.", *found.answer])

    def plot(self, name: str) -> Any:
        """Return the axes of a figure of the report, to be drawn on further.

        Parameters
        ----------
        name : str
            reach, effects (of the first counterfactual), harms, use, flows, or
            effects_against_NAME.

        Returns
        -------
        tuple of matplotlib Axes, from top to bottom
            It shows the figure in a notebook; ``axes[0].figure.savefig(...)`` writes it.

        Raises
        ------
        ConfigError
            If the result has no such figure.
        """
        from sim.plotting.figures import plot  # matplotlib takes long to import

        return plot(self, name)

    def save(self, folder: Path | str) -> Path:
        """Write tables, figures, report and manifest into a folder; return it.

        The manifest tells of the saving: how long the run took is not known any more.

        Raises
        ------
        ConfigError
            If another process is running there.
        """
        return run_folder.save_result(self, folder)

    def __repr__(self) -> str:
        """Return scenario and size in a line."""
        config = self.config
        of = f"{config.population.n_users:,} users, {config.replications} replications"
        others = f", compared with {', '.join(config.compare_to)}" if config.compare_to else ""
        return f"<Result of {config.scenario}{others}: {of}>"

    def _repr_html_(self) -> str:
        """Return finding and table for a notebook."""
        found = facts(self)
        if found is None:
            return f"<p>{escape(repr(self))} {NO_MONTH}</p>"
        return f"<p><b>{escape(found.finding)}</b></p>{fact_table(found).to_html()}"


def run(config: SimConfig, on_step: OnStep = lambda: None) -> Result:
    """Run the scenario of `config` in all its replications, without counterfactuals.

    ``compare_to`` is empty in the configuration of the result.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`.
    on_step : callable
        Called after every step of every run, from any thread.
    """
    return Result.of(runs.run(config, on_step))


@overload
def compare(first: SimConfig, *, on_step: OnStep = ...) -> Result: ...
@overload
def compare(first: Tables, *others: Tables) -> Comparison: ...
def compare(
    first: SimConfig | Tables, *others: Tables, on_step: OnStep = lambda: None
) -> Result | Comparison:
    """Run a configuration with its counterfactuals, or compare results with the first of them.

    Of a configuration, all scenarios (``compare_to``) share one world and one start (one a
    replication with ``parameters=posterior``), and runs of the same replication use the same
    random numbers, so `Result.effects` holds paired differences.

    Parameters
    ----------
    first : SimConfig or Result
        From `sim.load_config`, to be run; or a result, which others are compared with.
    *others : Result
        Differences are paired, replication by replication, where society and seed agree.
    on_step : callable
        As of `run`.

    Returns
    -------
    Result, or, of results, Comparison

    Raises
    ------
    ConfigError
        If results have no whole month in common.
    """
    if isinstance(first, SimConfig):
        return Result.of(runs.compare(first, on_step))
    return compare_results([first, *others])


def run_to_folder(config: SimConfig, folder: Path | str, on_step: OnStep = lambda: None) -> Result:
    """Run `config` with its counterfactuals and write tables, figures and report to `folder`.

    Raises
    ------
    ConfigError
        If `folder` holds a checkpoint of other runs, the runs do not fit in memory, or another
        process is at them.
    Interrupted
        After a signal to stop; what was reached can be resumed.
    """
    return Result.of(run_folder.run_to_folder(config, folder, on_step))


def read_result(folder: Path | str) -> Result:
    """Read the result of a finished run.

    Parameters
    ----------
    folder : Path or str
        Run folder with manifest.json, config.yaml and the tables.

    Raises
    ------
    ConfigError
        If the folder does not hold a finished run, or a file has changed since.
    """
    return Result.of(tables.read_result(folder))
