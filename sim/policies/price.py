"""Prices: a tax or a tariff on messages, calls or days of use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from sim.base.errors import allowed
from sim.policies.context import RunContext
from sim.policies.policy import CHANNELS, Labels, Policy, Step
from sim.policies.window import Names, Span

_WHAT = {
    "message": "messages on {}",
    "call": "calls on {}",
    "use": "messages and calls on {}",
    "day": "every day of use of {}",
}


class Price(Policy):
    """Use costs more, or less: a tax on apps, on data, on SMS or on calls by phone."""

    kind: Literal["price"] = "price"
    platforms: Names  # messengers or cellular
    per: Literal["message", "call", "use", "day"]  # use: each message and each call
    cost: float = Field(ge=-10, le=10)  # subtracted from their utility [utils]
    may_stand: ClassVar[bool] = True

    def act(self, step: Step) -> None:
        """Subtract from the value of a channel, or from the stand-alone value."""
        cost = self.cost * step.share(self)
        for p in map(step.column, self.platforms):
            if self.per == "day":
                step.effects.daily_price[p] += cost
            else:
                step.effects.price[[self.per in (c, "use") for c in CHANNELS], p] += cost

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return self.platforms

    def may_name(self, config: RunContext) -> tuple[str, ...]:
        """Return all platforms; the phone itself has no days of use."""
        return config.messengers if self.per == "day" else config.carriers

    def idle(self, config: RunContext) -> Iterator[str]:
        """Yield a channel that none of its platforms carries."""
        carried = {c for one in self.platforms for c in config.platforms[one].channels}
        if self.per in CHANNELS and self.per not in carried:
            yield (
                f".per={self.per}: {', '.join(self.platforms)} carries none, so nothing would "
                f"cost more; {allowed((*sorted(carried), 'use', 'day'))}"
            )

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        what = _WHAT[self.per].format(labels(self.platforms))
        return f"{{}} cost{'s' if self.per == 'day' else ''} {_more(self.cost)}", what


def _more(cost: float) -> str:
    return "more" if cost > 0 else "less"
