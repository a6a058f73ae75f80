"""Compliance: a platform obeys local law."""

from __future__ import annotations

from typing import Literal

from sim.base.strict import Share
from sim.policies.information import Story
from sim.policies.policy import Labels, Step
from sim.policies.window import Span


class Compliance(Story):
    """A platform complies with the law: the state reads it, restrictions fall, the news spreads.

    With `lost_users` it complies once its daily reach has fallen by that share since the start of
    the run, at the earliest on `start`; otherwise on `start`.
    """

    kind: Literal["compliance"] = "compliance"
    degree: Share = 1.0  # share of communication opened to the state [1]
    relief: Share = 1.0  # share of the restrictions on it that falls [1]
    lost_users: Share | None = None  # of daily reach at the start that has to be lost first [1]

    def act(self, step: Step) -> None:
        """Open communication to the state."""
        p, access = step.column(self.platform), step.effects.access
        access[p] += max(self.degree - access[p], 0.0) * step.share(self)

    def lifts(self) -> tuple[str, float]:
        """Return its messenger, and which share of the restrictions of it falls."""
        return self.platform, self.relief

    def waits_for(self) -> tuple[str, float] | None:
        """Return its messenger, and the share of its daily users it has to lose first."""
        return None if self.lost_users is None else (self.platform, self.lost_users)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        who = labels([self.platform])
        return f"{who} complies with local law and lets the state read{{}}", ""
