"""Who watches runs from outside, between their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sim.engine.state import State
from sim.measures.series import Observations
from sim.model.simulation import Simulation

OnStep = Callable[[], None]


class Watch:
    """The default: observes nothing. Any thread may call any method except `over`."""

    @contextmanager
    def over(self, starts: Sequence[State]) -> Iterator[None]:  # noqa: ARG002
        """Surround all runs; replication r begins at ``starts[r]``, which may be all the same."""
        yield

    def observed(self, scenario: str, replication: int) -> Observations | None:  # noqa: ARG002
        """Return what was observed of a run that is finished already, or None."""
        return None

    def begin(self, simulation: Simulation) -> None:
        """Before the first step; may move the simulation on."""

    def is_due(self, simulation: Simulation) -> bool:  # noqa: ARG002
        """Say whether `stepped` would do anything in this step."""
        return False

    def stepped(self, simulation: Simulation) -> None:
        """After a step; may raise to stop all runs."""

    def finished(self, simulation: Simulation) -> None:
        """After the last step."""
