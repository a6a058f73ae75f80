"""The base of every policy: what a kind of policy can say about itself.

A policy is in force from `start` (its first day) until `stop` (the first day after it; null: to
the end of the run). Policies are composed by name, so that a command line can change or
delete one: ``policies.call_restriction.grade=0.5``, ``~policies.call_restriction``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sim.policies.context import RunContext
from sim.policies.window import Span, Window

Labels = Callable[[Iterable[str]], str]  # of platforms, for print
CHANNELS = ("message", "call")
ALL = ("all",)  # of the regions


class Failure(NamedTuple):
    """Attempts that fail by place, channel and messenger; of several the strongest counts."""

    window: Window
    grade: float  # share of attempts that fail [1]
    ramp_days: float  # until the grade is reached [days]
    regions: tuple[str, ...]  # or ALL
    channels: tuple[str, ...]
    platforms: tuple[str, ...]

    def at(self, day: float, span: Span) -> float:
        """Return the grade on a day of a span, if in force."""
        return self.grade * self.window.ramp_at(day, span[2], self.ramp_days)


class Order(NamedTuple):
    """A segment, or its chats, have to go to a messenger."""

    platform: str
    segment: str
    rate: float  # hazard of those reached [1/day]
    ceiling: float  # share that is reached in the end [1]
    ramp_days: float  # of the roll-out [days]
    binding: bool = True  # no: an invitation, those who come decide for themselves


class News(NamedTuple):
    """A story about a messenger, heard once by each user."""

    platform: str
    shock: tuple[float, float, float]  # log-likelihood ratios by type -1, 0, +1 [log-odds]
    awareness_rate: float  # hazard of hearing it from media [1/day]
    contact_rate: float  # hazard of hearing it from a contact who has [1/day]
    audience: tuple[str, ...]  # media reach users of these platforms; none: everybody
    lasting: bool  # a fact, which forgetting does not undo


@dataclass(frozen=True)
class Step:
    """A step of a run, and what policies do to all users alike in it."""

    config: RunContext
    span: Span
    effects: Any  # record EFFECTS of sim/rules/records.py, to be added to

    def days(self, policy: Window) -> float:
        """Return on how many days of the step a policy is in force."""
        return policy.days_in(*self.span)

    def share(self, policy: Window) -> float:
        """Return in which share of the step a policy is in force."""
        share: float = self.days(policy) / self.effects.days
        return share

    def column(self, platform: str) -> int:
        """Return the column of a messenger or cellular (the last) in arrays of platforms."""
        messengers = self.config.messengers
        return messengers.index(platform) if platform in messengers else -1


class Policy(Window):
    """What a kind of policy says about itself; what it leaves out, it does not do.

    A kind is a subclass with ``kind: Literal["NAME"] = "NAME"``, a field for each parameter, and
    those of the methods below that say what it does; `register_policy` makes it known.
    """

    kind: str
    lasts: ClassVar[bool] = False  # acts after its last day as well
    may_stand: ClassVar[bool] = False  # people can be at rest under it

    # what it does

    def act(self, step: Step) -> None:
        """Add to ``step.effects`` what it does to all users alike in a step.

        Weight a level by ``step.share(self)``; multiply a hazard by ``step.days(self)``.
        """

    def restricts(self) -> Failure | None:
        """Return the attempts that it makes fail and that a VPN or proxy brings back."""

    def shuts(self, config: RunContext) -> Failure | None:
        """Return the attempts that it makes fail and that nothing brings back."""

    def lifts(self) -> tuple[str, float] | None:
        """Return a messenger, and which share of the restrictions of it falls."""

    def proxies(self) -> tuple[str, float] | None:
        """Return a messenger, and what proxies built into it lift of a restriction."""

    def vpn_rates(self) -> tuple[float, float] | None:
        """Return erosion and additional repair of the efficacy of VPNs [1/day]."""

    def mandates(self) -> Order | None:
        """Return what it demands of the members of a segment."""

    def moves(self) -> Order | None:
        """Return what it demands of the chats of a segment."""

    def news(self) -> News | None:
        """Return the story that it spreads."""

    def waits_for(self) -> tuple[str, float] | None:
        """Return a messenger, and the share of its daily users it has to lose first."""

    # what it names, and what cannot be

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return ()

    def may_name(self, config: RunContext) -> tuple[str, ...]:
        """Return the platforms that it may name: the messengers, for few kinds cellular."""
        return config.messengers

    def problems(self, config: RunContext) -> Iterator[str]:  # noqa: ARG002
        """Yield what the case does not have, each line from its key on: ``.segment=...``."""
        yield from ()

    def idle(self, config: RunContext) -> Iterator[str]:  # noqa: ARG002
        """Yield why it would do nothing, each line from its key on."""
        yield from ()

    def hinders(self, platform: str) -> str | None:
        """Return how it keeps people from using a messenger that others push, or None."""

    def contradicts(self, other: Policy) -> str | None:
        """Return why `other` cannot be in force at the same time, or None."""

    # words and controls

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there.

        Policies in force with the same sentence share it: "{} fail", "80% of calls on WhatsApp".
        """
        return "{}", self.kind.replace("_", " ")

    def relieved(self, left: Mapping[str, float]) -> Iterator[Policy]:  # noqa: ARG002
        """Yield it as it is in force where restrictions fall to the share `left` by messenger."""
        yield self

    def promotion_rates(self) -> tuple[str, ...]:
        """Return its fields that say how fast it promotes a messenger; none: it does not."""
        return ()


def plain(name: str) -> str:
    """Return a name of the configuration as words."""
    return name.replace("_", " ")
