"""Between steps, rank 0 decides whether to checkpoint or stop, and broadcasts the decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sim.engine.ranges import RangesEngine
from sim.engine.ranks import Ranks
from sim.engine.state import State
from sim.measures.series import Observations
from sim.model.simulation import Simulation
from sim.model.watch import Watch


class Accord(Watch):
    """Watches for all ranks.

    Parameters
    ----------
    watch : Watch
        Of this rank; that of the first is asked.
    """

    def __init__(self, watch: Watch, ranks: Ranks) -> None:
        self._watch, self._ranks = watch, ranks

    @contextmanager
    def over(self, starts: Sequence[State]) -> Iterator[None]:
        """Surround all runs."""
        with self._watch.over(starts):
            yield

    def observed(self, scenario: str, replication: int) -> Observations | None:
        """Return what was observed of a run that is finished already, or None."""
        return self._ranks.bcast(lambda: self._watch.observed(scenario, replication))

    def begin(self, simulation: Simulation) -> None:
        """Bring the run to where the first rank found it."""

        def found() -> dict[str, Any]:
            self._watch.begin(simulation)
            return simulation.memory()

        memory = self._ranks.bcast(found)
        if memory["n_done"]:
            simulation.remember(memory)
            for array in simulation.state.changing().values():
                self._ranks.bcast_into(array)

    def stepped(self, simulation: Simulation) -> None:
        """Let the first rank see the whole run when it wants to; it may stop all."""
        if self._ranks.bcast(lambda: self._watch.is_due(simulation)):
            assert isinstance(simulation.engine, RangesEngine)
            simulation.engine.complete(simulation.state)
            self._ranks.bcast(lambda: self._watch.stepped(simulation))

    def finished(self, simulation: Simulation) -> None:
        """Tell the first rank's watcher."""
        self._ranks.bcast(lambda: self._watch.finished(simulation))
