"""Promotion of a messenger: mandates, chats that move, phones, media, help, a drift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from sim.base.errors import allowed
from sim.base.strict import Share, Utils
from sim.policies.context import RunContext
from sim.policies.policy import Labels, Order, Policy, Step, plain
from sim.policies.window import Days, Rate, Span


class Mandate(Policy):
    """An institution makes its segment install a platform and open an account."""

    kind: Literal["mandate"] = "mandate"
    platform: str  # messenger to install
    segment: str  # of population.segments
    rate: Rate  # hazard of those reached [1/day]
    ceiling: Share = 1.0  # share of the segment that can be made to [1]
    ramp_days: Days = 0.0  # the roll-out reaches one member after another in this time

    def mandates(self) -> Order:
        """Return what it demands of the members of its segment."""
        return Order(self.platform, self.segment, self.rate, self.ceiling, self.ramp_days)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def problems(self, config: RunContext) -> Iterator[str]:
        """Yield an unknown segment."""
        known = config.population.segments
        if self.segment not in known:
            yield f".segment={self.segment!r} is unknown; {allowed(known)}"

    def contradicts(self, other: Policy) -> str | None:
        """Return why `other` cannot be in force at the same time, or None."""
        return other.hinders(self.platform) or _rival(self.mandates(), other.mandates())

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return f"institutions demand {labels([self.platform])} from: {{}}", plain(self.segment)

    def promotion_rates(self) -> tuple[str, ...]:
        """Return the fields that say how fast it promotes its messenger."""
        return ("rate",)


class GroupMove(Policy):
    """The chats of a segment move, each as a whole.

    By order: the chat stays there and its members have to have the platform. By invitation: the
    chat moves, its members reconsider the platform, and it may move on.
    """

    kind: Literal["group_move"] = "group_move"
    platform: str  # messenger to move to
    segment: str  # one that has chats
    by: Literal["order", "invitation"] = "order"  # an institution orders it, or members agree
    rate: Rate  # hazard of a chat reached [1/day]
    ceiling: Share = 1.0  # share of chats that can be moved [1]
    ramp_days: Days = 0.0  # the roll-out reaches one chat after another in this time

    def moves(self) -> Order:
        """Return what it demands of the chats of its segment."""
        return Order(
            self.platform, self.segment, self.rate, self.ceiling, self.ramp_days,
            binding=self.by == "order",
        )  # fmt: skip

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def problems(self, config: RunContext) -> Iterator[str]:
        """Yield a segment without chats."""
        known = config.population.chats
        if self.segment not in known:
            yield f".segment={self.segment!r} has no chats; {allowed(known)}"

    def contradicts(self, other: Policy) -> str | None:
        """Return why `other` cannot be in force at the same time, or None."""
        if self.by == "invitation":
            return None
        return other.hinders(self.platform) or _rival(self.moves(), other.moves())

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return f"chats move to {labels([self.platform])}: {{}}", plain(self.segment)

    def promotion_rates(self) -> tuple[str, ...]:
        """Return the fields that say how fast it promotes its messenger."""
        return ("rate",) if self.by == "order" else ()


def _rival(one: Order, other: Order | None) -> str | None:
    """Return how two orders pull the same segment to different messengers, or None."""
    if other is None or one.segment != other.segment or one.platform == other.platform:
        return None
    both = f"{one.platform} and {other.platform}"
    return f"they move segment {one.segment} to {both} at the same time"


class Preinstallation(Policy):
    """The app is on new phones, without an account."""

    kind: Literal["preinstallation"] = "preinstallation"
    platform: str  # messenger on the phones
    rate: Rate  # hazard of buying a phone [1/day]

    def act(self, step: Step) -> None:
        """Add the hazard of buying a phone."""
        step.effects.preinstall[step.column(self.platform)] += self.rate * step.days(self)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "new phones come with {}", labels([self.platform])

    def promotion_rates(self) -> tuple[str, ...]:
        """Return the fields that say how fast it promotes its messenger."""
        return ("rate",)


class Campaign(Policy):
    """Media and officials name a platform: people hear of it, some try it."""

    kind: Literal["campaign"] = "campaign"
    platform: str  # messenger they name
    awareness_rate: Rate  # hazard of hearing of it [1/day]
    trial_rate: Rate = 0.0  # hazard of trying it, once aware [1/day]

    def act(self, step: Step) -> None:
        """Add the hazards of hearing of the messenger and of trying it."""
        p = step.column(self.platform)
        step.effects.awareness[p] += self.awareness_rate * step.days(self)
        step.effects.trial[p] += self.trial_rate * step.days(self)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "media name {}", labels([self.platform])

    def promotion_rates(self) -> tuple[str, ...]:
        """Return the fields that say how fast it promotes its messenger."""
        return "awareness_rate", "trial_rate"


class Onboarding(Policy):
    """Help with adopting a platform: relatives and volunteers set it up for others."""

    kind: Literal["onboarding"] = "onboarding"
    platform: str  # messenger that is set up
    help: Utils  # added to the value of adopting it [utils]

    def act(self, step: Step) -> None:
        """Add the help to the value of adopting the messenger."""
        step.effects.onboarding[step.column(self.platform)] += self.help * step.share(self)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "helpers set up {} for others", labels([self.platform])


class Trend(Policy):
    """A drift of the appeal of a platform's content: a declared trend, not an explanation."""

    kind: Literal["trend"] = "trend"
    platform: str  # messenger that drifts
    rate: float = Field(ge=-10, le=10)  # of its logarithm [1/year]
    lasts: ClassVar[bool] = True  # the appeal stays where the trend left it

    def act(self, step: Step) -> None:
        """Add the drift so far to the logarithm of the appeal."""
        step.effects.trend[step.column(self.platform)] += self.rate * self._elapsed(step.span)

    def _elapsed(self, span: Span) -> float:
        """Return the years that the trend has run, the mean over the step."""
        begin, end, origin = span
        first = (self.start - origin).days
        length = float("inf") if self.stop is None else (self.stop - self.start).days

        def integral(day: float) -> float:
            running = min(max(day - first, 0.0), length)
            after = max(day - first - length, 0.0)
            return running**2 / 2 + (after * running if running else 0.0)

        return (integral(end) - integral(begin)) / (end - begin) / 365.25

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return f"{labels([self.platform])} follows a trend of its own{{}}", ""
