"""What a result shows of itself: its answer, its figures, its folder.

Reports and figures are rooms below this one, so a view asks for a public name of the package, and
only when somebody looks: tables need neither.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sim.config.sim_config import SimConfig

if TYPE_CHECKING:
    from sim.runs.results import Result

NO_MONTH = "The run holds no whole month."


class Views:
    """The views of a `Result`."""

    config: SimConfig

    @property
    def answer(self) -> str:
        """Return the finding, and the sentences of the report below it."""
        from sim import facts

        found = facts(self._result)
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
        from sim import plot

        return plot(self._result, name)

    def save(self, folder: Path | str) -> Path:
        """Write tables, figures, report and manifest into a folder; return it.

        The manifest tells of the saving: how long the run took is not known any more.

        Raises
        ------
        ConfigError
            If another process is running there.
        """
        from sim import save_result

        return save_result(self._result, folder)

    def __repr__(self) -> str:
        """Return scenario and size in a line."""
        config = self.config
        of = f"{config.population.n_users:,} users, {config.replications} replications"
        others = f", compared with {', '.join(config.compare_to)}" if config.compare_to else ""
        return f"<Result of {config.scenario}{others}: {of}>"

    def _repr_html_(self) -> str:
        """Return finding and table for a notebook."""
        from sim import fact_table, facts

        found = facts(self._result)
        if found is None:
            return f"<p>{escape(repr(self))} {NO_MONTH}</p>"
        return f"<p><b>{escape(found.finding)}</b></p>{fact_table(found).to_html()}"

    @property
    def _result(self) -> Result:
        return cast("Result", self)
