"""Information: news that spreads and changes beliefs about a messenger."""

from __future__ import annotations

from typing import Literal

from sim.base.strict import Strict, Utils
from sim.policies.policy import Labels, News, Policy
from sim.policies.window import Rate, Span


class Shock(Strict):
    """Log-likelihood ratios by type: how much more likely the news is if the state reads."""

    state_averse: Utils  # of those averse to the state [log-odds]
    indifferent: Utils  # of those who do not mind [log-odds]
    foreign_averse: Utils  # of those averse to foreign platforms [log-odds]

    def by_type(self) -> tuple[float, float, float]:
        """Return the ratios of types -1, 0, +1 [log-odds]."""
        return self.state_averse, self.indifferent, self.foreign_averse


class Story(Policy):
    """News that spreads: a shock to beliefs about a platform, heard once by each user."""

    platform: str  # messenger it is about
    shock: Shock  # [log-odds]
    awareness_rate: Rate  # hazard of hearing it from media [1/day]
    contact_rate: Rate = 0.0  # hazard of hearing it from a contact who has [1/day]

    def news(self) -> News:
        """Return the story that it spreads: a fact."""
        return News(
            self.platform, self.shock.by_type(), self.awareness_rate, self.contact_rate,
            audience=(), lasting=True,
        )  # fmt: skip

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)


class InformationEvent(Story):
    """A news story, a leak, an arrest, a platform's warning to its users."""

    kind: Literal["information_event"] = "information_event"
    audience: tuple[str, ...] = ()  # media reach users of these platforms; none: everybody

    def news(self) -> News:
        """Return the story that it spreads: an impression, which fades."""
        return super().news()._replace(audience=self.audience, lasting=False)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform, *self.audience)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "news spread that the state reads {}", labels([self.platform])
