"""Protection from abuse: moderation, and banks that hold transfers back."""

from __future__ import annotations

from typing import Literal

from sim.base.strict import Share
from sim.policies.context import RunContext
from sim.policies.policy import Labels, Policy, Step
from sim.policies.window import Span


class Moderation(Policy):
    """Effort against abuse on a platform; on cellular: labels for unknown callers."""

    kind: Literal["moderation"] = "moderation"
    platform: str  # messenger or cellular
    effort: Share  # share of so far successful attempts that is stopped [1]

    def act(self, step: Step) -> None:
        """Stop a share of the attempts that are not stopped yet."""
        k, detection = step.column(self.platform), step.effects.detection
        detection[k] = 1.0 - (1.0 - detection[k]) * (1.0 - self.effort * step.share(self))

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def may_name(self, config: RunContext) -> tuple[str, ...]:
        """Return all platforms."""
        return tuple(config.platforms)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{} does more to stop abuse", labels([self.platform])


class BankDelay(Policy):
    """Banks delay suspicious transfers: fewer losses, as many attempts."""

    kind: Literal["bank_delay"] = "bank_delay"
    prevented: Share  # share of losses [1]

    def act(self, step: Step) -> None:
        """Prevent a share of the losses."""
        step.effects.loss *= 1.0 - self.prevented * step.share(self)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{}", "banks hold suspicious transfers back"
