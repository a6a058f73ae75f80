"""Circumvention: what a state and others do about VPNs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sim.base.strict import Share
from sim.policies.policy import Labels, Policy, Step
from sim.policies.window import Rate, Span


class VpnBlocking(Policy):
    """VPN services and protocols are blocked: the efficacy of VPNs erodes and is repaired."""

    kind: Literal["vpn_blocking"] = "vpn_blocking"
    rate: Rate  # erosion of efficacy [1/day]

    def vpn_rates(self) -> tuple[float, float]:
        """Return erosion and additional repair of the efficacy of VPNs [1/day]."""
        return self.rate, 0.0

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{}", "VPNs are blocked"


class VpnFine(Policy):
    """Fines, checks, charges and sites that refuse VPNs: a VPN costs more."""

    kind: Literal["vpn_fine"] = "vpn_fine"
    cost: Annotated[float, Field(ge=0, le=10)]  # added to the cost of a VPN [utils]
    may_stand: ClassVar[bool] = True

    def act(self, step: Step) -> None:
        """Add to the cost of a VPN."""
        step.effects.vpn_cost += self.cost * step.share(self)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{}", "VPNs cost more"


class Proxies(Policy):
    """A messenger has proxies built in for a while: each of its users gets around a part."""

    kind: Literal["proxies"] = "proxies"
    platform: str  # messenger
    circumvention: Share  # share of a restriction that they lift, if it has no better ones [1]

    def proxies(self) -> tuple[str, float]:
        """Return its messenger, and what the proxies built into it lift of a restriction."""
        return self.platform, self.circumvention

    def named(self) -> tuple[str, ...]:
        """Return the platforms that it names."""
        return (self.platform,)

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "proxies are built into {}", labels([self.platform])


class VpnSupport(Policy):
    """Help with circumvention: easier set-up, and blocked servers replaced faster."""

    kind: Literal["vpn_support"] = "vpn_support"
    help: Annotated[float, Field(ge=0, le=10)]  # subtracted from the cost of a VPN [utils]
    repair_rate: Rate = 0.0  # on top of ``behaviour.vpn_repair`` [1/day]
    may_stand: ClassVar[bool] = True

    def act(self, step: Step) -> None:
        """Subtract from the cost of a VPN."""
        step.effects.vpn_cost -= self.help * step.share(self)

    def vpn_rates(self) -> tuple[float, float]:
        """Return erosion and additional repair of the efficacy of VPNs [1/day]."""
        return 0.0, self.repair_rate

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{}", "VPNs are easier to get and repaired faster"
