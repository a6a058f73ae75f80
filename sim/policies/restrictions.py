"""Restrictions: calls, messages, the mobile internet or registrations fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from sim.base.strict import Share
from sim.policies.context import RunContext
from sim.policies.policy import ALL, CHANNELS, Failure, Labels, Policy, Step, plain
from sim.policies.window import Days, Names, Span

_CHANNEL = {"call": "calls", "message": "messages", "any": "messages and calls"}


class Restriction(Policy):
    """A channel of some platforms fails; of several restrictions the strongest counts."""

    kind: Literal["restriction"] = "restriction"
    platforms: Names  # messengers
    channel: Literal["message", "call", "any"]  # any: both
    grade: Share  # share of attempts that fail [1]
    ramp_days: Days = 0.0  # until the grade is reached [days]
    regions: Names = ALL  # of population.regions, or all
    circumventable: bool = True  # no: an outage, or a ban by the platform itself
    may_stand: ClassVar[bool] = True

    def restricts(self) -> Failure | None:
        """Return the attempts that fail, if a VPN or proxy brings them back."""
        return self._failure() if self.circumventable else None

    def shuts(self, config: RunContext) -> Failure | None:  # noqa: ARG002
        """Return the attempts that fail, if nothing brings them back."""
        return None if self.circumventable else self._failure()

    def _failure(self) -> Failure:
        channels = CHANNELS if self.channel == "any" else (self.channel,)
        return Failure(
            self, self.grade, self.ramp_days, self.regions, channels, self.platforms
        )  # fmt: skip

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return self.platforms

    def problems(self, config: RunContext) -> Iterator[str]:
        """Yield unknown regions."""
        return _unknown(self.regions, config)

    def idle(self, config: RunContext) -> Iterator[str]:
        """Yield a channel that none of its platforms carries."""
        carried = {c for one in self.platforms for c in config.platforms[one].channels}
        if self.channel != "any" and self.channel not in carried:
            yield (
                f".channel={self.channel}: {', '.join(self.platforms)} "
                f"carries none, so nothing would fail; allowed: {', '.join(sorted(carried))}"
            )

    def hinders(self, platform: str) -> str | None:
        """Return how it keeps people from using a messenger that others push, or None."""
        hits_messages = self.channel != "call" and self.regions == ALL
        if platform in self.platforms and hits_messages:
            return f"one makes people use {platform}, the other makes its messages fail"
        return None

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        what = f"{_CHANNEL[self.channel]} on {labels(self.platforms)}"
        grade = self.grade * self.progress(*span, self.ramp_days)
        way = "" if self.circumventable else ", with a VPN as well"
        return "{} fail", f"{grade:.0%} of {what}{_where(self.regions)}{way}"

    def relieved(self, left: Mapping[str, float]) -> Iterator[Restriction]:
        """Yield it by messengers of which the same share is left."""
        shares = {name: left.get(name, 1.0) for name in self.platforms if self.circumventable}
        if not self.circumventable:
            yield self
        for share in dict.fromkeys(shares.values()):
            alike = tuple(name for name in shares if shares[name] == share)
            if share > 0.0:
                yield self.model_copy(update={"platforms": alike, "grade": self.grade * share})


class Shutdown(Policy):
    """The mobile internet is off except for a whitelist; neither VPN nor proxy helps."""

    kind: Literal["shutdown"] = "shutdown"
    whitelist: tuple[str, ...]  # platforms that keep working
    grade: Share  # share of communication by app that it affects [1]
    ramp_days: Days = 0.0  # until the grade is reached [days]
    regions: Names = ALL  # of population.regions, or all
    may_stand: ClassVar[bool] = True

    def shuts(self, config: RunContext) -> Failure | None:
        """Return the attempts that fail: on all messengers that are not on its whitelist."""
        off = tuple(name for name in config.messengers if name not in self.whitelist)
        return Failure(self, self.grade, self.ramp_days, self.regions, CHANNELS, off)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return self.whitelist

    def may_name(self, config: RunContext) -> tuple[str, ...]:
        """Return all platforms."""
        return tuple(config.platforms)

    def problems(self, config: RunContext) -> Iterator[str]:
        """Yield unknown regions."""
        return _unknown(self.regions, config)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        spared = f", but for {labels(self.whitelist)}" if self.whitelist else ""
        grade = self.grade * self.progress(*span, self.ramp_days)
        stopped = f"{grade:.1%} of communication by app{_where(self.regions)}{spared}"
        return "shutdowns of the mobile internet stop {}", stopped


class RegistrationGate(Policy):
    """Registrations fail; returning to an existing account does not."""

    kind: Literal["registration_gate"] = "registration_gate"
    platforms: Names  # messengers
    grade: Share  # share of registrations that fail [1]

    def act(self, step: Step) -> None:
        """Let registrations fail."""
        for name in self.platforms:
            step.effects.passing[step.column(name)] *= 1.0 - self.grade * step.share(self)

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return self.platforms

    def hinders(self, platform: str) -> str | None:
        """Return how it keeps people from using a messenger that others push, or None."""
        if platform in self.platforms:
            return f"one makes people join {platform}, the other keeps them from joining"
        return None

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{} fail", f"{self.grade:.0%} of new accounts on {labels(self.platforms)}"


def _unknown(regions: tuple[str, ...], config: RunContext) -> Iterator[str]:
    for region in regions if regions != ALL else ():
        if region not in config.population.regions:
            yield (
                f".regions: {region!r} is unknown; "
                f"allowed: all, or some of {', '.join(config.population.regions)}"
            )


def _where(regions: tuple[str, ...]) -> str:
    return "" if regions == ALL else f" in {', '.join(map(plain, regions))}"
